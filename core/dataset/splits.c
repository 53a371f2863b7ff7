/* splits.c - photos -> splits. Photos that look alike stay together; of equal files only the first is used. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "dataset/splits.h"
#include "image/perceptual_hash.h"

enum { PAIRS = 1000000 };

struct work {
    const il_recipe *r;
    const il_photos *photos;
    const il_photo_info *facts;
    size_t n;
    size_t *head;  /* per photo: another of its group, or itself (union-find) */
    size_t *size;  /* of the group, at its head */
    size_t *place; /* all photos in the recipe's order */
    bool *out;     /* left out */
    int *group;    /* split of the group, at its head; -1: none */
    size_t left[IL_SPLITS];
};

void il_splits_free(il_splits *s)
{
    free(s->of);
    free(s->order);
    *s = (il_splits){ 0 };
}

static void work_free(struct work *w)
{
    free(w->head);
    free(w->size);
    free(w->place);
    free(w->out);
    free(w->group);
}

static int work_new(struct work *w, il_err *e)
{
    w->head = malloc(w->n * sizeof *w->head);
    w->size = malloc(w->n * sizeof *w->size);
    w->place = malloc(w->n * sizeof *w->place);
    w->out = calloc(w->n, sizeof *w->out);
    w->group = malloc(w->n * sizeof *w->group);
    if (!w->head || !w->size || !w->place || !w->out || !w->group)
        return il_fail_oom(e);
    for (size_t i = 0; i < w->n; i++) {
        w->head[i] = w->place[i] = i;
        w->size[i] = 1;
        w->group[i] = -1;
    }
    return IL_OK;
}

/* ---- groups ---- */

static size_t head_of(struct work *w, size_t i)
{
    while (w->head[i] != i)
        i = w->head[i] = w->head[w->head[i]];
    return i;
}

static void join(struct work *w, size_t a, size_t b)
{
    a = head_of(w, a);
    b = head_of(w, b);
    if (a == b)
        return;
    size_t low = a < b ? a : b, high = a < b ? b : a;
    w->head[high] = low;
    w->size[low] += w->size[high];
}

struct keyed {
    const char *key;
    uint64_t number;
    size_t at;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = x->key ? strcmp(x->key, y->key) : 0;
    if (order)
        return order;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Unreadable photos, and all but the first of equal files. */
static int leave_out(struct work *w, il_splits *s, il_err *e)
{
    struct keyed *list = calloc(w->n, sizeof *list);
    size_t count = 0;
    if (!list)
        return il_fail_oom(e);
    for (size_t i = 0; i < w->n; i++) {
        w->out[i] = w->facts[i].why != NULL;
        s->unusable += w->out[i];
        if (!w->out[i])
            list[count++] = (struct keyed){ .key = w->facts[i].sha256.hex, .at = i };
    }
    qsort(list, count, sizeof *list, by_key);
    for (size_t i = 1; i < count; i++)
        if (strcmp(list[i].key, list[i - 1].key) == 0) {
            w->out[list[i].at] = true;
            s->copies++;
        }
    free(list);
    return IL_OK;
}

static int join_twins(struct work *w, il_splits *s, il_err *e)
{
    uint64_t *looks = malloc(w->n * sizeof *looks);
    size_t *index = malloc(w->n * sizeof *index), kept = 0, count = 0;
    il_perceptual_hash_pair *pairs = NULL;
    int rc = looks && index ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < w->n; i++)
        if (!w->out[i]) {
            looks[kept] = w->facts[i].look;
            index[kept++] = i;
        }
    if (!rc)
        rc = il_perceptual_hash_pairs(&pairs, &count, NULL, looks, kept, IL_TWINS_NEAR, PAIRS, e);
    for (size_t i = 0; !rc && i < count; i++)
        join(w, index[pairs[i].a], index[pairs[i].b]);
    for (size_t i = 0; !rc && i < w->n; i++)
        s->twins += !w->out[i] && head_of(w, i) != i;
    free(pairs);
    free(index);
    free(looks);
    return rc;
}

/* ---- order and numbers ---- */

