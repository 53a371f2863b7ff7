/* build_batch.c - reading, making and writing a few samples. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/sha256.h"
#include "dataset/build_batch.h"
#include "image/budget.h"

enum { MOST_AT_ONCE = 256 }; /* upper bound of `batch` in il_recipe_plain_keys */

/* FOLDER/<split>/<id>.<kind>.<format>; the caller frees it. */
static char *path_of(const il_build_shared *shop, const char *split, const char *id, int kind)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/%s/%s.%s.%s", shop->opts->folder, split, id, il_picture_kinds[kind],
                il_params_text(shop->recipe->plain, "format"));
    if (path.failed)
        il_text_free(&path);
    return path.data;
}

static bool holds_something(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

bool il_build_batch_there(const il_build_shared *shop, const char *split, const char *id)
{
    bool there = true;
    for (int k = 0; k < IL_PICTURE_KINDS && there; k++) {
        char *path = shop->recipe->pictures[k] ? path_of(shop, split, id, k) : NULL;
        there = !shop->recipe->pictures[k] || (path && holds_something(path));
        free(path);
    }
    return there;
}

/* ---- on the pool's threads ---- */

static void read_one(void *context)
{
    il_build_sample *w = context;
    il_image photo = { 0 };
    double start = il_clock_seconds();
    int tile = w->task->tile < 0 ? 0 : w->task->tile;
    il_budget_enter();
    int rc = il_image_read(&photo, w->shop->photos->list[w->task->photo].path, &w->why);
    if (!rc)
        rc = il_make_sample_fit(&w->making.pictures[IL_ORIGINAL], w->shop->recipe, &photo, tile, &w->why);
    il_image_free(&photo);
    il_budget_leave();
    w->why.code = rc;
    w->read_seconds = il_clock_seconds() - start;
}

/* A recorded file that still exists stays; a lost one must come back with the same bytes. */
static int write_picture(il_build_sample *w, int kind, const char *path, const char *noted)
{
    bool kept = noted && holds_something(path);
    int rc = kept ? IL_OK : il_image_write(&w->making.pictures[kind], path, &w->why);
    if (!rc)
        rc = il_sha256_file(&w->sha256[kind], path, &w->why);
    if (rc || !noted || strcmp(noted, w->sha256[kind].hex) == 0)
        return rc;
    if (kept)
        return il_fail(&w->why, IL_EDATA, "%s: is not the file that the build wrote; remove it to have it made again",
                       path);
    unlink(path);
    return il_fail(&w->why, IL_EDATA,
                   "%s: is missing, and the new file differs from the old one (another "
                   "device or version?); choose a new folder to make all files again",
                   path);
}

static void write_one(void *context)
{
    il_build_sample *w = context;
    const char *split = il_split_names[w->task->split];
    const il_sample *noted = il_manifest_find(w->shop->done, split, w->task->id);
    double start = il_clock_seconds();
    int rc = IL_OK;
    for (int k = 0; k < IL_PICTURE_KINDS && !rc; k++) {
        if (!w->shop->recipe->pictures[k])
            continue;
        char *path = path_of(w->shop, split, w->task->id, k);
        rc = path ? write_picture(w, k, path, noted ? noted->sha256[k] : NULL) : il_fail_oom(&w->why);
        free(path);
    }
    w->why.code = rc;
    w->write_seconds = il_clock_seconds() - start;
}

static int wait_all(il_build_batch *u, const il_build_shared *shop, il_err *e)
{
    il_thread_pool_wait(shop->pool, &u->group);
    for (size_t i = 0; i < u->n; i++)
        if (u->works[i].why.code)
            return il_fail(e, u->works[i].why.code, "%s", u->works[i].why.message);
    return IL_OK;
}

static int start_all(il_build_batch *u, const il_build_shared *shop, void (*work)(void *), il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < u->n && !rc; i++)
        rc = il_thread_pool_add(shop->pool, &u->group, work, &u->works[i], e);
    return rc;
}

/* ---- the four steps ---- */

int il_build_batch_read(il_build_batch *u, const il_build_shared *shop, il_err *e)
{
    u->works = calloc(u->n, sizeof *u->works);
    if (!u->works)
        return il_fail_oom(e);
    for (size_t i = 0; i < u->n; i++) {
        const il_task *t = &u->tasks[i];
        u->works[i] = (il_build_sample){ .shop = shop, .task = t };
        u->works[i].making = (il_made_sample){ .prompt = shop->photos->list[t->photo].caption,
                                               .seed = t->seed,
                                               .masker = t->masker,
                                               .inpainter = t->inpainter,
                                               .reconstructor = t->reconstructor };
    }
    return start_all(u, shop, read_one, e);
}

