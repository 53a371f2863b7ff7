/* step.c - one training step, in parts where a batch is split. */
#include "torch/counts.h"
#include "torch/pixels.h"
#include "train/step.h"

int il_step_adam(il_adam **out, const il_training *t, il_state *state, il_err *e)
{
    il_adam_opts o = { .size = sizeof o,
                       .lr = t->lr,
                       .weight_decay = t->weight_decay,
                       .decoupled = t->decoupled,
                       .clip = t->clip,
                       .scaling = t->precision == IL_PRECISION_FP16 };
    return il_adam_new(out, state, &o, e);
}

/* A batch, on the host or on the device. */
struct input {
    const il_batch *batch;
    il_tensor *image, *target; /* NULL: each part's pixels are copied to the device when it is computed */
    il_tensor *valid;          /* NULL: every pixel counts */
};

/* Images of a batch that are computed together, and their results. */
struct part {
    int first, n;
    il_share share;  /* with other ranks */
    il_tensor *loss; /* its share of the batch's loss */
    il_tensor *counts;
};

/* Of several ranks each sends the pictures that are its own, and all masks. */
static struct input send_part(il_scope *s, const il_step *x, const il_batch *b, int first, int n)
{
    size_t area = (size_t)b->height * (size_t)b->width, skip = (size_t)first;
    int own = n;
    const uint8_t *pixels = x->turn ? il_turn_pixels(&own, x->turn, first, n) : b->pixels + 3 * area * skip;
    struct input sent = {
        .batch = b,
        .image = il_from_pixels(s, pixels, own ? own : 1, b->height, b->width, 3, b->shades),
        .target = il_from_pixels(s, b->greys + area * skip, n, b->height, b->width, 1, b->labels),
    };
    if (b->valid)
        sent.valid = il_from_pixels(s, b->valid + area * skip, n, b->height, b->width, 1, b->counts);
    return sent;
}

static struct input slice_part(il_scope *s, const struct input *in, int first, int n)
{
    return (struct input){ .batch = in->batch,
                           .image = il_slice(s, in->image, 0, first, first + n),
                           .target = il_slice(s, in->target, 0, first, first + n) };
}

/* Its share of the pixels that count in the batch. */
static double share_of(const il_batch *b, int first, int n)
{
    size_t area = (size_t)b->height * (size_t)b->width, all = 0, own = 0;
    if (!b->valid)
        return (double)n / b->n;
    for (size_t i = 0; i < area * (size_t)b->n; i++) {
        all += b->valid[i];
        own += b->valid[i] && i >= area * (size_t)first && i < area * (size_t)(first + n);
    }
    return all ? (double)own / (double)all : 0;
}

/* Which rank computes which of its pictures. */
static void share_part(struct part *p, const il_turn *t, il_scope *s)
{
    p->share = (il_share){ .world = t->world, .owner = t->owner + p->first, .whole = p->n };
    il_turn_pixels(&p->share.own, t, p->first, p->n);
    il_scope_share(s, &p->share);
}

static int train_part(struct part *p, const il_step *x, const struct input *in, il_scope *outer, il_err *e)
{
    double aux_weight = x->how->aux_weight;
    il_scope *s = il_scope_nest(outer);
    il_tensor *aux = NULL;
    struct input own = in->image ? slice_part(s, in, p->first, p->n) : send_part(s, x, in->batch, p->first, p->n);
    double share = share_of(in->batch, p->first, p->n);
    if (x->turn)
        share_part(p, x->turn, s);
    il_tensor *logit = il_gather_rows(s, il_model_forward(x->model, s, own.image, aux_weight > 0 ? &aux : NULL));
    aux = aux ? il_gather_rows(s, aux) : NULL;
    il_tensor *loss = il_loss_forward(x->loss, s, logit, own.target, own.valid);
    il_tensor *objective = loss;
    if (aux)
        objective = il_add(s, loss,
                           il_affine(s, il_loss_forward(x->loss, s, aux, own.target, own.valid), aux_weight, 0));
    objective = il_adam_scaled(x->adam, s, il_affine(s, objective, share, 0));
    int rc = il_backward(s, objective, e);
    if (!rc) {
        p->loss = il_lift(s, il_affine(s, il_detach(s, loss), share, 0));
        p->counts = il_lift(s, il_confusion(s, il_detach(s, logit), own.target, own.valid));
        rc = il_scope_status(s, e);
    }
    il_scope_close(s);
    return rc;
}

