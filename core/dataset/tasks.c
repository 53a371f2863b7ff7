/* tasks.c - photos and splits -> samples to be made. */
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "dataset/make_sample.h"
#include "dataset/recipe_plugins.h"
#include "dataset/tasks.h"

void il_tasks_free(il_tasks *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->list[i].id);
    free(t->list);
    *t = (il_tasks){ 0 };
}

static int add_photo(il_tasks *t, const il_recipe *r, const il_photo *photo, size_t at, int split, int tiles, il_err *e)
{
    for (int tile = 0; tile < tiles; tile++) {
        il_text id = { 0 };
        bool cut = r->fit == IL_FIT_TILES;
        if (cut)
            il_text_add(&id, "%s-%d", photo->id, tile);
        else
            il_text_add(&id, "%s", photo->id);
        if (id.failed)
            return il_fail_oom(e);
        uint64_t seed = il_random_seed((uint64_t)il_params_int(r->plain, "seed"), id.data);
        t->list[t->count++] = (il_task){
            .photo = at, .tile = cut ? tile : -1, .split = split, .id = id.data, .seed = seed
        };
    }
    return IL_OK;
}

/* ---- shares ---- */

struct drawn {
    uint64_t key;
    il_task *task;
};

static int by_key(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->task < y->task ? -1 : x->task > y->task;
}

/* Assigns the parts to n tasks in a random order; `slot` returns where a task stores its part. */
static int deal(il_task *tasks, size_t n, const il_recipe_plugins *parts, const char *what, size_t *(*slot)(il_task *),
                il_err *e)
{
    struct drawn *list = malloc((n ? n : 1) * sizeof *list);
    if (!list)
        return il_fail_oom(e);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct drawn){ il_random_seed(tasks[i].seed, what), &tasks[i] };
    qsort(list, n, sizeof *list, by_key);
    for (size_t i = 0; i < n; i++)
        *slot(list[i].task) = il_recipe_plugins_at(parts, ((double)i + 0.5) / (double)n);
    free(list);
    return IL_OK;
}

static size_t *masker_slot(il_task *t)
{
    return &t->masker;
}
static size_t *inpainter_slot(il_task *t)
{
    return &t->inpainter;
}
static size_t *reconstructor_slot(il_task *t)
{
    return &t->reconstructor;
}

static int deal_all(il_tasks *t, const il_recipe *r, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0, end; !rc && i < t->count; i = end) {
        for (end = i + 1; end < t->count && t->list[end].split == t->list[i].split; end++)
            ;
        rc = deal(t->list + i, end - i, &r->maskers, "masker", masker_slot, e);
        if (!rc)
            rc = deal(t->list + i, end - i, &r->inpainters, "inpaint", inpainter_slot, e);
        if (!rc)
            rc = deal(t->list + i, end - i, &r->reconstructors,
                      il_recipe_has_one_generator(r) ? "inpaint" : "reconstruct", reconstructor_slot, e);
    }
    return rc;
}

int il_tasks_list(il_tasks *out, const il_recipe *r, const il_photos *photos, const il_photo_info *facts,
                  const il_splits *splits, il_err *e)
{
    il_tasks t = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < splits->used; i++)
        n += (size_t)il_make_sample_tiles(r, facts[splits->order[i]].width, facts[splits->order[i]].height);
    t.list = calloc(n ? n : 1, sizeof *t.list);
    int rc = t.list ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < splits->used; i++) {
        size_t at = splits->order[i];
        int tiles = il_make_sample_tiles(r, facts[at].width, facts[at].height);
        rc = add_photo(&t, r, &photos->list[at], at, splits->of[at], tiles, e);
    }
    if (!rc)
        rc = deal_all(&t, r, e);
    if (rc)
        il_tasks_free(&t);
    else
        *out = t;
    return rc;
}