/* Samples that share their generators go through them together. */
static int paint_all(il_build_batch *u, const il_build_shared *shop, il_err *e)
{
    il_made_sample *list[MOST_AT_ONCE];
    bool painted[MOST_AT_ONCE] = { false };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < u->n; i++) {
        size_t count = 0;
        for (size_t k = i; !painted[i] && k < u->n; k++) {
            il_made_sample *a = &u->works[i].making, *b = &u->works[k].making;
            if (a->inpainter == b->inpainter && a->reconstructor == b->reconstructor && !painted[k]) {
                list[count++] = b;
                painted[k] = k != i; /* i itself ends the search */
            }
        }
        painted[i] = true;
        if (count)
            rc = il_make_sample_paint(list, count, shop->recipe, shop->recipe->pictures, shop->opts->device, e);
    }
    return rc ? il_fail_in(e, "%s", u->tasks[0].id) : IL_OK;
}

int il_build_batch_make(il_build_batch *u, const il_build_shared *shop, double seconds[4], il_err *e)
{
    int rc = wait_all(u, shop, e);
    double start = il_clock_seconds();
    for (size_t i = 0; !rc && i < u->n; i++)
        if ((rc = il_make_sample_mask(&u->works[i].making, shop->recipe, e)) != IL_OK)
            il_fail_in(e, "%s", shop->photos->list[u->tasks[i].photo].path);
    double masked = il_clock_seconds();
    if (!rc)
        rc = paint_all(u, shop, e);
    seconds[1] += masked - start;
    seconds[2] += il_clock_seconds() - masked;
    return rc;
}

int il_build_batch_write(il_build_batch *u, const il_build_shared *shop, il_err *e)
{
    return start_all(u, shop, write_one, e);
}

static void set(char **out, const char *text, bool *bad)
{
    *out = il_text_copy(text);
    if (text && !*out)
        *bad = true;
}

static int describe(il_sample *out, const il_build_sample *w, il_err *e)
{
    const il_recipe *r = w->shop->recipe;
    const il_digest *digests = w->shop->digests;
    const il_made_sample *m = &w->making;
    const il_photo *photo = &w->shop->photos->list[w->task->photo];
    bool bad = false, paints = r->pictures[IL_INPAINTED] || r->pictures[IL_REALFAKE];
    size_t inpainter = r->maskers.count + m->inpainter;
    size_t reconstructor = r->maskers.count + r->inpainters.count + m->reconstructor;
    il_sample s = { .tile = w->task->tile, .seed = w->task->seed, .area = m->area, .core = m->core };
    set(&s.split, il_split_names[w->task->split], &bad);
    set(&s.id, w->task->id, &bad);
    set(&s.photo, photo->below, &bad);
    set(&s.photo_sha256, w->shop->facts[w->task->photo].sha256.hex, &bad);
    set(&s.masker, il_recipe_plugin_name(&r->maskers.list[m->masker]), &bad);
    set(&s.rule, m->rule.text, &bad);
    set(&s.prompt, paints ? photo->caption : NULL, &bad);
    set(&s.inpainted_by, paints ? il_recipe_plugin_name(&r->inpainters.list[m->inpainter]) : NULL, &bad);
    set(&s.inpainted_sha256, paints ? digests[inpainter].hex : NULL, &bad);
    if (r->pictures[IL_FAKEFAKE]) {
        set(&s.reconstructed_by, il_recipe_plugin_name(&r->reconstructors.list[m->reconstructor]), &bad);
        set(&s.reconstructed_sha256, digests[reconstructor].hex, &bad);
    }
    s.settings = il_recipe_made_by(r, m->inpainter, m->reconstructor);
    bad = bad || !s.settings;
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        set(&s.sha256[k], r->pictures[k] ? w->sha256[k].hex : NULL, &bad);
    if (bad) {
        il_sample_free(&s);
        return il_fail_oom(e);
    }
    *out = s;
    return IL_OK;
}

int il_build_batch_end(il_build_batch *u, const il_build_shared *shop, il_sample **samples, double seconds[4],
                       il_err *e)
{
    if (!u->works)
        return IL_OK;
    int rc = wait_all(u, shop, e);
    il_sample *list = !rc && samples ? calloc(u->n, sizeof *list) : NULL;
    if (!rc && samples && !list)
        rc = il_fail_oom(e);
    for (size_t i = 0; list && !rc && i < u->n; i++)
        rc = describe(&list[i], &u->works[i], e);
    for (size_t i = 0; i < u->n; i++) {
        seconds[0] += u->works[i].read_seconds;
        seconds[3] += u->works[i].write_seconds;
        il_made_sample_clear(&u->works[i].making);
        if (rc && list)
            il_sample_free(&list[i]);
    }
    free(u->works);
    u->works = NULL;
    if (rc)
        free(list);
    else if (samples)
        *samples = list;
    return rc;
}
