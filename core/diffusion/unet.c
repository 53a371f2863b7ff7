/* unet.c - the denoiser of latent diffusion (UNet2DConditionModel): residual blocks at falling and rising resolutions,
 * with transformers that attend to the text. */
#include <math.h>
#include <stdlib.h>
#include <inpaintlab/diffusion.h>
#include "base/opts.h"
#include "diffusion/blocks.h"
#include "diffusion/checkpoint.h"
#include "diffusion/transformer.h"
#include "diffusion/unet_options.h"
#include "diffusion/weights.h"

enum {
    MOST_BLOCKS = IL_UNET_BLOCKS,
    MOST_RESNETS = IL_UNET_LAYERS + 1,
    MOST_SKIPS = 1 + MOST_BLOCKS * (IL_UNET_LAYERS + 1)
};

struct block {
    il_resnet resnets[MOST_RESNETS];
    il_transformer attend[MOST_RESNETS];
    int count;
    bool attends;
    il_conv scale; /* weight NULL: the resolution stays */
};

struct il_unet {
    il_state *state;
    il_unet_options o;
    float *frequencies; /* of the time embedding: channels[0] / 2 */
    il_dense time1, time2;
    il_conv in, out;
    il_scale norm;
    struct block down[MOST_BLOCKS], up[MOST_BLOCKS], middle; /* middle: resnet, attention, resnet */
};

/* ---- architecture ---- */

static il_conv declare_conv(il_state *st, const char *prefix, int in, int out, int stride)
{
    return il_blocks_conv(
        st, prefix, (il_conv_spec){ .in = in, .out = out, .kernel = 3, .opts = { .stride = stride, .padding = 1 } });
}

/* Declares resnet i of block b, and its transformer. */
static void declare_layer(il_unet *u, struct block *b, const char *prefix, int i, il_resnet_spec spec, int heads)
{
    b->resnets[i] = il_blocks_resnet(u->state, il_name("%s.resnets.%d", prefix, i).text, spec);
    if (b->attends)
        b->attend[i] = il_transformer_declare(
            u->state, il_name("%s.attentions.%d", prefix, i).text,
            (il_transformer_spec){ spec.out, heads, u->o.context, u->o.groups, u->o.linear_projection });
}

static il_resnet_spec resnet(const il_unet_options *o, int in, int out)
{
    return (il_resnet_spec){ in, out, 4 * o->channels[0], o->groups, o->eps };
}

/* Fills skips with the channels of the skip connections from the down path to the up path; returns their number. */
static int declare_down(il_unet *u, int *skips)
{
    const il_unet_options *o = &u->o;
    int width = o->channels[0], n = 0;
    skips[n++] = width;
    for (int i = 0; i < o->blocks; i++) {
        struct block *b = &u->down[i];
        il_name_buf name = il_name("down_blocks.%d", i);
        b->count = o->layers[i];
        b->attends = o->down_attends[i];
        for (int k = 0; k < b->count; k++) {
            declare_layer(u, b, name.text, k, resnet(o, width, o->channels[i]), o->heads[i]);
            width = skips[n++] = o->channels[i];
        }
        if (i + 1 < o->blocks) {
            b->scale = declare_conv(u->state, il_name("%s.downsamplers.0.conv", name.text).text, width, width, 2);
            skips[n++] = width;
        }
    }
    return n;
}

static void declare_middle(il_unet *u)
{
    struct block *b = &u->middle;
    const int last = u->o.blocks - 1, width = u->o.channels[last];
    b->attends = true;
    b->count = 2;
    declare_layer(u, b, "mid_block", 0, resnet(&u->o, width, width), u->o.heads[last]);
    b->attends = false; /* after the first resnet only */
    declare_layer(u, b, "mid_block", 1, resnet(&u->o, width, width), 0);
}

static void declare_up(il_unet *u, const int *skips, int n)
{
    const il_unet_options *o = &u->o;
    int width = o->channels[o->blocks - 1];
    for (int i = 0; i < o->blocks; i++) {
        struct block *b = &u->up[i];
        const int mirror = o->blocks - 1 - i, out = o->channels[mirror];
        il_name_buf name = il_name("up_blocks.%d", i);
        b->count = o->layers[mirror] + 1;
        b->attends = o->up_attends[i];
        for (int k = 0; k < b->count; k++) {
            declare_layer(u, b, name.text, k, resnet(o, width + skips[--n], out), o->heads[mirror]);
            width = out;
        }
        if (i + 1 < o->blocks)
            b->scale = declare_conv(u->state, il_name("%s.upsamplers.0.conv", name.text).text, width, width, 1);
    }
}

