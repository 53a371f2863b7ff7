/* source_twins.c - pictures of one id in several kinds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "loader/source.h"
#include "loader/source_parts.h"

size_t il_source_kinds(const il_source *src)
{
    return src->nparts;
}

static int by_listed_id(const void *a, const void *b)
{
    const struct sample *x = *(const struct sample *const *)a, *y = *(const struct sample *const *)b;
    int order = strcmp(x->listed->id, y->listed->id);
    return order ? order : (x->part > y->part) - (x->part < y->part);
}

int il_source_numbers(uint32_t **out, const il_source *src, il_err *e)
{
    const struct sample **sorted = calloc(src->count + 1, sizeof(struct sample *));
    uint32_t *numbers = calloc(src->count + 1, sizeof *numbers), number = 0;
    for (size_t i = 0; sorted && numbers && i < src->count; i++)
        sorted[i] = &src->samples[i];
    if (sorted && numbers && src->count)
        qsort(sorted, src->count, sizeof(struct sample *), by_listed_id);
    for (size_t i = 0; sorted && numbers && i < src->count; i++) {
        number += i && strcmp(sorted[i]->listed->id, sorted[i - 1]->listed->id) != 0;
        numbers[sorted[i] - src->samples] = number;
    }
    bool good = sorted && numbers;
    free(sorted);
    if (!good) {
        free(numbers);
        return il_fail_oom(e);
    }
    *out = numbers;
    return IL_OK;
}

/* ---- whole groups ---- */

/* A kind that the id has no picture of. */
static const struct part *lacking(const il_source *src, const uint32_t *numbers, uint32_t number)
{
    for (size_t p = 0; p < src->nparts; p++) {
        bool there = false;
        for (size_t i = 0; i < src->count && !there; i++)
            there = numbers[i] == number && src->samples[i].part == &src->parts[p];
        if (!there)
            return &src->parts[p];
    }
    return NULL;
}

/* Tells of a picture without a twin: fails, or counts it as left out. */
static int refuse(il_source *src, const uint32_t *numbers, size_t i, il_err *e)
{
    const struct sample *s = &src->samples[i];
    const struct part *gone = lacking(src, numbers, numbers[i]);
    char why[200];
    snprintf(why, sizeof why, "no %.100s image to go with it in a pair", gone ? gone->images : "other");
    if (src->missing == IL_MISSING_REFUSE)
        return il_fail(e, IL_EDATA, "%s: %s; train.pairs needs every kind of train.on of each id", s->item.id, why);
    return il_items_reject(s->part->items, s->item.id, why, e);
}

static int keep_whole(il_source *src, const uint32_t *numbers, const size_t *pictures, il_err *e)
{
    size_t all = src->count, kept = 0;
    int rc = IL_OK;
    for (size_t i = 0; i < all && !rc; i++)
        if (pictures[numbers[i]] != src->nparts)
            rc = refuse(src, numbers, i, e);
    for (size_t i = 0; i < all && !rc; i++)
        if (pictures[numbers[i]] == src->nparts)
            src->samples[kept++] = src->samples[i];
        else
            il_sample_drop(&src->samples[i]);
    if (rc)
        return rc;
    src->count = kept;
    return kept ? IL_OK : il_fail(e, IL_EDATA, "train.pairs: no id has an image of every kind of train.on");
}

int il_source_pair(il_source *src, il_err *e)
{
    uint32_t *numbers = NULL;
    size_t *pictures = calloc(src->count + 1, sizeof *pictures);
    int rc = pictures ? il_source_numbers(&numbers, src, e) : il_fail_oom(e);
    for (size_t i = 0; !rc && i < src->count; i++)
        pictures[numbers[i]]++;
    if (!rc)
        rc = keep_whole(src, numbers, pictures, e);
    free(pictures);
    free(numbers);
    return rc;
}

/* ---- in words ---- */

il_mixture_words il_source_mixture(const il_source *src)
{
    static const char *const truths[] = { "", "nothing is true", "everything is true" };
    il_mixture_words w = { "" };
    bool plain = true;
    size_t used = 0;
    for (size_t p = 0; p < src->nparts && used < sizeof w.text; p++) {
        const struct part *part = &src->parts[p];
        char share[60] = "";
        size_t count = 0;
        for (size_t i = 0; i < src->count; i++)
            count += src->samples[i].part == part;
        plain = plain && part->truth == IL_TRUTH_MASK && part->share == 1;
        if (part->share < 1)
            snprintf(share, sizeof share, "a share of %g", part->share);
        bool both = *truths[part->truth] && *share, any = *truths[part->truth] || *share;
        used += (size_t)snprintf(w.text + used, sizeof w.text - used, "%s%zu %.60s%s%s%s%s%s", p ? ", " : "", count,
                                 part->images, any ? " (" : "", truths[part->truth], both ? ", " : "", share,
                                 any ? ")" : "");
    }
    return plain ? (il_mixture_words){ "" } : w;
}
