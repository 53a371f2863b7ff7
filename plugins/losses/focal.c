/* focal.c - loss: sigmoid focal loss (Lin et al. 2017), mean over all pixels; torchvision's sigmoid_focal_loss. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct focal {
    double alpha, gamma;
};

static const il_param_spec focal_params[] = {
    { .name = "alpha",
      .type = IL_PARAM_REAL,
      .fallback = "0.25",
      .min = -1,
      .max = 1,
      .help = "weight of inpainted pixels, 1 - alpha that of the others; below 0: no weighting" },
    { .name = "gamma",
      .type = IL_PARAM_REAL,
      .fallback = "2",
      .min = 0,
      .max = 100,
      .help = "focus on hard pixels; 0: none" },
    { .name = NULL },
};

static int focal_open(void **out, const il_params *p, il_err *e)
{
    struct focal *f = malloc(sizeof *f);
    if (!f)
        return il_fail_oom(e);
    *f = (struct focal){ .alpha = il_params_real(p, "alpha"), .gamma = il_params_real(p, "gamma") };
    *out = f;
    return IL_OK;
}

static il_tensor *focal_forward(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    const struct focal *f = self;
    return il_focal(s, logit, target, valid, f->alpha, f->gamma);
}

static const il_loss_ops ops = { .forward = focal_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_LOSS,
    .name = "focal",
    .revision = 1,
    .summary = "sigmoid focal loss, mean over all pixels (the paper's)",
    .params = focal_params,
    .open = focal_open,
    .close = free,
    .loss = &ops,
};
