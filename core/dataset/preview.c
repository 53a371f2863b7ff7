/* preview.c - chooses samples and makes their thumbnails. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <inpaintlab/random.h>
#include "dataset/preview.h"
#include "image/mask_file.h"

enum { MOST_MASKS = 1000 /* read for the histogram when there is no manifest */ };

static void preview_free(il_preview *p)
{
    free(p->chosen);
    il_manifest_free(&p->manifest);
    il_listing_free(&p->listing);
}

/* ---- choice ---- */

struct ticket {
    uint64_t number;
    size_t index;
};

static int by_number(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* Some samples of a split (NULL: of all), drawn at random by name, in order. masked: only those with a mask. */
static int draw(size_t **out, size_t *count, const il_preview *p, const char *split, bool masked, size_t most,
                il_err *e)
{
    size_t n = 0;
    struct ticket *tickets = malloc((p->listing.count + 1) * sizeof *tickets);
    size_t *drawn = malloc((p->listing.count + 1) * sizeof *drawn);
    int rc = tickets && drawn ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < p->listing.count && !rc; i++) {
        const il_listed *s = &p->listing.list[i];
        if ((split && strcmp(il_listing_groups[s->split], split) != 0) || (masked && !s->path[IL_MASK]))
            continue;
        uint64_t seed = il_random_seed(p->opts.seed, il_listing_groups[s->split]);
        tickets[n++] = (struct ticket){ il_random_seed(seed, s->id), i };
    }
    if (n) {
        qsort(tickets, n, sizeof *tickets, by_number);
        n = n < most ? n : most;
        qsort(tickets, n, sizeof *tickets, by_index);
    }
    for (size_t i = 0; i < n; i++)
        drawn[i] = tickets[i].index;
    free(tickets);
    if (rc) {
        free(drawn);
        return rc;
    }
    *out = drawn;
    *count = n;
    return IL_OK;
}

static int choose(il_preview *p, il_err *e)
{
    int rc = draw(&p->chosen, &p->chosen_count, p, p->opts.split, false, p->opts.count, e);
    if (!rc && !p->chosen_count)
        rc = il_fail(e, IL_EDATA, "%s: contains no samples%s%s", p->opts.path, p->opts.split ? " of the split " : "",
                     p->opts.split ? p->opts.split : "");
    return rc;
}

/* ---- mask areas ---- */

/* Shares of pixels above 0 and at 255. */
static void measure(double *area, double *core, const il_image *mask)
{
    size_t n = (size_t)mask->width * (size_t)mask->height, touched = 0, full = 0;
    for (size_t i = 0; i < n; i++) {
        touched += mask->pixels[i * (size_t)mask->channels] > 0;
        full += mask->pixels[i * (size_t)mask->channels] == 255;
    }
    *area = (double)touched / (double)n;
    *core = (double)full / (double)n;
}

static void count_area(il_preview *p, double area)
{
    int bin = (int)(area * IL_PREVIEW_BINS);
    p->bins[bin < IL_PREVIEW_BINS ? bin : IL_PREVIEW_BINS - 1]++;
    p->areas++;
}

static int count_areas(il_preview *p, il_err *e)
{
    size_t *drawn = NULL, count = 0;
    p->from_manifest = p->has_manifest;
    for (size_t i = 0; i < p->manifest.count; i++)
        count_area(p, p->manifest.list[i].area);
    int rc = p->has_manifest ? IL_OK : draw(&drawn, &count, p, NULL, true, MOST_MASKS, e);
    for (size_t i = 0; i < count; i++) {
        il_image mask = { 0 };
        double area, core;
        if (il_mask_read(&mask, NULL, p->listing.list[drawn[i]].path[IL_MASK], IL_MASK_AUTO, NULL))
            continue; /* its own sample shows why, if it is on the page */
        measure(&area, &core, &mask);
        count_area(p, area);
        il_image_free(&mask);
    }
    free(drawn);
    return rc;
}

/* A manifest that cannot be read is an error: the page would claim that there is none. */
static int read_manifest(il_preview *p, il_err *e)
{
    il_text path = { 0 };
    struct stat st;
    if (p->listing.layout != IL_LAYOUT_SPLITS)
        return IL_OK;
    il_text_add(&path, "%s/manifest.jsonl", p->listing.root);
    if (path.failed)
        return il_fail_oom(e);
    p->has_manifest = stat(path.data, &st) == 0;
    int rc = p->has_manifest ? il_manifest_of(&p->manifest, p->listing.root, e) : IL_OK;
    il_manifest_sort(&p->manifest);
    il_text_free(&path);
    return rc;
}

/* ---- pictures ---- */

static const char *const shows[IL_PICTURE_KINDS] = {
    "the original image",
    "the mask, white where the image was changed",
    "the pipeline's full output",
    "the original with the inpainted region pasted in",
    "the original with the autoencoder's reconstruction pasted in",
    "the autoencoder's reconstruction of the whole image",
    "the pipeline's full output with nothing to paint",
    "the pipeline's full output where the mask is 255, the original elsewhere",
};

/* Like Pillow's thumbnail: never larger, the longer side at most IL_PREVIEW_SIDE. Replaces *image. */
static int shrink(il_image *image, il_err *e)
{
    int most = image->width > image->height ? image->width : image->height;
    il_image small = { 0 };
    if (most <= IL_PREVIEW_SIDE)
        return IL_OK;
    int width = (int)((int64_t)image->width * IL_PREVIEW_SIDE / most);
    int height = (int)((int64_t)image->height * IL_PREVIEW_SIDE / most);
    int rc = il_image_resize(&small, image, width > 0 ? width : 1, height > 0 ? height : 1, e);
    if (rc)
        return rc;
    il_image_free(image);
    *image = small;
    return IL_OK;
}

