/* nix.c - model: NIX-Net, two streams (picture and noise residual) of three scales each, fused and decoded.
 * Names, order and shapes are those of the published state dicts: 40M, 60M and 85M at width 128. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/residual.h>

/* How it collapses. The last layers leave one channel: logit = w * ReLU(...) + b, with a single weight w and bias b, which are
 * drawn from -1 to 1 (one input). As the ReLU is never negative, w < 0 and b < 0 bound every logit by b: no pixel can be marked,
 * while the loss falls all the same, as w and b fit the share of the mask. IoU is then exactly 0, as in table 6. Likewise w > 0
 * and b > 0 marks every pixel: IoU is the mask's share. Each is one initialization in four. Leaving it takes b across 0: at a rate
 * of 1e-4, thousands of steps. The engine tells of both (runs.collapse). The remedy is another seed, or `head: linear`, whose
 * logits no two numbers bound. */

enum { STREAMS = 2, SCALES = 3 };

struct shrink { /* residual block that halves the size */
    il_conv conv[2], shortcut;
    il_norm norm[2], shortcut_norm;
};

struct fusion { /* an arrow between each two scales, with weights of its own; named as in the state dict */
    il_conv upsample_1, upsample_2[2], stride_1, upsample_3, stride_2[2], stride_3;
};

struct conv_block {
    il_conv conv[2];
    il_norm norm[2];
    int count;
};

struct nix {
    int size, width;
    bool truncated, linear;
    double truncation;
    struct shrink shrink[STREAMS][SCALES];
    struct fusion fusion[3]; /* one per stream, then one of both */
    struct conv_block merge[SCALES], head;
    il_conv upsample_1, upsample_2[2], logit;
};

/* One stream's features, finest first. */
struct pyramid {
    il_tensor *at[SCALES];
};

static const il_param_spec nix_params[] = {
    { .name = "size",
      .type = IL_PARAM_TEXT,
      .fallback = "40",
      .choices = "40|60|85",
      .help = "published variant, in millions of parameters at width 128" },
    { .name = "width",
      .type = IL_PARAM_INT,
      .fallback = "128",
      .min = 1,
      .max = 1024,
      .help = "channels of the finest scale; every other width follows it" },
    { .name = "residual",
      .type = IL_PARAM_TEXT,
      .fallback = "published",
      .choices = "published|truncated",
      .help = "second input: as the published networks were trained, or the plain truncated filter output" },
    { .name = "truncation",
      .type = IL_PARAM_REAL,
      .fallback = "3",
      .min = 1e-3,
      .max = 255,
      .help = "level of the truncated residual, in grey levels" },
    { .name = "head",
      .type = IL_PARAM_TEXT,
      .fallback = "published",
      .choices = "published|linear",
      .help =
          "how it ends: in one channel behind batch norm and ReLU, as published, or in a plain 1x1 convolution of all" },
    { .name = NULL },
};

static int nix_open(void **out, const il_params *p, il_err *e)
{
    struct nix *n = calloc(1, sizeof *n);
    if (!n)
        return il_fail_oom(e);
    n->size = (int)strtol(il_params_text(p, "size"), NULL, 10);
    n->width = (int)il_params_int(p, "width");
    n->truncated = strcmp(il_params_text(p, "residual"), "truncated") == 0;
    n->truncation = il_params_real(p, "truncation");
    n->linear = strcmp(il_params_text(p, "head"), "linear") == 0;
    *out = n;
    return IL_OK;
}

/* ---- declaration ---- */

static struct shrink declare_shrink(il_state *st, const char *prefix, int in, int out)
{
    const il_conv_spec first = { .in = in, .out = out, .kernel = 3, .opts = { .padding = 1 }, .no_bias = true };
    const il_conv_spec second = {
        .in = out, .out = out, .kernel = 3, .opts = { .stride = 2, .padding = 1 }, .no_bias = true
    };
    const il_conv_spec shortcut = { .in = in, .out = out, .kernel = 1, .opts = { .stride = 2 }, .no_bias = true };
    struct shrink b;
    b.conv[0] = il_conv_declare(st, il_name("%s.conv1", prefix).text, first);
    b.norm[0] = il_norm_declare(st, il_name("%s.bn1", prefix).text, out);
    b.conv[1] = il_conv_declare(st, il_name("%s.conv2", prefix).text, second);
    b.norm[1] = il_norm_declare(st, il_name("%s.bn2", prefix).text, out);
    b.shortcut = il_conv_declare(st, il_name("%s.shortcut.0", prefix).text, shortcut);
    b.shortcut_norm = il_norm_declare(st, il_name("%s.shortcut.1", prefix).text, out);
    return b;
}

