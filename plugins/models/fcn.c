/* fcn.c - model: FCN-ResNet50 (Long et al. 2015; He et al. 2016), one class; torchvision's fcn_resnet50(aux_loss=True).
 * Names, order and shapes are those of torchvision's state dict: its weights load (skip the two last convolutions). */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

enum { STAGES = 4, MOST_BLOCKS = 6, EXPANSION = 4 };

/* 1x1, 3x3 (which strides and dilates), 1x1; conv[3] and norm[3] are the shortcut's, where it is no identity. */
struct bottleneck {
    il_conv conv[4];
    il_norm norm[4];
    bool widens;
};

struct stage {
    struct bottleneck blocks[MOST_BLOCKS];
    int count;
};

struct head {
    il_conv conv, last;
    il_norm norm;
};

struct fcn {
    double dropout;
    il_conv stem;
    il_norm stem_norm;
    struct stage stages[STAGES];
    struct head classifier, aux;
};

static const il_param_spec fcn_params[] = {
    { .name = "dropout",
      .type = IL_PARAM_REAL,
      .fallback = "0.1",
      .min = 0,
      .max = 0.99,
      .help = "share of features dropped before the last convolution, in training" },
    { .name = NULL },
};

static int fcn_open(void **out, const il_params *p, il_err *e)
{
    struct fcn *f = calloc(1, sizeof *f);
    if (!f)
        return il_fail_oom(e);
    f->dropout = il_params_real(p, "dropout");
    *out = f;
    return IL_OK;
}

/* ---- declaration ---- */

struct block_spec {
    int in, width, stride, dilation;
    bool widens;
};

static struct bottleneck declare_block(il_state *st, const char *prefix, struct block_spec b)
{
    const int out = b.width * EXPANSION;
    const il_conv_spec specs[3] = {
        { .in = b.in, .out = b.width, .kernel = 1 },
        { .in = b.width,
          .out = b.width,
          .kernel = 3,
          .opts = { .stride = b.stride, .padding = b.dilation, .dilation = b.dilation } },
        { .in = b.width, .out = out, .kernel = 1 },
    };
    struct bottleneck k = { .widens = b.widens };
    for (int i = 0; i < 3; i++) {
        il_conv_spec spec = specs[i];
        spec.no_bias = spec.fan_out = true;
        k.conv[i] = il_conv_declare(st, il_name("%s.conv%d", prefix, i + 1).text, spec);
        k.norm[i] = il_norm_declare(st, il_name("%s.bn%d", prefix, i + 1).text, spec.out);
    }
    if (b.widens) {
        const il_conv_spec spec = {
            .in = b.in, .out = out, .kernel = 1, .opts = { .stride = b.stride }, .no_bias = true, .fan_out = true
        };
        k.conv[3] = il_conv_declare(st, il_name("%s.downsample.0", prefix).text, spec);
        k.norm[3] = il_norm_declare(st, il_name("%s.downsample.1", prefix).text, out);
    }
    return k;
}

static struct head declare_head(il_state *st, const char *prefix, int in)
{
    const int mid = in / 4;
    const il_conv_spec conv = { .in = in, .out = mid, .kernel = 3, .opts = { .padding = 1 }, .no_bias = true };
    struct head h;
    h.conv = il_conv_declare(st, il_name("%s.0", prefix).text, conv);
    h.norm = il_norm_declare(st, il_name("%s.1", prefix).text, mid);
    h.last = il_conv_declare(st, il_name("%s.4", prefix).text, (il_conv_spec){ .in = mid, .out = 1, .kernel = 1 });
    return h;
}

/* The last two stages dilate instead of striding: features stay at 1/8 of the picture. */
static void declare_stages(struct fcn *f, il_state *st)
{
    static const struct {
        int count, width, stride, first_dilation, dilation;
    } plan[STAGES] = { { 3, 64, 1, 1, 1 }, { 4, 128, 2, 1, 1 }, { 6, 256, 1, 1, 2 }, { 3, 512, 1, 2, 4 } };

    int in = 64;
    for (int i = 0; i < STAGES; i++) {
        f->stages[i].count = plan[i].count;
        for (int j = 0; j < plan[i].count; j++) {
            const struct block_spec spec = {
                .in = in,
                .width = plan[i].width,
                .stride = j ? 1 : plan[i].stride,
                .dilation = j ? plan[i].dilation : plan[i].first_dilation,
                .widens = j == 0,
            };
            f->stages[i].blocks[j] = declare_block(st, il_name("backbone.layer%d.%d", i + 1, j).text, spec);
            in = plan[i].width * EXPANSION;
        }
    }
}

