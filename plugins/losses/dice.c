/* dice.c - loss: soft Dice (Milletari et al. 2016), with plain sums below the fraction bar.
 * Per picture 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth), p = sigmoid(logit); mean over
 * the batch, without pictures of which no pixel counts. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct dice {
    double smooth;
};

static const il_param_spec dice_params[] = {
    { .name = "smooth",
      .type = IL_PARAM_REAL,
      .fallback = "1",
      .min = 1e-6,
      .max = 1e9,
      .help = "added to numerator and denominator, in pixels: an empty mask that is predicted empty costs nothing" },
    { .name = NULL },
};

static int dice_open(void **out, const il_params *p, il_err *e)
{
    struct dice *d = malloc(sizeof *d);
    if (!d)
        return il_fail_oom(e);
    *d = (struct dice){ .smooth = il_params_real(p, "smooth") };
    *out = d;
    return IL_OK;
}

static il_tensor *dice_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const struct dice *d = self;
    il_tensor *p = il_sigmoid(s, il_where(s, valid, logit, -INFINITY)); /* 0 where pixels do not count */
    il_tensor *t = il_where(s, valid, target, 0);
    il_tensor *both = il_sum_to(s, il_mul(s, p, t), 1);
    il_tensor *all = il_add(s, il_sum_to(s, p, 1), il_sum_to(s, t, 1));
    il_tensor *overlap = il_div(s, il_affine(s, both, 2, d->smooth), il_affine(s, all, 1, d->smooth)); /* (N) */
    if (!valid)
        return il_affine(s, il_mean(s, overlap), -1, 1);
    il_tensor *counts = il_greater(s, il_sum_to(s, valid, 1), 0); /* (N): pictures with a pixel that counts */
    return il_mean_where(s, il_affine(s, overlap, -1, 1), counts);
}

static const il_loss_ops ops = { .forward = dice_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_LOSS,
    .name = "dice",
    .revision = 1,
    .summary = "soft Dice loss per picture, mean over the batch",
    .params = dice_params,
    .open = dice_open,
    .close = free,
    .loss = &ops,
};