static il_conv declare_up(il_state *st, const char *prefix, const char *name, int in, int out)
{
    return il_conv_declare(st, il_name("%s%s.conv", prefix, name).text,
                           (il_conv_spec){ .in = in, .out = out, .kernel = 1 });
}

static il_conv declare_down(il_state *st, const char *prefix, const char *name, int in, int out)
{
    return il_conv_declare(st, il_name("%s%s.conv", prefix, name).text,
                           (il_conv_spec){ .in = in, .out = out, .kernel = 3, .opts = { .stride = 2, .padding = 1 } });
}

static struct fusion declare_fusion(il_state *st, const char *prefix, int width)
{
    const int w1 = width, w2 = 2 * width, w3 = 4 * width;
    struct fusion f;
    f.upsample_1 = declare_up(st, prefix, "upsample_1", w2, w1);
    f.upsample_2[0] = declare_up(st, prefix, "upsample_2.0", w3, w2);
    f.upsample_2[1] = declare_up(st, prefix, "upsample_2.1", w2, w1);
    f.stride_1 = declare_down(st, prefix, "stride_1", w1, w2);
    f.upsample_3 = declare_up(st, prefix, "upsample_3", w3, w2);
    f.stride_2[0] = declare_down(st, prefix, "stride_2.0", w1, w2);
    f.stride_2[1] = declare_down(st, prefix, "stride_2.1", w2, w3);
    f.stride_3 = declare_down(st, prefix, "stride_3", w2, w3);
    return f;
}

/* out 0: without the second convolution */
static struct conv_block declare_block(il_state *st, const char *prefix, int in, int out)
{
    const int widths[2] = { in, out };
    struct conv_block b = { .count = out ? 2 : 1 };
    for (int i = 0; i < b.count; i++) {
        const il_conv_spec spec = { .in = in, .out = widths[i], .kernel = 3, .opts = { .padding = 1 } };
        b.conv[i] = il_conv_declare(st, il_name("%s.conv%d.0", prefix, i + 1).text, spec);
        b.norm[i] = il_norm_declare(st, il_name("%s.conv%d.1", prefix, i + 1).text, widths[i]);
    }
    return b;
}

/* 40M halves each merged scale; 60M and 85M keep it, and 85M also where it goes up to the finest scale. */
static int nix_build(void *self, il_state *st, il_err *e)
{
    struct nix *n = self;
    const int w = n->width, merged = n->size == 40 ? w : 2 * w;
    const bool keep = n->size == 85;
    const int joined = (keep ? 7 : 3) * merged;
    for (int i = 0; i < STREAMS; i++)
        for (int j = 0; j < SCALES; j++) {
            const int in = j == 0 ? 3 : w << (j - 1);
            n->shrink[i][j] = declare_shrink(st, il_name("res_%d_%c", j + 1, "xr"[i]).text, in, w << j);
        }
    for (int i = 0; i < 3; i++)
        n->fusion[i] = declare_fusion(st, il_name("fusion_%d.", i + 1).text, i < 2 ? w : merged);
    for (int j = 0; j < SCALES; j++)
        n->merge[j] = declare_block(st, il_name("conv_%d", j + 1).text, (2 * w) << j, merged << j);
    n->head = declare_block(st, "conv_4", joined, n->linear ? 0 : 1);
    n->upsample_1 = declare_up(st, "", "upsample_1", 2 * merged, keep ? 2 * merged : merged);
    n->upsample_2[0] = declare_up(st, "", "upsample_2.0", 4 * merged, keep ? 4 * merged : 2 * merged);
    n->upsample_2[1] = declare_up(st, "", "upsample_2.1", keep ? 4 * merged : 2 * merged, keep ? 4 * merged : merged);
    /* of another name, so that weights of one head are refused for the other */
    n->logit = n->linear ? declare_up(st, "", "linear", joined, 1) : declare_up(st, "", "upsample_3", 1, 1);
    return il_state_status(st, e);
}

/* ---- forward: every part works in a scope of its own, so that only what autograd needs outlives it ---- */

static il_tensor *shrink(il_scope *outer, const void *self, il_tensor *x)
{
    const struct shrink *b = self;
    il_scope *s = il_scope_nest(outer);
    il_tensor *y = il_conv_norm_relu_apply(s, &b->conv[0], &b->norm[0], x);
    y = il_conv_norm_apply(s, &b->conv[1], &b->norm[1], y);
    il_tensor *shortcut = il_conv_norm_apply(s, &b->shortcut, &b->shortcut_norm, x);
    y = il_lift(s, il_relu_(s, il_add_(s, y, shortcut)));
    il_scope_close(s);
    return y;
}

