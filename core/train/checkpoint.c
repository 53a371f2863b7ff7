/* checkpoint.c - everything a training needs to resume bit for bit, in one safetensors file that is replaced
 * atomically. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "torch/bundle.h"
#include "train/checkpoint.h"
#include "train/relay.h"

#define FORMAT "inpaintlab checkpoint 1"

enum { MOST_EPOCHS = 1000000 }; /* il_keys_train's bound of `epochs` */
enum { EPOCH_FIELDS = 7, SUM_FIELDS = 10, COURSE_FIELDS = 5 };

void il_course_free(il_course *c)
{
    free(c->epochs);
    il_bundle_free(c->best);
    memset(c, 0, sizeof *c);
}

/* A tensor of its own, so that older versions read the file too. */
static int add_marked(il_bundle *b, const il_course *c, il_err *e)
{
    double *marked = calloc(c->done ? c->done : 1, sizeof *marked);
    if (!marked)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->done; i++)
        marked[i] = c->epochs[i].marked;
    int rc = il_bundle_add_bytes(b, "course.marked", IL_DTYPE_F64, 1, (int64_t[]){ (int64_t)c->done }, marked, e);
    free(marked);
    return rc;
}

/* Both in one number. Bits 0 and 1 are those of versions that knew only of nothing marked. */
static int64_t collapse_bits(const il_course *c)
{
    return (c->collapse == IL_COLLAPSE_NOTHING ? 1 : 0) | (c->best_collapse == IL_COLLAPSE_NOTHING ? 2 : 0) |
           (c->collapse == IL_COLLAPSE_EVERYTHING ? 4 : 0) | (c->best_collapse == IL_COLLAPSE_EVERYTHING ? 8 : 0);
}

static il_collapse collapse_of(int64_t bits, int64_t nothing, int64_t everything)
{
    return bits & nothing ? IL_COLLAPSE_NOTHING : bits & everything ? IL_COLLAPSE_EVERYTHING : IL_COLLAPSE_NONE;
}

static int add_epochs(il_bundle *b, const il_course *c, il_err *e)
{
    double *table = calloc(c->done ? c->done * EPOCH_FIELDS : 1, sizeof *table);
    if (!table)
        return il_fail_oom(e);
    for (size_t i = 0; i < c->done; i++) {
        const il_epoch_row *r = &c->epochs[i];
        double row[EPOCH_FIELDS] = { r->epoch,          r->train_loss, r->train_iou,        r->validation_loss,
                                     r->validation_iou, r->seconds,    r->images_per_second };
        memcpy(table + i * EPOCH_FIELDS, row, sizeof row);
    }
    int rc = il_bundle_add_bytes(b, "course.epochs", IL_DTYPE_F64, 2, (int64_t[]){ (int64_t)c->done, EPOCH_FIELDS },
                                 table, e);
    free(table);
    return rc ? rc : add_marked(b, c, e);
}

static int add_course(il_bundle *b, const il_course *c, il_err *e)
{
    const il_sums *s = &c->sums;
    double sums[SUM_FIELDS] = { s->loss,
                                s->pictures,
                                (double)s->total.tp,
                                (double)s->total.fp,
                                (double)s->total.fn,
                                (double)s->total.tn,
                                s->iou.sum,
                                (double)s->iou.batches,
                                c->seconds,
                                c->early.best };
    int64_t course[COURSE_FIELDS] = { c->epoch, (int64_t)c->batch, c->early.best_epoch, c->early.waited,
                                      collapse_bits(c) };
    int rc = il_bundle_add_bytes(b, "course.sums", IL_DTYPE_F64, 1, (int64_t[]){ SUM_FIELDS }, sums, e);
    if (!rc)
        rc = il_bundle_add_bytes(b, "course.position", IL_DTYPE_I64, 1, (int64_t[]){ COURSE_FIELDS }, course, e);
    if (!rc)
        rc = il_bundle_add_bytes(b, "course.epoch_seconds", IL_DTYPE_F64, 1, (int64_t[]){ 1 }, &c->epoch_seconds, e);
    return rc ? rc : add_epochs(b, c, e);
}

