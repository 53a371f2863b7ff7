/* vit.c - model: DINOv2's vision transformer with registers (Oquab et al. 2024; Darcet et al. 2024), and a head that gives one
 * logit to each patch of 14x14, brought to the picture's size. Names, order and shapes are those of transformers'
 * Dinov2WithRegistersModel and, with registers: 0, of its Dinov2Model: their weights load (skip "head.*"). */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/attention.h>
#include <inpaintlab/plugin.h>

enum { PATCH = 14, MOST_BLOCKS = 48, EXPANSION = 4 };

static const double eps = 1e-6; /* of layer norms */

struct block {
    il_scale norm1, norm2;
    il_attend attend;
    il_tensor *scale1, *scale2; /* (width) */
    il_dense up, down;
};

struct vit {
    int width, depth, heads, registers, grid;
    bool convolves;
    il_tensor *class_token, *positions, *register_tokens; /* (1,1,width), (1,1+grid*grid,width), (1,registers,width) */
    il_conv patches;
    struct block blocks[MOST_BLOCKS];
    il_scale norm;
    il_conv head_conv, head;
    il_norm head_norm;
};

static const il_param_spec vit_params[] = {
    { .name = "size", .type = IL_PARAM_TEXT, .fallback = "small", .choices = "small|base", .help = "ViT-S or ViT-B" },
    { .name = "registers",
      .type = IL_PARAM_INT,
      .fallback = "4",
      .min = 0,
      .max = 64,
      .help = "tokens beside the class token that belong to no patch; 0: DINOv2 as first published" },
    { .name = "head",
      .type = IL_PARAM_TEXT,
      .fallback = "linear",
      .choices = "linear|conv",
      .help = "from a patch's features to its logit: at once, or by a 3x3 convolution, batch norm and ReLU before" },
    { .name = "width", .type = IL_PARAM_INT, .fallback = "0", .min = 0, .max = 4096, .help = "features; 0: by size" },
    { .name = "depth",
      .type = IL_PARAM_INT,
      .fallback = "0",
      .min = 0,
      .max = MOST_BLOCKS,
      .help = "blocks; 0: by size" },
    { .name = "heads", .type = IL_PARAM_INT, .fallback = "0", .min = 0, .max = 64, .help = "of attention; 0: by size" },
    { .name = "grid",
      .type = IL_PARAM_INT,
      .fallback = "37",
      .min = 1,
      .max = 256,
      .help = "patches along each side of the pictures that the position embeddings are for" },
    { .name = NULL },
};

static int or_by_size(const il_params *p, const char *name, int of_small, int of_base)
{
    const int given = (int)il_params_int(p, name);
    return given ? given : strcmp(il_params_text(p, "size"), "base") == 0 ? of_base : of_small;
}

static int vit_open(void **out, const il_params *p, il_err *e)
{
    const int width = or_by_size(p, "width", 384, 768), heads = or_by_size(p, "heads", 6, 12);
    if (width % heads)
        return il_fail(e, IL_EPARAM, "width: %d is not a multiple of heads, %d", width, heads);
    struct vit *v = calloc(1, sizeof *v);
    if (!v)
        return il_fail_oom(e);
    v->width = width;
    v->heads = heads;
    v->depth = or_by_size(p, "depth", 12, 12);
    v->registers = (int)il_params_int(p, "registers");
    v->grid = (int)il_params_int(p, "grid");
    v->convolves = strcmp(il_params_text(p, "head"), "conv") == 0;
    *out = v;
    return IL_OK;
}

/* ---- declaration ---- */

static il_tensor *declare_tokens(il_state *st, const char *name, il_init init, int count, int width)
{
    return il_state_param(st, name, init, 0, 3, (int64_t[]){ 1, count, width });
}

