/* model_summary.c - a model's parts, grouped by the first components of their names. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "bench/model_summary.h"

enum { LEAST_GROUPS = 6 };

void il_model_summary_free(il_model_summary *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->groups[i].name);
    free(a->groups);
    *a = (il_model_summary){ 0 };
}

/* ---- groups ---- */

/* Length of the group's name: up to `depth` components, but not the last, which names the tensor within its layer. */
static size_t head_of(const char *name, int depth)
{
    size_t size = 0;
    for (const char *dot = strchr(name, '.'); dot && depth > 0; dot = strchr(dot + 1, '.'), depth--)
        size = (size_t)(dot - name);
    return size ? size : strlen(name);
}

static il_model_summary_group *find(const il_model_summary *a, const char *name, size_t size)
{
    for (size_t i = 0; i < a->count; i++) {
        const char *known = a->groups[i].name;
        if (known && strncmp(known, name, size) == 0 && !known[size])
            return &a->groups[i];
    }
    return NULL;
}

static il_model_summary_group *group_of(const il_model_summary *a, const char *name)
{
    return find(a, name, head_of(name, a->opts.depth));
}

static int make_groups(il_model_summary *a, const il_state *st, il_err *e)
{
    size_t tensors = il_state_count(st);
    a->groups = calloc(tensors + 1, sizeof *a->groups);
    if (!a->groups)
        return il_fail_oom(e);
    for (size_t i = 0; i < tensors; i++) {
        const char *name = il_state_at(st, i).name;
        size_t size = head_of(name, a->opts.depth);
        if (find(a, name, size))
            continue;
        char *copy = il_text_copy(name);
        if (!copy)
            return il_fail_oom(e);
        copy[size] = '\0';
        a->groups[a->count++].name = copy;
    }
    return IL_OK;
}

/* The smallest depth with at least six groups, or the depth at which names end. */
static int choose_groups(il_model_summary *a, const il_state *st, il_err *e)
{
    const int given = a->opts.depth;
    const il_model_summary_opts opts = a->opts;
    size_t before = 0;
    int rc = IL_OK;
    for (int depth = given ? given : 1;; depth++) {
        il_model_summary_free(a);
        a->opts = opts;
        a->opts.depth = depth;
        rc = make_groups(a, st, e);
        if (rc || given || a->count >= LEAST_GROUPS || (depth > 8 && a->count == before))
            return rc;
        before = a->count;
    }
}

static void weigh(il_model_summary *a, const il_state *st)
{
    for (size_t i = 0; i < il_state_count(st); i++) {
        const il_state_entry x = il_state_at(st, i);
        il_model_summary_group *g = group_of(a, x.name);
        const int64_t count = il_numel(x.tensor);
        *(x.trainable ? &g->parameters : &g->buffers) += count;
        g->weight_bytes += count * (int64_t)il_dtype_size(il_dtype_of(x.tensor));
    }
}

/* ---- a forward pass ---- */

struct account {
    il_flops *flops;
    il_bytes *bytes;
};

/* Work and memory of each named weight; the rest has no name. */
static void settle(il_model_summary *a, const il_state *st, const struct account *k)
{
    const il_flop_count all = il_flops_all(k->flops);
    a->rest.work = all;
    a->rest.held_bytes = il_bytes_now(k->bytes);
    for (size_t i = 0; i < il_state_count(st); i++) {
        const il_state_entry x = il_state_at(st, i);
        il_model_summary_group *g = group_of(a, x.name);
        const il_flop_count one = il_flops_of(k->flops, x.tensor);
        const int64_t held = il_bytes_of(k->bytes, x.tensor);
        g->work.forward += one.forward;
        g->work.backward += one.backward;
        g->held_bytes += held;
        a->rest.work.forward -= one.forward;
        a->rest.work.backward -= one.backward;
        a->rest.held_bytes -= held;
    }
}

static int pass(int64_t *peak, il_model_summary *a, const il_model *m, bool training, il_err *e)
{
    struct account k = { 0 };
    il_scope *s = NULL;
    int rc = il_flops_new(&k.flops, e);
    if (!rc)
        rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = m->device, .training = training, .flops = k.flops), e);
    if (rc)
        goto done;
    il_tensor *image = il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ a->opts.batch, 3, a->opts.size, a->opts.size });
    rc = il_bytes_start(&k.bytes, k.flops, e);
    if (rc)
        goto done;
    il_model_forward(m, s, image, NULL);
    rc = il_scope_status(s, e);
    *peak = il_bytes_peak(k.bytes);
    if (!rc && training)
        settle(a, m->state, &k);

done:
    il_bytes_free(k.bytes); /* before the input image is created, which it would count */
    il_scope_close(s);
    il_flops_free(k.flops);
    return rc;
}

static void add_up(il_model_summary *a)
{
    a->all = (il_model_summary_group){ .work = a->rest.work, .held_bytes = a->rest.held_bytes };
    for (size_t i = 0; i < a->count; i++) {
        const il_model_summary_group *g = &a->groups[i];
        a->all.parameters += g->parameters;
        a->all.buffers += g->buffers;
        a->all.weight_bytes += g->weight_bytes;
        a->all.work.forward += g->work.forward;
        a->all.work.backward += g->work.backward;
        a->all.held_bytes += g->held_bytes;
    }
}

int il_model_summary_measure(il_model_summary *out, const il_model *model, il_model_summary_opts opts, il_err *e)
{
    il_model_summary a = { .opts = opts };
    int rc = choose_groups(&a, model->state, e);
    if (!rc) {
        weigh(&a, model->state);
        rc = pass(&a.peak_evaluation, &a, model, false, e); /* folds batch norms, which is done only once */
    }
    if (!rc)
        rc = pass(&a.peak_evaluation, &a, model, false, e);
    if (!rc)
        rc = pass(&a.peak_training, &a, model, true, e);
    if (rc) {
        il_model_summary_free(&a);
        return rc;
    }
    add_up(&a);
    *out = a;
    return IL_OK;
}
