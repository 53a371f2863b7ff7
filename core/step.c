/* step.c - one step of training, in parts where a batch is cut. */
#include "step.h"

/* Pictures of a batch that are computed together, and what came of them. */
struct part {
    const il_batch *batch;
    int first, n;
    il_tensor *loss; /* its share of the batch's */
    il_tensor *counts;
};

static int train_part(struct part *p, const il_step *x, il_scope *outer, il_err *e)
{
    const il_batch *b = p->batch;
    size_t area = (size_t)b->height * (size_t)b->width, first = (size_t)p->first;
    double aux_weight = x->how->aux_weight, share = (double)p->n / b->n;
    il_scope *s = il_scope_nest(outer);
    il_tensor *image = il_from_pixels(s, b->pixels + 3 * area * first, p->n, b->height, b->width, 3, b->shades);
    il_tensor *target = il_from_pixels(s, b->greys + area * first, p->n, b->height, b->width, 1, b->labels);
    il_tensor *aux = NULL;
    il_tensor *logit = il_model_forward(x->model, s, image, aux_weight > 0 ? &aux : NULL);
    il_tensor *loss = il_loss_forward(x->loss, s, logit, target);
    il_tensor *objective = loss;
    if (aux)
        objective = il_add(s, loss, il_affine(s, il_loss_forward(x->loss, s, aux, target), aux_weight, 0));
    objective = il_adam_scaled(x->adam, s, il_affine(s, objective, share, 0));
    int rc = il_backward(s, objective, e);
    if (rc == IL_OK) {
        p->loss = il_lift(s, il_affine(s, il_detach(s, loss), share, 0));
        p->counts = il_lift(s, il_confusion(s, il_detach(s, logit), target));
        rc = il_scope_status(s, e);
    }
    il_scope_close(s);
    return rc;
}

int il_step_train(il_tally *t, const il_step *x, const il_batch *b, il_err *e)
{
    il_scope *s = NULL;
    il_scope_opts o = { .device = x->model->device, .training = true, .seed = x->seed, .flops = x->flops,
                        .precision = x->model->precision, .recompute = x->how->recompute };
    int rc = il_scope_open(&s, o, e), parts = x->how->accumulate < b->n ? x->how->accumulate : b->n;
    il_tensor *loss = NULL, *counts = NULL;
    struct part p = { .batch = b };
    for (int i = 0; i < parts && rc == IL_OK; i++, p.first += p.n) {
        p.n = (b->n - p.first) / (parts - i);
        rc = train_part(&p, x, s, e);
        loss = loss ? il_add(s, loss, p.loss) : p.loss;
        counts = counts ? il_cat(s, (il_tensor *[]){ counts, p.counts }, 2, 0) : p.counts;
    }
    if (rc == IL_OK)
        rc = il_scope_status(s, e);
    if (rc == IL_OK)
        rc = il_tally_add(t, s, loss, counts, b, e);
    il_scope_close(s); /* before the step: activations and Adam's first allocations need not live together */
    return rc == IL_OK ? il_adam_step(x->adam, e) : rc;
}