/* The mask token is of DINOv2's own training: kept, so that files stay whole, but not learnt. */
static void declare_embeddings(struct vit *v, il_state *st)
{
    const int width = v->width;
    v->class_token = declare_tokens(st, "embeddings.cls_token", IL_INIT_NORMAL, 1, width);
    il_state_buffer(st, "embeddings.mask_token", IL_DTYPE_F32, 0, 2, (int64_t[]){ 1, width });
    if (v->registers)
        v->register_tokens = declare_tokens(st, "embeddings.register_tokens", IL_INIT_ZEROS, v->registers, width);
    v->positions = declare_tokens(st, "embeddings.position_embeddings", IL_INIT_NORMAL, 1 + v->grid * v->grid, width);
    v->patches = il_conv_declare(st, "embeddings.patch_embeddings.projection",
                                 (il_conv_spec){ .in = 3, .out = width, .kernel = PATCH, .opts = { .stride = PATCH } });
}

static struct block declare_block(il_state *st, const char *prefix, int width, int heads)
{
    const il_dense_spec square = { .in = width, .out = width };
    const int64_t shape[] = { width };
    struct block b = { .attend.heads = heads };
    b.norm1 = il_scale_declare(st, il_name("%s.norm1", prefix).text, (il_scale_spec){ .channels = width, .eps = eps });
    b.attend.q = il_dense_declare(st, il_name("%s.attention.attention.query", prefix).text, square);
    b.attend.k = il_dense_declare(st, il_name("%s.attention.attention.key", prefix).text, square);
    b.attend.v = il_dense_declare(st, il_name("%s.attention.attention.value", prefix).text, square);
    b.attend.out = il_dense_declare(st, il_name("%s.attention.output.dense", prefix).text, square);
    b.scale1 = il_state_param(st, il_name("%s.layer_scale1.lambda1", prefix).text, IL_INIT_ONES, 0, 1, shape);
    b.norm2 = il_scale_declare(st, il_name("%s.norm2", prefix).text, (il_scale_spec){ .channels = width, .eps = eps });
    b.up = il_dense_declare(st, il_name("%s.mlp.fc1", prefix).text, (il_dense_spec){ width, EXPANSION * width, false });
    b.down = il_dense_declare(st, il_name("%s.mlp.fc2", prefix).text,
                              (il_dense_spec){ EXPANSION * width, width, false });
    b.scale2 = il_state_param(st, il_name("%s.layer_scale2.lambda1", prefix).text, IL_INIT_ONES, 0, 1, shape);
    return b;
}

static void declare_head(struct vit *v, il_state *st)
{
    const il_conv_spec conv = {
        .in = v->width, .out = v->width, .kernel = 3, .opts = { .padding = 1 }, .no_bias = true
    };
    if (v->convolves) {
        v->head_conv = il_conv_declare(st, "head.0", conv);
        v->head_norm = il_norm_declare(st, "head.1", v->width);
    }
    v->head = il_conv_declare(st, v->convolves ? "head.3" : "head",
                              (il_conv_spec){ .in = v->width, .out = 1, .kernel = 1 });
}

static int vit_build(void *self, il_state *st, il_err *e)
{
    struct vit *v = self;
    declare_embeddings(v, st);
    for (int i = 0; i < v->depth; i++)
        v->blocks[i] = declare_block(st, il_name("encoder.layer.%d", i).text, v->width, v->heads);
    v->norm = il_scale_declare(st, "layernorm", (il_scale_spec){ .channels = v->width, .eps = eps });
    declare_head(v, st);
    return il_state_status(st, e);
}

/* ---- forward: every part works in a scope of its own, so that only what autograd needs outlives it ---- */

/* Positions of the patches, (1,height*width,width of the model): those of the grid as a picture, resized. DINOv2 with registers is
 * trained with antialiasing; without, transformers leaves it out, and so did DINOv2, whose scale was off by 0.1 patches besides. */
static il_tensor *positions(il_scope *s, const struct vit *v, int64_t height, int64_t width)
{
    il_tensor *x = il_slice(s, v->positions, 1, 1, 1 + v->grid * v->grid);
    if (height == v->grid && width == v->grid)
        return x;
    x = il_upsample_bicubic(s, il_to_map(s, x, v->grid, v->grid), height, width, v->registers > 0);
    return il_to_sequence(s, x);
}