static int declare(il_unet *u, il_err *e)
{
    const il_unet_options *o = &u->o;
    const int first = o->channels[0];
    int skips[MOST_SKIPS];
    u->in = declare_conv(u->state, "conv_in", o->in, first, 1);
    u->time1 = il_blocks_dense(u->state, "time_embedding.linear_1", (il_dense_spec){ .in = first, .out = 4 * first });
    u->time2 = il_blocks_dense(u->state, "time_embedding.linear_2",
                               (il_dense_spec){ .in = 4 * first, .out = 4 * first });
    int n = declare_down(u, skips);
    declare_middle(u);
    declare_up(u, skips, n);
    u->norm = il_blocks_scale(u->state, "conv_norm_out", (il_scale_spec){ first, o->groups, o->eps });
    u->out = declare_conv(u->state, "conv_out", first, o->out, 1);
    return il_state_status(u->state, e);
}

/* 10000^(-i / (half - shift)) in float32 by libtorch's exp: an error in the last bit would be multiplied by timesteps
 * up to 1000. */
static int make_frequencies(il_unet *u, il_err *e)
{
    const int half = u->o.channels[0] / 2;
    const int64_t shape[1] = { half };
    il_scope *s = NULL;
    u->frequencies = malloc((size_t)half * sizeof *u->frequencies);
    if (!u->frequencies)
        return il_fail_oom(e);
    for (int i = 0; i < half; i++)
        u->frequencies[i] = (float)-log(10000) * (float)i / (float)(half - u->o.freq_shift);
    int rc = il_scope_open(&s, NULL, e);
    if (rc)
        return rc;
    il_tensor *t = il_exp(s, il_from_f32(s, u->frequencies, 1, shape));
    rc = il_scope_status(s, e);
    if (!rc)
        rc = il_read_f32(t, u->frequencies, (size_t)half, e);
    il_scope_close(s);
    return rc;
}

/* ---- opening ---- */

static int build(il_unet *u, const il_network_opts *o, il_err *e)
{
    int rc = il_blocks_state(&u->state, o->device, o->dtype, e);
    if (!rc)
        rc = declare(u, e);
    return rc ? rc : make_frequencies(u, e);
}

static int open_folder(il_unet *u, const char *folder, const il_network_opts *o, il_err *e)
{
    il_options *c = NULL;
    int rc = il_options_open(&c, folder, "config.json", e);
    if (rc)
        return rc;
    il_unet_options_read(&u->o, c);
    rc = il_options_status(c, e);
    il_options_free(c);
    if (!rc)
        rc = build(u, o, e);
    if (rc || o->no_weights)
        return rc;
    return il_weights_load(u->state,
                           (il_weights_spec){ .folder = folder,
                                              .stem = "diffusion_pytorch_model",
                                              .pickled = "diffusion_pytorch_model",
                                              .variant = o->variant },
                           e);
}

