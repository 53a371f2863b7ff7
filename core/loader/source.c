/* source.c - one split of one or more image kinds: scanned once, sorted by id, with a hash of its contents. */
#include <stdlib.h>
#include <string.h>
#include "base/params.h"
#include "image/degrade.h"
#include "image/image_file.h"
#include "image/picture_kind.h"
#include "loader/share.h"
#include "loader/source.h"
#include "loader/source_parts.h"

void il_sample_drop(struct sample *s)
{
    free((char *)s->item.id);
    free(s->photo);
}

void il_source_free(il_source *src)
{
    if (!src)
        return;
    if (src->plain) {
        free(src);
        return;
    }
    for (size_t i = 0; i < src->count; i++)
        il_sample_drop(&src->samples[i]);
    for (size_t i = 0; i < src->nparts; i++) {
        if (src->parts[i].open && src->dataset->plugin->close)
            src->dataset->plugin->close(src->parts[i].self);
        il_items_free(src->parts[i].items);
        free(src->parts[i].images);
    }
    free(src->samples);
    free(src->parts);
    il_uses_clear(&src->uses);
    free(src);
}

/* ---- parts ---- */

/* "realfake+original:nothing" -> two parts. */
static int split_kinds(il_source *src, const char *images, il_err *e)
{
    il_mixture m = { 0 };
    int rc = il_mixture_read(&m, images, e);
    if (rc)
        return rc;
    src->parts = calloc(m.count, sizeof *src->parts);
    for (size_t i = 0; src->parts && i < m.count; i++) {
        char *kind = m.list[i].images;
        src->parts[src->nparts++] = (struct part){ .images = kind,
                                                   .sharp = il_picture_kind_sharp(
                                                       il_picture_kind_find(kind, strlen(kind))),
                                                   .truth = m.list[i].truth,
                                                   .share = m.list[i].share };
        m.list[i].images = NULL; /* now the part's */
    }
    il_mixture_free(&m);
    return src->parts ? IL_OK : il_fail_oom(e);
}

static int scan(struct part *p, const il_choice *dataset, const char *split, il_uses *uses, il_err *e)
{
    const il_plugin *plugin = dataset->plugin;
    int rc = plugin->open ? plugin->open(&p->self, dataset->params, e) : IL_OK;
    p->open = !rc;
    if (!rc)
        rc = il_items_new(&p->items, e);
    if (!rc)
        rc = plugin->dataset->scan(p->self, (il_scan){ .split = split, .images = p->images }, p->items, e);
    if (!rc && plugin->uses)
        rc = plugin->uses(p->self, uses, e);
    return rc ? rc : il_items_sort(p->items, e);
}

/* ---- samples ---- */

static int by_id(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return strcmp(x->item.id, y->item.id);
}

/* With several kinds, the id includes the kind. */
static int add_samples(il_source *src, const struct part *p, const bool *chosen, il_err *e)
{
    for (size_t i = 0; i < p->items->count; i++) {
        const il_item *listed = &p->items->list[i];
        const char *mask = p->truth == IL_TRUTH_MASK ? listed->mask : NULL;
        il_text id = { 0 };
        if (!chosen[i])
            continue;
        il_text_add(&id, "%s%s%s", listed->id, src->nparts > 1 ? "." : "", src->nparts > 1 ? p->images : "");
        if (id.failed) {
            il_text_free(&id);
            return il_fail_oom(e);
        }
        src->samples[src->count++] = (struct sample){ .item = { id.data, listed->image, mask },
                                                      .listed = listed,
                                                      .part = p };
    }
    return IL_OK;
}

static int merge(il_source *src, il_err *e)
{
    size_t all = 0;
    int rc = IL_OK;
    for (size_t i = 0; i < src->nparts; i++)
        all += src->parts[i].items->count;
    src->samples = malloc((all ? all : 1) * sizeof *src->samples);
    if (!src->samples)
        return il_fail_oom(e);
    for (size_t i = 0; i < src->nparts && !rc; i++) {
        bool *chosen = NULL;
        rc = il_share_choose(&chosen, src->parts[i].items, src->parts[i].share, e);
        if (!rc)
            rc = add_samples(src, &src->parts[i], chosen, e);
        free(chosen);
    }
    if (!rc && src->nparts > 1)
        qsort(src->samples, src->count, sizeof *src->samples, by_id);
    return rc;
}

static int check_left(const il_source *src, const char *split, const char *images, il_err *e)
{
    size_t gone = il_source_left_out_count(src);
    il_source_left_out first = gone ? il_source_left_out_at(src, 0) : (il_source_left_out){ 0 };
    if (gone && src->missing == IL_MISSING_REFUSE)
        return il_fail(e, IL_EDATA, "%s: %s: %zu of %zu samples (%s of %s) cannot be used", first.id, first.why, gone,
                       gone + src->count, images, split);
    if (src->count == 0 && gone)
        return il_fail(e, IL_EDATA, "%s: %s: all %zu samples (%s of %s) cannot be used", first.id, first.why, gone,
                       images, split);
    for (size_t i = 0; i < src->nparts; i++)
        if (src->parts[i].items->count == 0)
            return il_fail(e, IL_EDATA, "no samples of %s in %s", src->parts[i].images, split);
    return IL_OK;
}