/* The tokens that stand before the patches: class, registers. (n,1+registers,width) */
static il_tensor *front(il_scope *s, const struct vit *v, int64_t n)
{
    il_tensor *x = il_add(s, v->class_token, il_slice(s, v->positions, 1, 0, 1));
    if (v->registers)
        x = il_cat(s, (il_tensor *[]){ x, v->register_tokens }, 2, 1);
    return il_add(s, il_full(s, 0, IL_DTYPE_F32, 3, (int64_t[]){ n, 1, 1 }), x);
}

static il_tensor *embed(il_scope *outer, const struct vit *v, il_tensor *image)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = il_conv_apply(s, &v->patches, il_imagenet(s, image));
    if (x) {
        il_tensor *where = positions(s, v, il_dim(x, 2), il_dim(x, 3));
        x = il_add(s, il_to_sequence(s, x), where);
        x = il_cat(s, (il_tensor *[]){ front(s, v, il_dim(image, 0)), x }, 2, 1);
    }
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

static il_tensor *block(il_scope *outer, const void *self, il_tensor *x)
{
    const struct block *b = self;
    il_scope *s = il_scope_nest(outer);
    il_tensor *y = il_scale_apply(s, &b->norm1, x);
    y = il_mul(s, il_attend_apply(s, &b->attend, y, y, false), b->scale1);
    x = il_add(s, x, y);
    y = il_gelu(s, il_dense_apply(s, &b->up, il_scale_apply(s, &b->norm2, x)));
    y = il_mul(s, il_dense_apply(s, &b->down, y), b->scale2);
    x = il_lift(s, il_add(s, x, y));
    il_scope_close(s);
    return x;
}

/* Tokens -> logits at the picture's size. */
static il_tensor *head(il_scope *outer, const struct vit *v, il_tensor *x, const il_tensor *image)
{
    const int64_t height = il_dim(image, 2), width = il_dim(image, 3), first = 1 + v->registers;
    il_scope *s = il_scope_nest(outer);
    x = il_scale_apply(s, &v->norm, x);
    x = il_slice(s, x, 1, first, first + height / PATCH * (width / PATCH));
    x = il_to_map(s, x, height / PATCH, width / PATCH);
    if (v->convolves)
        x = il_conv_norm_relu_apply(s, &v->head_conv, &v->head_norm, x);
    x = il_upsample_bilinear(s, il_conv_apply(s, &v->head, x), height, width);
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

static il_tensor *vit_forward(const void *self, il_scope *outer, il_tensor *image, il_tensor **aux)
{
    const struct vit *v = self;
    if (aux)
        *aux = NULL;
    if (!image)
        return NULL;
    const int64_t height = il_dim(image, 2), width = il_dim(image, 3);
    if (height % PATCH || width % PATCH)
        return il_scope_fail(outer, IL_EPLUGIN,
                             "model vit: a picture of %lldx%lld; expected sides that are multiples of %d",
                             (long long)width, (long long)height, PATCH);
    il_scope *held = il_scope_nest(outer);
    il_tensor *x = embed(held, v, image);
    for (int i = 0; i < v->depth; i++) { /* each block's input is given up as soon as its output is there */
        il_scope *s = il_scope_nest(outer);
        x = il_recompute(s, block, &v->blocks[i], x);
        il_scope_close(held);
        held = s;
    }
    x = il_lift(held, head(held, v, x, image));
    il_scope_close(held);
    return x;
}

static const il_model_ops ops = { .build = vit_build, .forward = vit_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "vit",
    .revision = 1,
    .summary = "DINOv2's ViT-S/14 or B/14 with registers and a head for patches (22,058,113 or 86,583,553 parameters)",
    .params = vit_params,
    .open = vit_open,
    .close = free,
    .model = &ops,
};
