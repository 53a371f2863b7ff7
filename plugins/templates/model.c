/* my_plugin.c - model: a small convolutional network, a row of 3x3 layers at full size and a 1x1 head.
 * A model declares its tensors in build, and forward reads as the formula. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

enum { DEEPEST = 16 };

struct layer {
    il_conv conv;
    il_norm norm;
};

struct my_plugin {
    int width, depth;
    struct layer layers[DEEPEST];
    il_conv head;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "width", .type = IL_PARAM_INT, .fallback = "16", .min = 1, .max = 1024, .help = "channels of every layer" },
    { .name = "depth", .type = IL_PARAM_INT, .fallback = "3", .min = 1, .max = DEEPEST, .help = "number of layers" },
    { .name = NULL },
};

static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    struct my_plugin *m = calloc(1, sizeof *m);
    if (!m)
        return il_fail_oom(e);
    m->width = (int)il_params_int(p, "width");
    m->depth = (int)il_params_int(p, "depth");
    *out = m;
    return IL_OK;
}

/* Called once. The names become those of the weights file. Errors stay in st, so one look at the end is enough. */
static int my_plugin_build(void *self, il_state *st, il_err *e)
{
    struct my_plugin *m = self;
    for (int i = 0; i < m->depth; i++) {
        il_conv_spec spec = { .in = i ? m->width : 3, .out = m->width, .kernel = 3, .opts = { .padding = 1 },
                              .no_bias = true };
        m->layers[i].conv = il_conv_declare(st, il_name("layer%d.conv", i).text, spec);
        m->layers[i].norm = il_norm_declare(st, il_name("layer%d.norm", i).text, m->width);
    }
    m->head = il_conv_declare(st, "head", (il_conv_spec){ .in = m->width, .out = 1, .kernel = 1 });
    return il_state_status(st, e);
}

/* image (N,3,H,W) in [0,1] -> logits (N,1,H,W). Tensors live until the scope closes; a failed operation yields NULL, which
 * the next ones pass on. */
static il_tensor *my_plugin_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct my_plugin *m = self;
    if (aux)
        *aux = NULL; /* no auxiliary head */
    il_tensor *x = il_affine(s, image, 2, -1);
    for (int i = 0; i < m->depth; i++) {
        x = il_conv_apply(s, &m->layers[i].conv, x);
        x = il_relu_(s, il_norm_apply(s, &m->layers[i].norm, x));
    }
    return il_conv_apply(s, &m->head, x);
}

static const il_model_ops ops = { .build = my_plugin_build, .forward = my_plugin_forward };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_KIND_MODEL, .name = "my_plugin", .revision = 1, /* raise it when results change */
    .summary = "a row of 3x3 convolutions", .vendor = "my_plugin's authors", .version = "0.1.0",
    .params = my_plugin_params, .open = my_plugin_open, .close = free, .model = &ops,
};
