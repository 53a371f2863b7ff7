/* figures.c - losses and counts of many batches on the host, batch after batch. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "train/figures.h"

int il_figures_new(il_figures *f, size_t batches, size_t pictures, il_err *e)
{
    *f = (il_figures){ .batches = batches,
                       .pictures = pictures,
                       .losses = il_array_new(batches, sizeof *f->losses),
                       .sizes = il_array_new(batches, sizeof *f->sizes),
                       .index = il_array_new(pictures, sizeof *f->index),
                       .counts = il_array_new(pictures, sizeof *f->counts),
                       .scores = il_array_new(pictures, sizeof *f->scores) };
    if (f->losses && f->sizes && f->index && f->counts && f->scores)
        return IL_OK;
    il_figures_free(f);
    return il_fail_oom(e);
}

void il_figures_free(il_figures *f)
{
    for (size_t i = 0; f->scores && i < f->pictures; i++)
        free(f->scores[i].bytes);
    free(f->losses);
    free(f->sizes);
    free(f->index);
    free(f->counts);
    free(f->scores);
    *f = (il_figures){ 0 };
}

void il_figures_sum(il_sums *sums, const il_figures *f, double batch_weight)
{
    size_t k = 0;
    for (size_t i = 0; i < f->batches; i++) {
        il_counts batch = { 0 };
        for (size_t end = k + f->sizes[i]; k < end; k++)
            il_metrics_add(&batch, f->counts[k]);
        double weight = batch_weight > 0 ? batch_weight : (double)f->sizes[i];
        sums->loss += f->losses[i] * weight;
        sums->pictures += weight;
        il_metrics_add(&sums->total, batch);
        il_metrics_batch(&sums->iou, batch);
    }
}

double il_sums_loss(const il_sums *s)
{
    return s->pictures > 0 ? s->loss / s->pictures : NAN;
}

/* ---- of several ranks ---- */

/* What a rank sends: its batches and its pictures, as they stand, then the bytes of all scores. */
struct head {
    size_t batches, pictures;
};

struct picture {
    size_t index;
    il_counts counts;
    size_t tampered, clean;
};

static size_t score_bytes(const il_scores *s)
{
    return s->bytes ? s->tampered + s->clean : 0;
}

static void put(char **to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(*to, from, bytes);
    *to += bytes;
}

static char *pack(size_t *size, const il_figures *f)
{
    const struct head head = { f->batches, f->pictures };
    *size = sizeof head + f->batches * (sizeof *f->losses + sizeof *f->sizes) + f->pictures * sizeof(struct picture);
    for (size_t i = 0; i < f->pictures; i++)
        *size += score_bytes(&f->scores[i]);
    char *all = malloc(*size), *at = all;
    if (!all)
        return NULL;
    put(&at, &head, sizeof head);
    put(&at, f->sizes, f->batches * sizeof *f->sizes);
    put(&at, f->losses, f->batches * sizeof *f->losses);
    for (size_t i = 0; i < f->pictures; i++) {
        const il_scores *s = &f->scores[i];
        const struct picture p = { f->index[i], f->counts[i], s->bytes ? s->tampered : 0, s->bytes ? s->clean : 0 };
        put(&at, &p, sizeof p);
    }
    for (size_t i = 0; i < f->pictures; i++)
        put(&at, f->scores[i].bytes, score_bytes(&f->scores[i]));
    return all;
}

/* A place in what a rank has sent; the messages are ours, of the same program, so their form is not doubted. */
struct reader {
    const char *sizes, *losses, *pictures, *bytes;
    size_t left; /* batches */
};

static struct reader read_head(const char *from)
{
    struct head h;
    memcpy(&h, from, sizeof h);
    struct reader r = { .sizes = from + sizeof h, .left = h.batches };
    r.losses = r.sizes + h.batches * sizeof(size_t);
    r.pictures = r.losses + h.batches * sizeof(double);
    r.bytes = r.pictures + h.pictures * sizeof(struct picture);
    return r;
}

static size_t next_index(const struct reader *r)
{
    struct picture p;
    memcpy(&p, r->pictures, sizeof p);
    return p.index;
}

/* Moves a rank's next batch to the end of f. */
static int take_batch(il_figures *f, struct reader *r, il_err *e)
{
    size_t n = 0;
    memcpy(&n, r->sizes, sizeof n);
    memcpy(&f->losses[f->batches], r->losses, sizeof *f->losses);
    r->sizes += sizeof n;
    r->losses += sizeof *f->losses;
    r->left--;
    f->sizes[f->batches++] = n;
    for (; n > 0; n--) {
        struct picture p;
        memcpy(&p, r->pictures, sizeof p);
        r->pictures += sizeof p;
        il_scores s = { NULL, p.tampered, p.clean };
        size_t bytes = p.tampered + p.clean;
        if (bytes && !(s.bytes = malloc(bytes)))
            return il_fail_oom(e);
        if (bytes)
            memcpy(s.bytes, r->bytes, bytes);
        r->bytes += bytes;
        f->index[f->pictures] = p.index;
        f->counts[f->pictures] = p.counts;
        f->scores[f->pictures++] = s;
    }
    return IL_OK;
}

static int merge(il_figures *out, const char *table, const size_t *sizes, int ranks, il_err *e)
{
    struct reader *from = il_array_new((size_t)ranks, sizeof *from);
    size_t batches = 0, pictures = 0;
    if (!from)
        return il_fail_oom(e);
    for (int i = 0; i < ranks; table += sizes[i++]) {
        struct head h;
        memcpy(&h, table, sizeof h);
        batches += h.batches;
        pictures += h.pictures;
        from[i] = read_head(table);
    }
    int rc = il_figures_new(out, batches, pictures, e);
    out->batches = out->pictures = 0;
    for (size_t k = 0; k < batches && !rc; k++) {
        struct reader *first = NULL;
        for (int i = 0; i < ranks; i++)
            if (from[i].left && (!first || next_index(&from[i]) < next_index(first)))
                first = &from[i];
        rc = first ? take_batch(out, first, e) : IL_OK; /* as many are left as batches were counted */
    }
    free(from);
    return rc;
}

int il_figures_join(il_figures *f, il_world *world, il_err *e)
{
    if (!world)
        return IL_OK;
    size_t bytes = 0, *sizes = il_array_new((size_t)il_world_size(world), sizeof *sizes);
    char *own = sizes ? pack(&bytes, f) : NULL;
    void *table = NULL;
    il_figures all = { 0 };
    int rc = il_world_agree(world, own ? IL_OK : il_fail_oom(e), e);
    if (!rc)
        rc = il_world_gather_sized(&table, sizes, world, own, bytes, e);
    if (!rc)
        rc = merge(&all, table, sizes, il_world_size(world), e);
    free(table);
    free(own);
    free(sizes);
    if (rc) {
        il_figures_free(&all);
        return rc;
    }
    il_figures_free(f);
    *f = all;
    return IL_OK;
}