static int set_order(struct work *w, il_err *e)
{
    if (strcmp(il_params_text(w->r->photos, "order"), "name") == 0)
        return IL_OK;
    uint64_t seed = il_random_seed((uint64_t)il_params_int(w->r->plain, "seed"), "order");
    struct keyed *list = calloc(w->n, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    for (size_t i = 0; i < w->n; i++)
        list[i] = (struct keyed){ .number = il_random_seed(seed, w->photos->list[i].id), .at = i };
    qsort(list, w->n, sizeof *list, by_key);
    for (size_t i = 0; i < w->n; i++)
        w->place[i] = list[i].at;
    free(list);
    return IL_OK;
}

/* How many photos each split takes. Shares that sum to 1 use all of them. */
static void set_wanted(struct work *w, size_t usable)
{
    const double *splits = w->r->splits;
    double sum = splits[0] + splits[1] + splits[2], most = fmax(splits[0], fmax(splits[1], splits[2]));
    size_t rest = usable;
    int last = splits[2] > 0 ? 2 : splits[1] > 0 ? 1 : 0;
    bool shares = most <= 1 && sum <= 1 + 1e-9;
    for (int i = 0; i < IL_SPLITS; i++) {
        size_t wanted = (size_t)llround(shares ? splits[i] * (double)usable : splits[i]);
        if (shares && (wanted > rest || (i == last && sum > 1 - 1e-9)))
            wanted = rest;
        w->left[i] = wanted;
        rest -= wanted < rest ? wanted : rest;
    }
}

static void assign_groups(struct work *w)
{
    for (size_t k = 0; k < w->n; k++) {
        size_t i = w->place[k], head = head_of(w, i);
        if (w->out[i] || w->group[head] >= 0)
            continue;
        for (int split = 0; split < IL_SPLITS && w->group[head] < 0; split++)
            if (w->left[split] >= w->size[head]) {
                w->group[head] = split;
                w->left[split] -= w->size[head];
            }
    }
}

static int check_filled(const struct work *w, size_t usable, il_err *e)
{
    size_t wanted = 0;
    for (int i = 0; i < IL_SPLITS; i++)
        wanted += w->left[i];
    if (!wanted)
        return IL_OK;
    for (size_t i = 0; i < w->n; i++)
        wanted += !w->out[i] && w->group[w->head[i]] >= 0;
    return il_fail(e, IL_EDATA, "%s: the splits need %zu photos; %s has %zu usable ones", w->r->path, wanted,
                   il_params_text(w->r->photos, "root"), usable);
}

static int fill(il_splits *s, struct work *w, il_err *e)
{
    s->of = malloc(w->n * sizeof *s->of);
    s->order = malloc(w->n * sizeof *s->order);
    if (!s->of || !s->order)
        return il_fail_oom(e);
    for (size_t i = 0; i < w->n; i++)
        s->of[i] = w->out[i] ? -1 : w->group[head_of(w, i)];
    for (int split = 0; split < IL_SPLITS; split++)
        for (size_t k = 0; k < w->n; k++)
            if (s->of[w->place[k]] == split) {
                s->order[s->used++] = w->place[k];
                s->counts[split]++;
            }
    return IL_OK;
}

int il_splits_assign(il_splits *out, const il_recipe *r, const il_photos *photos, const il_photo_info *facts, il_err *e)
{
    struct work w = { .r = r, .photos = photos, .facts = facts, .n = photos->count };
    il_splits s = { 0 };
    int rc = work_new(&w, e);
    if (!rc && facts)
        rc = leave_out(&w, &s, e);
    if (!rc && facts)
        rc = join_twins(&w, &s, e);
    if (!rc)
        rc = set_order(&w, e);
    size_t usable = w.n - s.unusable - s.copies;
    if (!rc) {
        set_wanted(&w, usable);
        assign_groups(&w);
        rc = check_filled(&w, usable, e);
    }
    if (!rc)
        rc = fill(&s, &w, e);
    if (rc)
        il_splits_free(&s);
    else
        *out = s;
    work_free(&w);
    return rc;
}