enum { LOSS, COUNTS, RESULTS };

/* The results belong to `outer`. */
static int compute(il_tensor *out[RESULTS], const il_step *x, const struct input *in, il_scope *outer, il_err *e)
{
    il_scope *s = NULL;
    il_scope_opts o = { .size = sizeof o,
                        .device = x->model->device,
                        .training = true,
                        .seed = x->seed,
                        .flops = x->flops,
                        .precision = x->model->precision,
                        .recompute = x->how->recompute };
    int n = in->batch->n, parts = x->how->accumulate < n ? x->how->accumulate : n;
    int rc = il_scope_open(&s, &o, e);
    il_tensor *loss = NULL, *counts = NULL;
    struct part p = { .first = 0 };
    for (int i = 0; i < parts && !rc; i++, p.first += p.n) {
        p.n = (n - p.first) / (parts - i);
        il_reducer_listen(x->reducer, i == parts - 1);
        rc = train_part(&p, x, in, s, e);
        loss = loss ? il_add(s, loss, p.loss) : p.loss;
        counts = counts ? il_cat(s, (il_tensor *[]){ counts, p.counts }, 2, 0) : p.counts;
    }
    if (!rc)
        rc = il_scope_status(s, e);
    if (!rc) {
        out[LOSS] = il_adopt(outer, il_keep(s, il_detach(s, loss)));
        out[COUNTS] = il_adopt(outer, il_keep(s, counts));
    }
    il_scope_close(s); /* before the step, so that activations and Adam's first allocations do not coexist */
    if (!rc && x->reducer)
        rc = il_reducer_end(x->reducer, e);
    return rc ? rc : il_adam_step(x->adam, e);
}

/* ---- recording and replaying ---- */

struct replayed {
    const il_step *step;
    const il_batch *batch;
};

static int compute_sent(void *context, il_scope *s, il_tensor *const in[], il_tensor *out[], il_err *e)
{
    const struct replayed *r = context;
    const struct input sent = { .batch = r->batch, .image = in[0], .target = in[1] };
    return compute(out, r->step, &sent, s, e);
}

static int replay(il_tensor *out[RESULTS], const il_step *x, const il_batch *b, il_scope *s, il_err *e)
{
    struct replayed r = { .step = x, .batch = b };
    struct input sent = send_part(s, x, b, 0, b->n);
    il_tensor *in[2] = { sent.image, sent.target };
    const il_cuda_graph_work work = { .body = compute_sent,
                                      .context = &r,
                                      .in = in,
                                      .ins = 2,
                                      .out = out,
                                      .outs = RESULTS,
                                      .seed = x->seed,
                                      .state = x->model->state };
    return il_cuda_graph_run(x->graph, s, &work, e);
}

int il_step_train(il_tally *t, const il_step *x, const il_batch *b, il_err *e)
{
    il_scope *s = NULL;
    il_tensor *out[RESULTS] = { NULL };
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = x->model->device), e);
    if (!rc)
        rc = x->graph && !b->valid ? replay(out, x, b, s, e) : compute(out, x, &(struct input){ .batch = b }, s, e);
    if (!rc)
        rc = il_tally_add(t, s, out[LOSS], out[COUNTS], b, e);
    il_scope_close(s);
    return !rc && x->how->freeze ? il_state_restore(x->model->state, e) : rc;
}
