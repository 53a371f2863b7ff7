/* dice.c - loss: soft Dice (Milletari et al. 2016), with plain sums below the fraction bar.
 * Per picture 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth), p = sigmoid(logit); mean over the batch. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct dice {
    double smooth;
};

static const il_param_spec dice_params[] = {
    { .name = "smooth", .type = IL_REAL, .fallback = "1", .min = 1e-6, .max = 1e9,
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

static il_tensor *dice_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target)
{
    const struct dice *d = self;
    il_tensor *p = il_sigmoid(s, logit);
    il_tensor *both = il_sum_to(s, il_mul(s, p, target), 1);
    il_tensor *all = il_add(s, il_sum_to(s, p, 1), il_sum_to(s, target, 1));
    il_tensor *overlap = il_div(s, il_affine(s, both, 2, d->smooth), il_affine(s, all, 1, d->smooth)); /* (N) */
    return il_affine(s, il_mean(s, overlap), -1, 1);
}

static const il_loss_ops ops = { .forward = dice_forward };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_LOSS, .name = "dice", .revision = 1,
    .summary = "soft Dice loss per picture, mean over the batch",
    .params = dice_params, .open = dice_open, .close = free, .loss = &ops,
};