static bool is_edge(const il_image *mask, int x, int y)
{
    const uint8_t *p = mask->pixels + ((size_t)y * (size_t)mask->width + (size_t)x) * (size_t)mask->channels;
    size_t row = (size_t)mask->width * (size_t)mask->channels;
    if (*p < 128)
        return false;
    return x == 0 || y == 0 || x + 1 == mask->width || y + 1 == mask->height || p[-mask->channels] < 128 ||
           p[mask->channels] < 128 || *(p - row) < 128 || p[row] < 128;
}

/* The mask as a tint over the image, with a line at its middle level. */
static int overlay(il_image *out, const il_image *picture, const il_image *mask, il_err *e)
{
    static const int tint[3] = { 255, 0, 170 };
    il_image rgb = { 0 };
    int rc = il_image_to_rgb(&rgb, picture, e);
    if (rc)
        return rc;
    for (int y = 0; y < rgb.height; y++)
        for (int x = 0; x < rgb.width; x++) {
            size_t i = (size_t)y * (size_t)rgb.width + (size_t)x;
            int grey = mask->pixels[i * (size_t)mask->channels], weight = is_edge(mask, x, y) ? 255 : grey * 2 / 5;
            for (size_t c = 0; c < 3; c++)
                rgb.pixels[i * 3 + c] = (uint8_t)((rgb.pixels[i * 3 + c] * (255 - weight) + tint[c] * weight) / 255);
        }
    *out = rgb;
    return IL_OK;
}

enum { MOST_PICTURES = IL_PICTURE_KINDS + 1 };

struct show {
    il_preview_picture pictures[MOST_PICTURES];
    size_t count;
    int mask, base; /* places in pictures; -1: none */
};

/* Fails only when out of memory. */
static int add_picture(struct show *s, const il_preview *preview, int kind, const char *path, il_preview_facts *facts,
                       il_err *e)
{
    il_preview_picture *p = &s->pictures[s->count];
    il_err why = { 0 };
    *p = (il_preview_picture){ .label = il_preview_label(preview, kind), .what = shows[kind] };
    int rc = kind == IL_MASK ? il_mask_read(&p->image, NULL, path, IL_MASK_AUTO, &why)
                             : il_image_read(&p->image, path, &why);
    if (rc == IL_ENOMEM)
        return il_fail(e, rc, "%s", why.message);
    if (!rc && kind == IL_MASK)
        measure(&facts->area, &facts->core, &p->image);
    if (rc)
        p->why = il_text_copy(why.message);
    else if (kind == IL_MASK)
        s->mask = (int)s->count;
    else if (s->base < 0 || kind == IL_REALFAKE)
        s->base = (int)s->count;
    s->count++;
    return rc && !p->why ? il_fail_oom(e) : rc ? IL_OK : shrink(&p->image, e);
}

/* Over the realfake image, or the first one available. */
static int add_overlay(struct show *s, il_err *e)
{
    if (s->mask < 0 || s->base < 0)
        return IL_OK;
    const il_image *base = &s->pictures[s->base].image, *mask = &s->pictures[s->mask].image;
    if (base->width != mask->width || base->height != mask->height)
        return IL_OK;
    il_preview_picture *p = &s->pictures[s->count];
    *p = (il_preview_picture){ .label = "overlay", .what = "the mask as a tint over an image" };
    s->count++;
    return overlay(&p->image, base, mask, e);
}

static int show_sample(il_text *t, const il_preview *p, size_t i, il_err *e)
{
    const il_listed *listed = &p->listing.list[i];
    const char *split = il_listing_groups[listed->split];
    struct show s = { .mask = -1, .base = -1 };
    il_preview_facts facts = { .id = listed->id, .split = split, .area = -1 };
    facts.line = il_manifest_find(&p->manifest, split, listed->id);
    if (p->listing.layout != IL_LAYOUT_SPLITS)
        facts.split = "";
    int rc = IL_OK;
    for (int k = 0; k < IL_PICTURE_KINDS && !rc; k++)
        if (listed->path[k])
            rc = add_picture(&s, p, k, listed->path[k], &facts, e);
    if (!rc)
        rc = add_overlay(&s, e);
    if (!rc)
        rc = il_preview_sample(t, &facts, s.pictures, s.count, e);
    for (size_t k = 0; k < s.count; k++) {
        il_image_free(&s.pictures[k].image);
        free(s.pictures[k].why);
    }
    return rc;
}

static void count_files(il_preview *p)
{
    for (size_t i = 0; i < p->listing.count; i++) {
        const il_listed *s = &p->listing.list[i];
        p->samples[s->split]++;
        for (int k = 0; k < IL_PICTURE_KINDS; k++)
            p->files[s->split][k] += s->path[k] != NULL;
    }
}

int il_preview_page(char **html, size_t *size, il_preview_opts o, il_err *e)
{
    il_preview p = { .opts = o };
    il_text t = { 0 };
    int rc = il_listing_open(&p.listing, o.path, e);
    if (!rc)
        rc = read_manifest(&p, e);
    if (!rc)
        rc = choose(&p, e);
    if (!rc)
        rc = count_areas(&p, e);
    if (!rc) {
        count_files(&p);
        il_preview_begin(&t, &p);
    }
    for (size_t i = 0; i < p.chosen_count && !rc; i++)
        rc = show_sample(&t, &p, p.chosen[i], e);
    if (!rc)
        il_preview_end(&t, &p);
    if (!rc && t.failed)
        rc = il_fail_oom(e);
    preview_free(&p);
    if (rc) {
        il_text_free(&t);
        return rc;
    }
    *html = t.data;
    *size = t.size;
    return IL_OK;
}