int il_source_open(il_source **out, const il_choice *dataset, const char *split, const char *images, il_missing missing,
                   il_err *e)
{
    il_source *src = calloc(1, sizeof *src);
    if (!src)
        return il_fail_oom(e);
    src->dataset = dataset;
    src->missing = missing;
    if (dataset->params && il_params_find(il_params_specs(dataset->params), IL_MASK_CHANNEL))
        src->channel = il_mask_channel_of(il_params_text(dataset->params, IL_MASK_CHANNEL));
    int rc = split_kinds(src, images, e);
    for (size_t i = 0; i < src->nparts && !rc; i++)
        rc = scan(&src->parts[i], dataset, split, &src->uses, e);
    if (!rc)
        rc = merge(src, e);
    if (!rc)
        rc = check_left(src, split, images, e);
    if (rc) {
        il_source_free(src);
        if (rc != IL_ENOMEM && dataset->label)
            il_fail_in(e, "data set '%s'", dataset->label);
        return rc;
    }
    *out = src;
    return IL_OK;
}

int il_source_degrade(il_source **out, il_source *plain, il_degradation d, il_err *e)
{
    il_source *src = malloc(sizeof *src);
    if (!src)
        return il_fail_oom(e);
    *src = *plain;
    src->plain = plain;
    src->degradation = d;
    src->hashed = false;
    *out = src;
    return IL_OK;
}

size_t il_source_count(const il_source *src)
{
    return src->count;
}

il_item il_source_at(const il_source *src, size_t i)
{
    return src->samples[i].item;
}

const char *il_source_name(const il_source *src, size_t i)
{
    return src->samples[i].listed->id;
}

size_t il_source_left_out_count(const il_source *src)
{
    size_t count = 0;
    for (size_t i = 0; i < src->nparts; i++)
        count += src->parts[i].items->rejected_count;
    return count;
}

il_source_left_out il_source_left_out_at(const il_source *src, size_t i)
{
    const struct part *p = src->parts;
    for (; i >= p->items->rejected_count; p++)
        i -= p->items->rejected_count;
    return (il_source_left_out){ .id = p->items->rejected[i].id, .why = p->items->rejected[i].why };
}

/* What of the picture counts as inpainted, in the place of its mask. */
static int set_truth(il_image *mask, const struct part *p, const il_image *picture, il_err *e)
{
    if (p->truth == IL_TRUTH_MASK) {
        if (mask->pixels && p->sharp)
            il_mask_sharpen(mask);
        return IL_OK;
    }
    il_image_free(mask);
    int rc = p->truth == IL_TRUTH_EVERYTHING ? il_image_new(mask, picture->width, picture->height, 1, e) : IL_OK;
    if (!rc && mask->pixels)
        memset(mask->pixels, 255, (size_t)mask->width * (size_t)mask->height);
    return rc;
}

int il_source_read(const il_source *src, size_t i, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    const struct sample *sample = &src->samples[i];
    il_item item = *sample->listed;
    il_image picture = { 0 }, grey = { 0 };
    int rc;
    if (src->dataset->plugin->dataset->read) {
        rc = src->dataset->plugin->dataset->read(sample->part->self, item, seed, &picture, &grey, e);
    } else {
        rc = il_image_read(&picture, item.image, e);
        if (!rc && sample->item.mask)
            rc = il_mask_read(&grey, NULL, item.mask, src->channel, e);
    }
    if (!rc && grey.pixels)
        rc = il_image_file_check_mask(&picture, item.image, &grey, item.mask ? item.mask : item.id, e);
    if (!rc)
        rc = set_truth(&grey, sample->part, &picture, e);
    if (!rc && src->degradation.kind != IL_DEGRADE_NONE)
        rc = il_degrade_apply(&picture, &grey, &src->degradation, item.id, e);
    if (rc) {
        il_image_free(&picture);
        il_image_free(&grey);
        return rc;
    }
    *image = picture;
    *mask = grey;
    return IL_OK;
}

bool il_source_is_files(const il_source *src)
{
    return !src->dataset->plugin->dataset->read;
}

bool il_source_varies(const il_source *src)
{
    return src->dataset->plugin->dataset->read && src->dataset->plugin->dataset->varies;
}

int il_source_load(il_source *src, il_device device, il_err *e)
{
    if (src->plain)
        return il_source_load(src->plain, device, e);
    if (src->loaded || !src->dataset->plugin->load)
        return IL_OK;
    int rc = IL_OK;
    for (size_t i = 0; i < src->nparts && !rc; i++)
        rc = src->dataset->plugin->load(src->parts[i].self, device, e);
    if (rc)
        return il_fail_in(e, "data set '%s'", src->dataset->label ? src->dataset->label : src->dataset->plugin->name);
    src->loaded = true;
    return IL_OK;
}
