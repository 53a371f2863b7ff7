/* segformer.c - model: SegFormer (Xie et al. 2021), the transformer MiT of four stages and a head of linear layers, one class.
 * Names, order and shapes are those of transformers' SegformerForSemanticSegmentation with one label: its weights load (skip
 * "decode_head.classifier.*" of other labels; of an encoder for ImageNet "decode_head.*" and "classifier.*"). */
#include <stdlib.h>
#include <inpaintlab/attention.h>
#include <inpaintlab/plugin.h>

enum { STAGES = 4, SIZES = 4, MOST_BLOCKS = 18, EXPANSION = 4, LEAST_SIDE = 29 };

static const double eps = 1e-5; /* of layer norms */

/* Of the four stages: how much smaller than the stage before, attention heads, by how much keys and values are reduced. The
 * channels of a stage are its heads times those of the first. */
static const struct {
    int kernel, stride, heads, reduction;
} stages[STAGES] = { { 7, 4, 1, 8 }, { 3, 2, 2, 4 }, { 3, 2, 5, 2 }, { 3, 2, 8, 1 } };

static const struct {
    int width, decoder, depth[STAGES];
} sizes[SIZES] = {
    { 32, 256, { 2, 2, 2, 2 } }, { 64, 256, { 2, 2, 2, 2 } }, { 64, 768, { 3, 4, 6, 3 } }, { 64, 768, { 3, 4, 18, 3 } }
};

struct block {
    il_scale norm1, norm2, reduced_norm;
    il_attend attend;
    il_conv reduce; /* weight NULL: keys and values are of all positions */
    il_dense up, down;
    il_conv mix;
    double drop; /* probability that a picture goes past the block, in training */
};

struct stage {
    il_conv embed;
    il_scale embed_norm, norm;
    struct block blocks[MOST_BLOCKS];
    int count;
    il_dense project;
};

struct segformer {
    int size, width, decoder;
    double drop_path, dropout;
    struct stage stages[STAGES];
    il_conv fuse, last;
    il_norm fuse_norm;
};

static const il_param_spec segformer_params[] = {
    { .name = "size",
      .type = IL_PARAM_TEXT,
      .fallback = "b0",
      .choices = "b0|b1|b2|b3",
      .help = "of the encoder, MiT" },
    { .name = "width",
      .type = IL_PARAM_INT,
      .fallback = "0",
      .min = 0,
      .max = 1024,
      .help = "channels of the first stage, which the others follow; 0: by size" },
    { .name = "decoder",
      .type = IL_PARAM_INT,
      .fallback = "0",
      .min = 0,
      .max = 4096,
      .help = "channels of the head; 0: by size" },
    { .name = "drop_path",
      .type = IL_PARAM_REAL,
      .fallback = "0.1",
      .min = 0,
      .max = 0.99,
      .help = "how often a picture goes past the last block, in training; past earlier ones in proportion" },
    { .name = "dropout",
      .type = IL_PARAM_REAL,
      .fallback = "0.1",
      .min = 0,
      .max = 0.99,
      .help = "share of features dropped before the last convolution, in training" },
    { .name = NULL },
};

static int segformer_open(void **out, const il_params *p, il_err *e)
{
    struct segformer *g = calloc(1, sizeof *g);
    if (!g)
        return il_fail_oom(e);
    g->size = il_params_text(p, "size")[1] - '0';
    g->width = (int)il_params_int(p, "width");
    g->decoder = (int)il_params_int(p, "decoder");
    if (!g->width)
        g->width = sizes[g->size].width;
    if (!g->decoder)
        g->decoder = sizes[g->size].decoder;
    g->drop_path = il_params_real(p, "drop_path");
    g->dropout = il_params_real(p, "dropout");
    *out = g;
    return IL_OK;
}

/* ---- declaration ---- */

static il_scale declare_norm(il_state *st, const char *name, int channels)
{
    return il_scale_declare(st, name, (il_scale_spec){ .channels = channels, .eps = eps });
}

static void declare_attention(struct block *b, il_state *st, const char *prefix, int width, int reduction)
{
    const il_dense_spec square = { .in = width, .out = width };
    b->attend.q = il_dense_declare(st, il_name("%s.self.query", prefix).text, square);
    b->attend.k = il_dense_declare(st, il_name("%s.self.key", prefix).text, square);
    b->attend.v = il_dense_declare(st, il_name("%s.self.value", prefix).text, square);
    if (reduction > 1) {
        const il_conv_spec reduce = { .in = width, .out = width, .kernel = reduction, .opts = { .stride = reduction } };
        b->reduce = il_conv_declare(st, il_name("%s.self.sr", prefix).text, reduce);
        b->reduced_norm = declare_norm(st, il_name("%s.self.layer_norm", prefix).text, width);
    }
    b->attend.out = il_dense_declare(st, il_name("%s.output.dense", prefix).text, square);
}

