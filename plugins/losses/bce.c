/* bce.c - loss: binary cross-entropy of logits, mean over all pixels; PyTorch's BCEWithLogitsLoss. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct bce {
    double pos_weight;
};

static const il_param_spec bce_params[] = {
    { .name = "pos_weight",
      .type = IL_PARAM_REAL,
      .fallback = "1",
      .min = 0,
      .max = 1e6,
      .help = "factor on the inpainted class; above 1 raises recall" },
    { .name = NULL },
};

static int bce_open(void **out, const il_params *p, il_err *e)
{
    struct bce *b = malloc(sizeof *b);
    if (!b)
        return il_fail_oom(e);
    *b = (struct bce){ .pos_weight = il_params_real(p, "pos_weight") };
    *out = b;
    return IL_OK;
}

/* w t softplus(-x) + (1 - t) softplus(x): with a soft target the weight is on its inpainted share alone. */
static il_tensor *bce_weighted(il_scope *s, il_tensor *logit, il_tensor *target, double weight)
{
    il_tensor *zeros = il_affine(s, target, 0, 0);
    il_tensor *ones = il_affine(s, target, 0, 1);
    il_tensor *inpainted = il_mul(s, il_affine(s, target, weight, 0), il_bce_logits(s, logit, ones));
    il_tensor *authentic = il_mul(s, il_affine(s, target, -1, 1), il_bce_logits(s, logit, zeros));
    return il_add(s, inpainted, authentic);
}

static il_tensor *bce_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const struct bce *b = self;
    il_tensor *x = il_where(s, valid, logit, 0);
    if (b->pos_weight == 1)
        return il_mean_where(s, il_bce_logits(s, x, target), valid);
    return il_mean_where(s, bce_weighted(s, x, target, b->pos_weight), valid);
}

static const il_loss_ops ops = { .forward = bce_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_LOSS,
    .name = "bce",
    .revision = 1,
    .summary = "binary cross-entropy of logits, mean over all pixels",
    .params = bce_params,
    .open = bce_open,
    .close = free,
    .loss = &ops,
};
