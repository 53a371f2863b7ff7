/* regions.c - connected components from runs of pixels, row by row; a component that the current row does not reach
 * is closed. */
#include <stdlib.h>
#include <string.h>
#include "detect/regions.h"

/* A component that may still grow. */
struct part {
    int parent; /* itself when it is a root */
    int left, top, right, bottom;
    int64_t area, sum;
};

struct run {
    int first, end; /* columns */
    int part;
};

struct finding {
    struct part *parts;
    int *free_parts;
    int nfree;
    struct run *above, *row;
    int nabove, nrow;
    int *merged; /* components merged into another in this row */
    int nmerged;
    il_regions_opts opts;
    il_regions found;
};

static int root_of(struct finding *f, int part)
{
    while (f->parts[part].parent != part)
        part = f->parts[part].parent = f->parts[f->parts[part].parent].parent;
    return part;
}

static void join(struct finding *f, int a, int b)
{
    a = root_of(f, a);
    b = root_of(f, b);
    if (a == b)
        return;
    struct part *into = &f->parts[a], *from = &f->parts[b];
    into->left = from->left < into->left ? from->left : into->left;
    into->top = from->top < into->top ? from->top : into->top;
    into->right = from->right > into->right ? from->right : into->right;
    into->bottom = from->bottom > into->bottom ? from->bottom : into->bottom;
    into->area += from->area;
    into->sum += from->sum;
    from->parent = a;
    f->merged[f->nmerged++] = b;
}

/* ---- the list of the largest ---- */

static int by_size(const void *a, const void *b)
{
    const il_region *x = a, *y = b;
    if (x->area != y->area)
        return x->area > y->area ? -1 : 1;
    if (x->top != y->top)
        return x->top < y->top ? -1 : 1;
    return (x->left > y->left) - (x->left < y->left);
}

/* Up to twice as many as wanted are kept before the smaller half is dropped. */
static void shorten(il_regions *r, size_t most)
{
    qsort(r->list, r->listed, sizeof *r->list, by_size);
    if (r->listed > most)
        r->listed = most;
}

static void close_part(struct finding *f, int part)
{
    const struct part *p = &f->parts[part];
    il_regions *r = &f->found;
    if (p->area >= f->opts.least) {
        r->count++;
        if (r->listed == r->room)
            shorten(r, f->opts.most);
        r->list[r->listed++] = (il_region){ .left = p->left,
                                            .top = p->top,
                                            .width = p->right - p->left,
                                            .height = p->bottom - p->top + 1,
                                            .area = p->area,
                                            .score = (double)p->sum / 255 / (double)p->area };
    }
    f->free_parts[f->nfree++] = part;
}

/* ---- rows ---- */

static void find_runs(struct finding *f, const uint8_t *mask, int width)
{
    f->nrow = 0;
    for (int x = 0; x < width; x++) {
        if (!mask[x])
            continue;
        int first = x;
        while (x < width && mask[x])
            x++;
        f->row[f->nrow++] = (struct run){ first, x, -1 };
    }
}

/* Gives the run the component of whatever it touches above, or a new one. */
static void place_run(struct finding *f, struct run *r, int *above, const uint8_t *score, int y)
{
    while (*above < f->nabove && f->above[*above].end < r->first)
        ++*above;
    for (int i = *above; i < f->nabove && f->above[i].first <= r->end; i++) {
        if (r->part < 0)
            r->part = root_of(f, f->above[i].part);
        else
            join(f, r->part, f->above[i].part);
    }
    if (r->part < 0) {
        r->part = f->free_parts[--f->nfree];
        f->parts[r->part] = (struct part){
            .parent = r->part, .left = r->first, .top = y, .right = r->end, .bottom = y
        };
    }
    struct part *p = &f->parts[root_of(f, r->part)];
    p->left = r->first < p->left ? r->first : p->left;
    p->right = r->end > p->right ? r->end : p->right;
    p->bottom = y;
    p->area += r->end - r->first;
    for (int x = r->first; x < r->end; x++)
        p->sum += score[x];
}

/* Closes components of the row above that this row does not touch; afterwards every run knows its root. */
static void end_row(struct finding *f, int y)
{
    for (int i = 0; i < f->nabove; i++) {
        int root = root_of(f, f->above[i].part);
        if (f->parts[root].bottom < y && f->parts[root].area > 0) {
            close_part(f, root);
            f->parts[root].area = 0; /* closed once, however many runs it had */
        }
    }
    for (int i = 0; i < f->nrow; i++)
        f->row[i].part = root_of(f, f->row[i].part);
    while (f->nmerged > 0)
        f->free_parts[f->nfree++] = f->merged[--f->nmerged];
    struct run *swap = f->above;
    f->above = f->row;
    f->nabove = f->nrow;
    f->row = swap;
}

static void finding_free(struct finding *f)
{
    free(f->parts);
    free(f->free_parts);
    free(f->merged);
    free(f->above);
    free(f->row);
    il_regions_free(&f->found);
}

int il_regions_find(il_regions *out, const il_image *mask, const il_image *score, il_regions_opts o, il_err *e)
{
    size_t runs = (size_t)mask->width / 2 + 1, parts = 2 * runs; /* of two rows at most */
    struct finding f = { .opts = o, .found = { .room = 2 * o.most + 1 } };
    f.parts = malloc(parts * sizeof *f.parts);
    f.free_parts = malloc(parts * sizeof *f.free_parts);
    f.merged = malloc(parts * sizeof *f.merged);
    f.above = malloc(runs * sizeof *f.above);
    f.row = malloc(runs * sizeof *f.row);
    f.found.list = malloc(f.found.room * sizeof *f.found.list);
    if (!f.parts || !f.free_parts || !f.merged || !f.above || !f.row || !f.found.list) {
        finding_free(&f);
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < parts; i++)
        f.free_parts[f.nfree++] = (int)i;
    for (int y = 0; y < mask->height; y++) {
        size_t at = (size_t)y * (size_t)mask->width;
        int above = 0;
        find_runs(&f, mask->pixels + at, mask->width);
        for (int i = 0; i < f.nrow; i++)
            place_run(&f, &f.row[i], &above, score->pixels + at, y);
        end_row(&f, y);
    }
    f.nrow = 0;
    end_row(&f, mask->height);
    shorten(&f.found, o.most);
    *out = f.found;
    f.found = (il_regions){ 0 };
    finding_free(&f);
    return IL_OK;
}

void il_regions_free(il_regions *r)
{
    free(r->list);
    *r = (il_regions){ 0 };
}