static struct block declare_block(il_state *st, const char *prefix, int width, int stage)
{
    const int inner = EXPANSION * width;
    struct block b = { .attend.heads = stages[stage].heads };
    b.norm1 = declare_norm(st, il_name("%s.layer_norm_1", prefix).text, width);
    declare_attention(&b, st, il_name("%s.attention", prefix).text, width, stages[stage].reduction);
    b.norm2 = declare_norm(st, il_name("%s.layer_norm_2", prefix).text, width);
    b.up = il_dense_declare(st, il_name("%s.mlp.dense1", prefix).text, (il_dense_spec){ .in = width, .out = inner });
    b.mix = il_conv_declare(
        st, il_name("%s.mlp.dwconv.dwconv", prefix).text,
        (il_conv_spec){ .in = inner, .out = inner, .kernel = 3, .opts = { .padding = 1, .groups = inner } });
    b.down = il_dense_declare(st, il_name("%s.mlp.dense2", prefix).text, (il_dense_spec){ .in = inner, .out = width });
    return b;
}

#define ENCODER "segformer.encoder."

/* In the state dict's order: what embeds of all stages, then the blocks, then the norms. */
static void declare_encoder(struct segformer *g, il_state *st)
{
    int in = 3, done = 0, all = 0;
    for (int i = 0; i < STAGES; i++) {
        const int width = stages[i].heads * g->width, kernel = stages[i].kernel;
        const il_conv_spec embed = {
            .in = in, .out = width, .kernel = kernel, .opts = { .stride = stages[i].stride, .padding = kernel / 2 }
        };
        g->stages[i].embed = il_conv_declare(st, il_name(ENCODER "patch_embeddings.%d.proj", i).text, embed);
        g->stages[i].embed_norm = declare_norm(st, il_name(ENCODER "patch_embeddings.%d.layer_norm", i).text, width);
        all += g->stages[i].count = sizes[g->size].depth[i];
        in = width;
    }
    for (int i = 0; i < STAGES; i++)
        for (int j = 0; j < g->stages[i].count; j++) {
            struct block *b = &g->stages[i].blocks[j];
            *b = declare_block(st, il_name(ENCODER "block.%d.%d", i, j).text, stages[i].heads * g->width, i);
            b->drop = g->drop_path * done++ / (all - 1);
        }
    for (int i = 0; i < STAGES; i++)
        g->stages[i].norm = declare_norm(st, il_name(ENCODER "layer_norm.%d", i).text, stages[i].heads * g->width);
}

static int segformer_build(void *self, il_state *st, il_err *e)
{
    struct segformer *g = self;
    declare_encoder(g, st);
    for (int i = 0; i < STAGES; i++)
        g->stages[i].project = il_dense_declare(st, il_name("decode_head.linear_c.%d.proj", i).text,
                                                (il_dense_spec){ .in = stages[i].heads * g->width, .out = g->decoder });
    g->fuse = il_conv_declare(
        st, "decode_head.linear_fuse",
        (il_conv_spec){ .in = STAGES * g->decoder, .out = g->decoder, .kernel = 1, .no_bias = true });
    g->fuse_norm = il_norm_declare(st, "decode_head.batch_norm", g->decoder);
    g->last = il_conv_declare(st, "decode_head.classifier", (il_conv_spec){ .in = g->decoder, .out = 1, .kernel = 1 });
    return il_state_status(st, e);
}

/* ---- forward: every part works in a scope of its own, so that only what autograd needs outlives it ---- */

/* A layer norm over the channels of a map, as a sequence (N,H*W,C). */
static il_tensor *normed(il_scope *s, const il_scale *n, il_tensor *map)
{
    return il_scale_apply(s, n, il_to_sequence(s, map));
}

static il_tensor *normed_map(il_scope *s, const il_scale *n, il_tensor *map)
{
    return map ? il_to_map(s, normed(s, n, map), il_dim(map, 2), il_dim(map, 3)) : NULL;
}

