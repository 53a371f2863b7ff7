/* my_plugin.c - loss: Tversky loss (Salehi et al. 2017), 1 - tp / (tp + alpha fp + beta fn) on soft counts.
 * A loss is one formula of logits and targets; libtorch derives the gradient. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct my_plugin {
    double alpha, beta;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "alpha", .type = IL_PARAM_REAL, .fallback = "0.5", .min = 0, .max = 1, .help = "weight of false positives" },
    { .name = "beta", .type = IL_PARAM_REAL, .fallback = "0.5", .min = 0, .max = 1, .help = "weight of false negatives" },
    { .name = NULL },
};

static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    struct my_plugin *l = malloc(sizeof *l);
    if (!l)
        return il_fail_oom(e);
    *l = (struct my_plugin){ .alpha = il_params_real(p, "alpha"), .beta = il_params_real(p, "beta") };
    *out = l;
    return IL_OK;
}

/* logit, target (N,1,H,W) -> 0-d. Pixels where valid is 0 do not count (NULL: all count): here they become clean ones without
 * a score, which add nothing to any sum. 1 is added above and below, so that a batch in which nothing is inpainted has a loss. */
static il_tensor *my_plugin_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const struct my_plugin *l = self;
    il_tensor *p = il_sigmoid(s, il_where(s, valid, logit, -INFINITY));
    il_tensor *t = il_where(s, valid, target, 0);
    il_tensor *tp = il_sum(s, il_mul(s, p, t));
    il_tensor *fp = il_sub(s, il_sum(s, p), tp);
    il_tensor *fn = il_sub(s, il_sum(s, t), tp);
    il_tensor *wrong = il_add(s, il_affine(s, fp, l->alpha, 0), il_affine(s, fn, l->beta, 0));
    il_tensor *right = il_affine(s, tp, 1, 1);
    return il_affine(s, il_div(s, right, il_add(s, right, wrong)), -1, 1);
}

static const il_loss_ops ops = { .forward = my_plugin_forward };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_KIND_LOSS, .name = "my_plugin", .revision = 1, /* raise it when results change */
    .summary = "Tversky loss", .vendor = "my_plugin's authors", .version = "0.1.0",
    .params = my_plugin_params, .open = my_plugin_open, .close = free, .loss = &ops,
};