static int fcn_build(void *self, il_state *st, il_err *e)
{
    struct fcn *f = self;
    f->stem = il_conv_declare(
        st, "backbone.conv1",
        (il_conv_spec){
            .in = 3, .out = 64, .kernel = 7, .opts = { .stride = 2, .padding = 3 }, .no_bias = true, .fan_out = true });
    f->stem_norm = il_norm_declare(st, "backbone.bn1", 64);
    declare_stages(f, st);
    f->classifier = declare_head(st, "classifier", 2048);
    f->aux = declare_head(st, "aux_classifier", 1024);
    return il_state_status(st, e);
}

/* ---- forward: every part works in a scope of its own, so that only what autograd needs outlives it ---- */

static il_tensor *block(il_scope *outer, const void *self, il_tensor *x)
{
    const struct bottleneck *b = self;
    il_scope *s = il_scope_nest(outer);
    il_tensor *y = il_conv_norm_relu_apply(s, &b->conv[0], &b->norm[0], x);
    y = il_conv_norm_relu_apply(s, &b->conv[1], &b->norm[1], y);
    y = il_conv_norm_apply(s, &b->conv[2], &b->norm[2], y);
    if (b->widens)
        x = il_conv_norm_apply(s, &b->conv[3], &b->norm[3], x);
    y = il_lift(s, il_relu_(s, il_add_(s, y, x)));
    il_scope_close(s);
    return y;
}

/* Each block's input is given up as soon as its output is there. */
static il_tensor *stage(il_scope *outer, const struct stage *g, il_tensor *x)
{
    il_scope *held = NULL;
    for (int i = 0; i < g->count; i++) {
        il_scope *s = il_scope_nest(outer);
        x = il_recompute(s, block, &g->blocks[i], x);
        il_scope_close(held);
        held = s;
    }
    x = il_lift(held, x);
    il_scope_close(held);
    return x;
}

static il_tensor *stem(il_scope *outer, const struct fcn *f, il_tensor *image)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = il_conv_norm_relu_apply(s, &f->stem, &f->stem_norm, image);
    x = il_lift(s, il_max_pool2d(s, x, 3, 2, 1));
    il_scope_close(s);
    return x;
}

/* features -> logits at the picture's size */
static il_tensor *head(il_scope *outer, const struct fcn *f, const struct head *h, il_tensor *x, il_tensor *image)
{
    if (!x || !image)
        return NULL;
    il_scope *s = il_scope_nest(outer);
    x = il_conv_norm_relu_apply(s, &h->conv, &h->norm, x);
    x = il_conv_apply(s, &h->last, il_dropout(s, x, f->dropout));
    x = il_lift(s, il_upsample_bilinear(s, x, il_dim(image, 2), il_dim(image, 3)));
    il_scope_close(s);
    return x;
}

static il_tensor *fcn_forward(const void *self, il_scope *outer, il_tensor *image, il_tensor **aux)
{
    const struct fcn *f = self;
    il_scope *held = il_scope_nest(outer);
    il_tensor *x = stem(held, f, image);
    for (int i = 0; i < STAGES; i++) {
        if (i == 3 && aux)
            *aux = head(outer, f, &f->aux, x, image);
        il_scope *s = il_scope_nest(outer);
        x = stage(s, &f->stages[i], x);
        il_scope_close(held);
        held = s;
    }
    x = head(outer, f, &f->classifier, x, image);
    il_scope_close(held);
    return x;
}

static const il_model_ops ops = { .build = fcn_build, .forward = fcn_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "fcn",
    .revision = 1,
    .summary = "FCN-ResNet50 with an auxiliary head, as torchvision's (35,306,818 parameters)",
    .params = fcn_params,
    .open = fcn_open,
    .close = free,
    .model = &ops,
};