static int open_file(il_unet *u, const char *path, const il_network_opts *o, il_err *e)
{
    il_named *n = NULL;
    int rc = il_checkpoint_unet(&n, &u->o, path, e);
    if (!rc)
        rc = build(u, o, e);
    if (!rc && !o->no_weights && (rc = il_weights_set(u->state, n, NULL, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    il_named_free(n);
    return rc;
}

int il_unet_open(il_unet **out, const char *path, const il_network_opts *given, il_err *e)
{
    il_network_opts o;
    il_unet *u = calloc(1, sizeof *u);
    if (!u)
        return il_fail_oom(e);
    int rc = il_opts_read(&o, sizeof o, given, e);
    if (!rc)
        rc = il_checkpoint_is(path) ? open_file(u, path, &o, e) : open_folder(u, path, &o, e);
    if (rc)
        il_unet_free(u);
    else
        *out = u;
    return rc;
}

void il_unet_free(il_unet *u)
{
    if (!u)
        return;
    il_state_free(u->state);
    free(u->frequencies);
    free(u);
}

int64_t il_unet_params(const il_unet *u)
{
    return il_state_params(u->state);
}

int il_unet_inputs(const il_unet *u)
{
    return u->o.in;
}

/* ---- a pass ---- */

/* Sines and cosines of the timestep, then two layers -> SiLU of the embedding (1,4C), the first operation of every
 * resnet. */
static il_tensor *embed_time(il_scope *s, const il_unet *u, double timestep)
{
    const int width = u->o.channels[0], half = width / 2;
    float *wave = malloc((size_t)width * sizeof *wave);
    if (!wave)
        return il_scope_fail(s, IL_ENOMEM, "out of memory");
    for (int i = 0; i < half; i++) {
        float angle = (float)timestep * u->frequencies[i];
        wave[u->o.cosine_first ? half + i : i] = sinf(angle);
        wave[u->o.cosine_first ? i : half + i] = cosf(angle);
    }
    il_tensor *t = il_from_f32(s, wave, 2, (int64_t[]){ 1, width });
    free(wave);
    t = il_to(s, t, il_dtype_of(u->in.weight));
    t = il_silu(s, il_dense_apply(s, &u->time1, t));
    return il_silu(s, il_dense_apply(s, &u->time2, t));
}

/* Inputs of all blocks, and the skip connections not yet consumed by the up path. */
struct pass {
    il_tensor *time, *text;
    il_tensor *skips[MOST_SKIPS];
    int count;
};

/* Resnet i and its transformer; x is not freed. */
static il_tensor *apply_layer(il_scope *s, const struct block *b, int i, il_tensor *x, const struct pass *p)
{
    x = il_blocks_resnet_apply(s, &b->resnets[i], x, p->time);
    if (b->attend[i].self.q.weight)
        x = il_blocks_then(x, il_transformer_apply(s, &b->attend[i], x, p->text));
    return x;
}

static il_tensor *apply_down(il_scope *s, const il_unet *u, il_tensor *x, struct pass *p)
{
    p->skips[p->count++] = x;
    for (int i = 0; i < u->o.blocks; i++) {
        const struct block *b = &u->down[i];
        for (int k = 0; k < b->count; k++)
            p->skips[p->count++] = x = apply_layer(s, b, k, x, p);
        if (b->scale.weight)
            p->skips[p->count++] = x = il_conv_apply(s, &b->scale, x);
    }
    return x;
}

/* Upsamples to the size of the next skip connection: twice the size, or one less where that was odd. */
static il_tensor *enlarge(il_scope *s, const il_conv *c, il_tensor *x, const il_tensor *skip)
{
    if (!skip)
        return NULL;
    x = il_blocks_then(x, il_upsample_nearest(s, x, il_dim(skip, 2), il_dim(skip, 3)));
    return il_blocks_then(x, il_conv_apply(s, c, x));
}

static il_tensor *apply_up(il_scope *s, const il_unet *u, il_tensor *x, struct pass *p)
{
    for (int i = 0; i < u->o.blocks; i++) {
        const struct block *b = &u->up[i];
        for (int k = 0; k < b->count; k++) {
            il_tensor *skip = p->skips[--p->count], *both = il_cat(s, (il_tensor *[]){ x, skip }, 2, 1);
            il_tensor_free(x);
            il_tensor_free(skip);
            x = il_blocks_then(both, apply_layer(s, b, k, both, p));
        }
        if (b->scale.weight)
            x = enlarge(s, &b->scale, x, p->skips[p->count - 1]);
    }
    return x;
}

/* False, with IL_EPARAM in s, when the inputs do not fit the network. */
static bool check_inputs(il_scope *s, const il_unet *u, const il_tensor *x, const il_tensor *text)
{
    if (!x || !text)
        return true; /* the first operation reports it */
    if (il_ndim(x) != 4 || il_dim(x, 1) != u->o.in)
        il_scope_fail(s, IL_EPARAM, "UNet: latents must have the shape (N,%d,H,W)", u->o.in);
    else if (il_ndim(text) != 3 || il_dim(text, 2) != u->o.context || il_dim(text, 0) != il_dim(x, 0))
        il_scope_fail(s, IL_EPARAM, "UNet: the encoded text must have the shape (%lld,L,%d)", (long long)il_dim(x, 0),
                      u->o.context);
    else
        return true;
    return false;
}

static il_tensor *enter(il_scope *s, const il_unet *u, il_tensor *x)
{
    return il_to(s, il_detach(s, x), il_dtype_of(u->in.weight));
}

il_tensor *il_unet_apply(il_scope *outer, const il_unet *u, il_tensor *x, double timestep, il_tensor *text)
{
    if (!check_inputs(outer, u, x, text))
        return NULL;
    il_scope *s = il_scope_nest(outer);
    struct pass p = { .time = embed_time(s, u, timestep), .text = enter(s, u, text) };
    x = il_conv_apply(s, &u->in, enter(s, u, x));
    x = apply_layer(s, &u->middle, 0, apply_down(s, u, x, &p), &p);
    x = il_blocks_then(x, apply_layer(s, &u->middle, 1, x, &p));
    x = apply_up(s, u, x, &p);
    x = il_blocks_then(x, il_scale_apply(s, &u->norm, x));
    x = il_blocks_then(x, il_silu(s, x));
    x = il_lift(s, il_to(s, il_conv_apply(s, &u->out, x), IL_DTYPE_F32));
    il_scope_close(s);
    return x;
}