/* To the size of the finer map `like` and through a 1x1 convolution: which first makes no difference (the weights of an
 * interpolation sum to 1) but of cost, a quarter this way. */
static il_tensor *up(il_scope *s, const il_conv *c, il_tensor *x, il_tensor *like)
{
    if (!x || !like)
        return NULL;
    return il_upsample_bilinear(s, il_conv_apply(s, c, x), il_dim(like, 2), il_dim(like, 3));
}

static il_tensor *up_twice(il_scope *s, const il_conv c[2], struct pyramid f)
{
    return up(s, &c[1], up(s, &c[0], f.at[2], f.at[1]), f.at[0]);
}

static il_tensor *sum3(il_scope *s, il_tensor *a, il_tensor *b, il_tensor *c)
{
    return il_add(s, il_add(s, a, b), c);
}

static struct pyramid fuse(il_scope *outer, const struct fusion *u, struct pyramid f)
{
    il_tensor *x1 = f.at[0], *x2 = f.at[1], *x3 = f.at[2];
    il_scope *s = il_scope_nest(outer);
    il_tensor *down_twice = il_conv_apply(s, &u->stride_2[1], il_conv_apply(s, &u->stride_2[0], x1));
    struct pyramid y = { {
        il_lift(s, sum3(s, x1, up(s, &u->upsample_1, x2, x1), up_twice(s, u->upsample_2, f))),
        il_lift(s, sum3(s, il_conv_apply(s, &u->stride_1, x1), x2, up(s, &u->upsample_3, x3, x2))),
        il_lift(s, sum3(s, down_twice, il_conv_apply(s, &u->stride_3, x2), x3)),
    } };
    il_scope_close(s);
    return y;
}

static il_tensor *conv_block(il_scope *outer, const void *self, il_tensor *x)
{
    const struct conv_block *b = self;
    il_scope *s = il_scope_nest(outer);
    for (int i = 0; i < b->count; i++)
        x = il_conv_norm_relu_apply(s, &b->conv[i], &b->norm[i], x);
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

static struct pyramid stream(il_scope *outer, const struct nix *n, int which, il_tensor *x)
{
    struct pyramid f;
    il_scope *s = il_scope_nest(outer);
    for (int j = 0; j < SCALES; j++)
        f.at[j] = x = il_recompute(s, shrink, &n->shrink[which][j], x);
    f = fuse(s, &n->fusion[which], f);
    for (int j = 0; j < SCALES; j++)
        f.at[j] = il_lift(s, f.at[j]);
    il_scope_close(s);
    return f;
}

/* Both streams, merged scale by scale. */
static struct pyramid merge(il_scope *outer, const struct nix *n, il_tensor *image)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *noise = n->truncated ? il_residual_truncated(s, image, n->truncation) : il_residual_published(s, image);
    const struct pyramid x = stream(s, n, 0, image), r = stream(s, n, 1, noise);
    struct pyramid y;
    for (int j = 0; j < SCALES; j++) {
        il_tensor *both = il_cat(s, (il_tensor *[]){ x.at[j], r.at[j] }, STREAMS, 1);
        y.at[j] = il_lift(s, il_recompute(s, conv_block, &n->merge[j], both));
    }
    il_scope_close(s);
    return y;
}

static il_tensor *nix_forward(const void *self, il_scope *outer, il_tensor *image, il_tensor **aux)
{
    const struct nix *n = self;
    if (aux)
        *aux = NULL;
    il_scope *s = il_scope_nest(outer);
    const struct pyramid f = fuse(s, &n->fusion[2], merge(s, n, image));
    il_tensor *parts[SCALES] = { f.at[0], up(s, &n->upsample_1, f.at[1], f.at[0]), up_twice(s, n->upsample_2, f) };
    il_tensor *x = il_recompute(s, conv_block, &n->head, il_cat(s, parts, SCALES, 1));
    x = il_lift(s, up(s, &n->logit, x, image));
    il_scope_close(s);
    return x;
}

static const il_model_ops ops = { .build = nix_build, .forward = nix_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "nix",
    .revision = 1,
    .summary = "NIX-Net: picture and noise residual in two streams (39,442,053, 60,046,853 or 85,226,501 parameters)",
    .params = nix_params,
    .open = nix_open,
    .close = free,
    .model = &ops,
};