/* Norm and attention, with queries of all positions, keys and values of fewer. (N,C,H,W) -> the same shape */
static il_tensor *attend(il_scope *outer, const void *self, il_tensor *map)
{
    const struct block *b = self;
    if (!map)
        return NULL;
    const int64_t height = il_dim(map, 2), width = il_dim(map, 3);
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = normed(s, &b->norm1, map), *fewer = x;
    if (b->reduce.weight)
        fewer = normed(s, &b->reduced_norm, il_conv_apply(s, &b->reduce, il_to_map(s, x, height, width)));
    x = il_to_map(s, il_attend_apply(s, &b->attend, x, fewer, false), height, width);
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

/* Norm and two linear layers, and between them a convolution of each channel, which tells positions apart. */
static il_tensor *feed_forward(il_scope *outer, const void *self, il_tensor *map)
{
    const struct block *b = self;
    if (!map)
        return NULL;
    const int64_t height = il_dim(map, 2), width = il_dim(map, 3);
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = il_to_map(s, il_dense_apply(s, &b->up, normed(s, &b->norm2, map)), height, width);
    x = il_gelu(s, il_to_sequence(s, il_conv_apply(s, &b->mix, x)));
    x = il_lift(s, il_to_map(s, il_dense_apply(s, &b->down, x), height, width));
    il_scope_close(s);
    return x;
}

/* Stochastic depth (Huang et al. 2016): nothing of y for some pictures, and more of it for the others. y (N,C,H,W) */
static il_tensor *dropped(il_scope *s, double p, il_tensor *y)
{
    if (!y || p == 0 || !il_scope_training(s))
        return y;
    return il_mul(s, y, il_dropout(s, il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ il_dim(y, 0), 1, 1, 1 }), p));
}

/* What is drawn at random lies outside of what is recomputed, so that `recompute` changes no result. */
static il_tensor *block(il_scope *outer, const struct block *b, il_tensor *x)
{
    il_scope *s = il_scope_nest(outer);
    x = il_add(s, x, dropped(s, b->drop, il_recompute(s, attend, b, x)));
    x = il_lift(s, il_add(s, x, dropped(s, b->drop, il_recompute(s, feed_forward, b, x))));
    il_scope_close(s);
    return x;
}

/* Each block's input is given up as soon as its output is there. */
static il_tensor *stage(il_scope *outer, const struct stage *g, il_tensor *x)
{
    il_scope *held = il_scope_nest(outer);
    x = normed_map(held, &g->embed_norm, il_conv_apply(held, &g->embed, x));
    for (int i = 0; i < g->count; i++) {
        il_scope *s = il_scope_nest(outer);
        x = block(s, &g->blocks[i], x);
        il_scope_close(held);
        held = s;
    }
    x = il_lift(held, normed_map(held, &g->norm, x));
    il_scope_close(held);
    return x;
}

/* A stage's features in the head's channels, at the size of the first stage's. */
static il_tensor *projected(il_scope *outer, const struct stage *g, il_tensor *x, il_tensor *first)
{
    if (!x || !first)
        return NULL;
    const int64_t height = il_dim(x, 2), width = il_dim(x, 3);
    il_scope *s = il_scope_nest(outer);
    x = il_to_map(s, il_dense_apply(s, &g->project, il_to_sequence(s, x)), height, width);
    x = il_lift(s, il_upsample_bilinear(s, x, il_dim(first, 2), il_dim(first, 3)));
    il_scope_close(s);
    return x;
}

static il_tensor *segformer_forward(const void *self, il_scope *outer, il_tensor *image, il_tensor **aux)
{
    const struct segformer *g = self;
    if (aux)
        *aux = NULL;
    if (!image)
        return NULL;
    const int64_t height = il_dim(image, 2), width = il_dim(image, 3);
    if (height < LEAST_SIDE || width < LEAST_SIDE) /* else the first stage has no 8x8 positions to reduce */
        return il_scope_fail(outer, IL_EPLUGIN,
                             "model segformer: a picture of %lldx%lld; expected sides of at least %d", (long long)width,
                             (long long)height, LEAST_SIDE);
    il_scope *s = il_scope_nest(outer);
    il_tensor *at[STAGES], *parts[STAGES], *x = il_imagenet(s, image);
    for (int i = 0; i < STAGES; i++)
        x = at[i] = stage(s, &g->stages[i], x);
    for (int i = 0; i < STAGES; i++) /* coarsest first */
        parts[STAGES - 1 - i] = projected(s, &g->stages[i], at[i], at[0]);
    x = il_conv_norm_relu_apply(s, &g->fuse, &g->fuse_norm, il_cat(s, parts, STAGES, 1));
    x = il_conv_apply(s, &g->last, il_dropout(s, x, g->dropout));
    x = il_lift(s, il_upsample_bilinear(s, x, height, width));
    il_scope_close(s);
    return x;
}

static const il_model_ops ops = { .build = segformer_build, .forward = segformer_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "segformer",
    .revision = 1,
    .summary = "SegFormer, MiT-B0 to B3, as transformers' (3,714,401 to 47,223,233 parameters)",
    .params = segformer_params,
    .open = segformer_open,
    .close = free,
    .model = &ops,
};