/* Copies every tensor of `from`, adding the prefix to its name; with back, those with the prefix, removing it. */
static int copy_tensors(il_bundle *to, const il_bundle *from, const char *prefix, bool back, il_err *e)
{
    size_t cut = strlen(prefix);
    for (size_t i = 0; i < il_bundle_count(from); i++) {
        const char *name = il_bundle_name(from, i);
        if (back && strncmp(name, prefix, cut) != 0)
            continue;
        il_name_buf full = back ? il_name("%s", name + cut) : il_name("%s%s", prefix, name);
        int rc = il_bundle_add(to, full.text, il_bundle_at(from, i), e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static int make_bundle(il_bundle **out, const char *hash, const il_course *c, const il_model *model,
                       const il_adam *adam, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_new(&b, e);
    if (!rc)
        rc = il_bundle_note(b, "format", FORMAT, e);
    if (!rc)
        rc = il_bundle_seal(b, e);
    if (!rc)
        rc = il_bundle_note(b, "run", hash, e);
    if (!rc)
        rc = add_course(b, c, e);
    if (!rc)
        rc = il_state_save(model->state, b, "model.", e);
    if (!rc)
        rc = il_adam_save(adam, b, "adam.", e);
    if (!rc && c->best)
        rc = copy_tensors(b, c->best, "best.", false, e);
    if (rc)
        il_bundle_free(b);
    else
        *out = b;
    return rc;
}

int il_checkpoint_write(const char *path, const char *hash, const il_course *c, const il_model *model,
                        const il_adam *adam, il_err *e)
{
    il_bundle *b = NULL;
    int rc = make_bundle(&b, hash, c, model, adam, e);
    if (!rc)
        rc = il_bundle_write(b, path, e);
    il_bundle_free(b);
    return rc;
}

static const il_tensor *find_sized(const il_bundle *b, const char *name, il_dtype dtype, int64_t count)
{
    const il_tensor *t = il_bundle_find(b, name);
    return t && il_dtype_of(t) == dtype && (count < 0 || il_numel(t) == count) ? t : NULL;
}

/* Whether the numbers are possible results of a training. */
static bool is_possible(const double sums[SUM_FIELDS], const int64_t position[COURSE_FIELDS])
{
    static const int counts[] = { 2, 3, 4, 5, 7 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (!(sums[counts[i]] >= 0 && sums[counts[i]] <= 0x1p53))
            return false;
    const int64_t epoch = position[0];
    return epoch >= 1 && epoch <= MOST_EPOCHS + 1 && position[1] >= 0 && position[2] >= 0 && position[2] <= epoch &&
           position[3] >= 0 && position[3] <= epoch;
}

static int read_epochs(il_course *c, const il_tensor *t, il_err *e)
{
    size_t n = (size_t)il_numel(t) / EPOCH_FIELDS;
    double *table = calloc(n ? n * EPOCH_FIELDS : 1, sizeof *table);
    c->epochs = il_array_new(n, sizeof *c->epochs);
    int rc = table && c->epochs ? IL_OK : il_fail_oom(e);
    if (!rc)
        rc = il_read_bytes(t, table, n * EPOCH_FIELDS * sizeof *table, e);
    for (size_t i = 0; i < n && !rc; i++) {
        const double *r = table + i * EPOCH_FIELDS;
        if (!(r[0] >= 1 && r[0] <= MOST_EPOCHS))
            rc = il_fail(e, IL_EFORMAT, "the record of epoch %zu is damaged", i + 1);
        if (rc)
            break;
        c->epochs[i] = (il_epoch_row){ (int)r[0], r[1], r[2], r[3], r[4], r[5], r[6], NAN };
        c->done = i + 1;
    }
    free(table);
    return rc;
}

static int read_marked(il_course *c, const il_bundle *b, il_err *e)
{
    const il_tensor *t = find_sized(b, "course.marked", IL_DTYPE_F64,
                                    (int64_t)c->done); /* NULL: an older version's file */
    double *marked = calloc(c->done ? c->done : 1, sizeof *marked);
    int rc = marked ? IL_OK : il_fail_oom(e);
    if (!rc && t)
        rc = il_read_bytes(t, marked, c->done * sizeof *marked, e);
    for (size_t i = 0; i < c->done && t && !rc; i++)
        c->epochs[i].marked = marked[i];
    free(marked);
    return rc;
}

static int read_course(il_course *c, const il_bundle *b, il_err *e)
{
    const il_tensor *sums = find_sized(b, "course.sums", IL_DTYPE_F64, SUM_FIELDS);
    const il_tensor *position = find_sized(b, "course.position", IL_DTYPE_I64, COURSE_FIELDS);
    const il_tensor *epochs = find_sized(b, "course.epochs", IL_DTYPE_F64, -1);
    const il_tensor *under_way = find_sized(b, "course.epoch_seconds", IL_DTYPE_F64,
                                            1); /* NULL in files of older versions */
    if (!sums || !position || !epochs || il_numel(epochs) % EPOCH_FIELDS != 0)
        return il_fail(e, IL_EFORMAT, "the record of the training is missing");
    double v[SUM_FIELDS];
    int64_t p[COURSE_FIELDS];
    int rc = il_read_bytes(sums, v, sizeof v, e);
    if (!rc)
        rc = il_read_bytes(position, p, sizeof p, e);
    if (!rc && under_way)
        rc = il_read_bytes(under_way, &c->epoch_seconds, sizeof c->epoch_seconds, e);
    if (!rc && !is_possible(v, p))
        rc = il_fail(e, IL_EFORMAT, "the record of the training is damaged");
    if (rc)
        return rc;
    c->epoch = (int)p[0];
    c->batch = (size_t)p[1];
    c->early = (il_early){ v[9], (int)p[2], (int)p[3] };
    c->collapse = collapse_of(p[4], 1, 4);
    c->best_collapse = collapse_of(p[4], 2, 8);
    c->seconds = v[8];
    c->sums = (il_sums){
        v[0], v[1], { (int64_t)v[2], (int64_t)v[3], (int64_t)v[4], (int64_t)v[5] }, { v[6], (int64_t)v[7] }
    };
    rc = read_epochs(c, epochs, e);
    return rc ? rc : read_marked(c, b, e);
}

static int restore(il_course *c, const il_bundle *b, const char *hash, il_model *model, il_adam *adam, il_err *e)
{
    const char *format = il_bundle_noted(b, "format"), *run = il_bundle_noted(b, "run");
    if (!format || strcmp(format, FORMAT) != 0)
        return il_fail(e, IL_EFORMAT, "is not a checkpoint of this version; expected \"%s\"", FORMAT);
    if (!run || strcmp(run, hash) != 0)
        return il_fail(e, IL_EFORMAT, "belongs to run %.12s; expected run %.12s", run ? run : "?", hash);
    int rc = read_course(c, b, e);
    if (!rc)
        rc = il_state_load(model->state, b, IL_OPTS(il_load_opts, .prefix = "model."), e);
    if (!rc)
        rc = il_adam_load(adam, b, "adam.", e);
    if (rc || c->early.best_epoch == 0)
        return rc;
    rc = il_bundle_new(&c->best, e);
    return rc ? rc : copy_tensors(c->best, b, "best.", true, e);
}

int il_checkpoint_read(il_course *c, const char *path, const char *hash, il_model *model, il_adam *adam, il_err *e)
{
    il_bundle *b = NULL;
    il_course fresh = { 0 };
    il_err why = { 0 };
    int rc = il_bundle_read(&b, path, &why);
    if (!rc && restore(&fresh, b, hash, model, adam, &why) != IL_OK)
        rc = il_fail_in(&why, "%s", path);
    if (!rc) {
        fresh.unsealed = !il_bundle_sealed(b);
        *c = fresh;
    } else {
        il_course_free(&fresh);
        il_fail(e, rc, rc == IL_EFORMAT ? "%s; remove it to restart the run, no result is lost" : "%s", why.message);
    }
    il_bundle_free(b);
    return rc;
}

int il_checkpoint_share(il_course *c, const char *hash, il_model *model, il_adam *adam, il_world *world, il_err *e)
{
    il_bundle *b = NULL;
    bool first = il_world_own(world) == 0;
    int rc = first ? make_bundle(&b, hash, c, model, adam, e) : il_bundle_new(&b, e);
    rc = il_world_agree(world, rc, e);
    if (!rc)
        rc = il_relay_bundle(b, world, e);
    if (!rc && !first)
        rc = restore(c, b, hash, model, adam, e);
    il_bundle_free(b);
    return il_world_agree(world, rc, e);
}

int il_checkpoint_place(int *epoch, size_t *batch, const char *path, il_err *e)
{
    il_bundle *b = NULL;
    il_course c = { 0 };
    int rc = il_bundle_read(&b, path, e);
    if (!rc && (rc = read_course(&c, b, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    if (!rc) {
        *epoch = c.epoch;
        *batch = c.batch;
    }
    il_course_free(&c);
    il_bundle_free(b);
    return rc;
}
