/* unet.c - model: the quickstart's small detector; two scales, picture and noise residual side by side. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/residual.h>

enum { COARSE = 4 };

struct layer {
    il_conv conv;
    il_norm norm;
};

struct unet {
    int fine, coarse;
    double level;
    bool residual;
    struct layer at_full[2], at_half[COARSE], merge;
    il_conv head;
};

static const il_param_spec unet_params[] = {
    { .name = "fine", .type = IL_PARAM_INT, .fallback = "24", .min = 1, .max = 1024, .help = "channels at full size" },
    { .name = "coarse",
      .type = IL_PARAM_INT,
      .fallback = "48",
      .min = 1,
      .max = 1024,
      .help = "channels at half size" },
    { .name = "level",
      .type = IL_PARAM_REAL,
      .fallback = "8",
      .min = 1e-3,
      .max = 255,
      .help = "truncation of the noise residual, in grey levels" },
    { .name = "residual",
      .type = IL_PARAM_BOOL,
      .fallback = "true",
      .help = "whether the noise residual is an input too" },
    { .name = NULL },
};

static int unet_open(void **out, const il_params *p, il_err *e)
{
    struct unet *u = calloc(1, sizeof *u);
    if (!u)
        return il_fail_oom(e);
    u->fine = (int)il_params_int(p, "fine");
    u->coarse = (int)il_params_int(p, "coarse");
    u->level = il_params_real(p, "level");
    u->residual = il_params_bool(p, "residual");
    *out = u;
    return IL_OK;
}

struct layer_spec {
    int in, out, stride;
};

static struct layer declare_layer(il_state *st, const char *prefix, struct layer_spec l)
{
    const il_conv_spec spec = {
        .in = l.in, .out = l.out, .kernel = 3, .opts = { .stride = l.stride, .padding = 1 }, .no_bias = true
    };
    struct layer layer;
    layer.conv = il_conv_declare(st, il_name("%s.0", prefix).text, spec);
    layer.norm = il_norm_declare(st, il_name("%s.1", prefix).text, l.out);
    return layer;
}

static int unet_build(void *self, il_state *st, il_err *e)
{
    struct unet *u = self;
    const int fine = u->fine, coarse = u->coarse;
    u->at_full[0] = declare_layer(st, "fine0", (struct layer_spec){ u->residual ? 6 : 3, fine, 1 });
    u->at_full[1] = declare_layer(st, "fine1", (struct layer_spec){ fine, fine, 1 });
    for (int i = 0; i < COARSE; i++)
        u->at_half[i] = declare_layer(st, il_name("coarse%d", i).text,
                                      (struct layer_spec){ i ? coarse : fine, coarse, i ? 1 : 2 });
    u->merge = declare_layer(st, "merge", (struct layer_spec){ fine + coarse, fine, 1 });
    u->head = il_conv_declare(st, "head", (il_conv_spec){ .in = fine, .out = 1, .kernel = 1 });
    return il_state_status(st, e);
}

static il_tensor *apply(il_scope *s, const void *self, il_tensor *x)
{
    const struct layer *l = self;
    return il_conv_norm_relu_apply(s, &l->conv, &l->norm, x);
}

static il_tensor *unet_forward(const void *self, il_scope *outer, il_tensor *image, il_tensor **aux)
{
    const struct unet *u = self;
    if (aux)
        *aux = NULL;
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = image;
    if (u->residual) {
        il_tensor *noise = il_affine(s, il_residual_truncated(s, image, u->level), 1 / u->level, 0); /* in [-1, 1] */
        x = il_cat(s, (il_tensor *[]){ image, noise }, 2, 1);
    }
    il_tensor *fine = apply(s, &u->at_full[1], apply(s, &u->at_full[0], x)), *coarse = fine;
    for (int i = 0; i < COARSE; i++)
        coarse = il_recompute(s, apply, &u->at_half[i], coarse);
    if (fine)
        coarse = il_upsample_nearest(s, coarse, il_dim(fine, 2), il_dim(fine, 3));
    x = apply(s, &u->merge, il_cat(s, (il_tensor *[]){ fine, coarse }, 2, 1));
    x = il_lift(s, il_conv_apply(s, &u->head, x));
    il_scope_close(s);
    return x;
}

static const il_model_ops ops = { .build = unet_build, .forward = unet_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "unet",
    .revision = 1,
    .summary = "small detector of two scales on picture and noise residual (95,161 parameters)",
    .params = unet_params,
    .open = unet_open,
    .close = free,
    .model = &ops,
};
