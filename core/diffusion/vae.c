/* vae.c - the autoencoder of latent diffusion (AutoencoderKL): images to latents and back. */
#include <stdlib.h>
#include <inpaintlab/diffusion.h>
#include "base/opts.h"
#include "diffusion/blocks.h"
#include "diffusion/options.h"
#include "diffusion/weights.h"

enum { MOST_BLOCKS = 8, MOST_LAYERS = 8, MOST_CHANNELS = 65536, MOST_RESNETS = MOST_LAYERS + 1 };

/* Residual blocks at one resolution, then a convolution that changes the resolution; scale.weight NULL: none. */
struct block {
    il_resnet resnets[MOST_RESNETS];
    int count;
    il_conv scale;
};

struct middle {
    il_resnet before, after;
    il_scale norm;
    il_attend attend; /* q.weight NULL: none */
};

struct half {
    il_conv in, out;
    struct block blocks[MOST_BLOCKS];
    struct middle middle;
    il_scale norm;
};

struct options {
    int channels[MOST_BLOCKS], blocks, layers, latents, groups;
    double scaling;
    bool quant, post_quant, attention;
};

struct il_vae {
    il_state *state;
    struct options o;
    struct half encoder, decoder;
    il_conv quant, post_quant; /* weight NULL: none */
};

/* ---- config.json ---- */

static const il_options_rule rules[] = {
    { "_class_name", "[\"AutoencoderKL\"]" },
    { "in_channels", "[3]" },
    { "out_channels", "[3]" },
    { "act_fn", "[\"silu\", \"swish\"]" },
    { "shift_factor", "[null]" },
    { "latents_mean", "[null]" },
    { "latents_std", "[null]" },
    { NULL, NULL },
};

static void read_blocks(struct options *o, il_options *c)
{
    static const char *const down[] = { "DownEncoderBlock2D", NULL }, *const up[] = { "UpDecoderBlock2D", NULL };
    int types[MOST_BLOCKS];
    o->blocks = il_options_ints(c, "block_out_channels", o->channels, MOST_BLOCKS,
                                (il_options_range){ 0, 1, MOST_CHANNELS });
    if (o->blocks == 0) {
        o->channels[0] = 64;
        o->blocks = 1;
    }
    il_options_choices(c, "down_block_types", down, types, o->blocks);
    il_options_choices(c, "up_block_types", up, types, o->blocks);
    o->groups = il_options_int(c, "norm_num_groups", (il_options_range){ 32, 1, MOST_CHANNELS });
    for (int i = 0; i < o->blocks; i++)
        if (o->channels[i] % o->groups != 0)
            il_options_refuse(c, "norm_num_groups", "a divisor of all block_out_channels, such as %d", o->channels[i]);
}

static void read_options(struct options *o, il_options *c)
{
    il_options_check(c, rules);
    read_blocks(o, c);
    o->layers = il_options_int(c, "layers_per_block", (il_options_range){ 1, 1, MOST_LAYERS });
    o->latents = il_options_int(c, "latent_channels", (il_options_range){ 4, 1, MOST_CHANNELS });
    o->scaling = il_options_real(c, "scaling_factor", 0.18215);
    if (!(o->scaling > 0))
        il_options_refuse(c, "scaling_factor", "a number above 0");
    o->quant = il_options_bool(c, "use_quant_conv", true);
    o->post_quant = il_options_bool(c, "use_post_quant_conv", true);
    o->attention = il_options_bool(c, "mid_block_add_attention", true);
}

/* ---- architecture ---- */

static const double eps = 1e-6; /* of all group norms */

static il_conv declare_conv(il_state *st, const char *prefix, int in, int out)
{
    return il_blocks_conv(st, prefix, (il_conv_spec){ .in = in, .out = out, .kernel = 3, .opts = { .padding = 1 } });
}

static void declare_resnets(il_state *st, struct block *b, const char *prefix, il_resnet_spec spec, int count)
{
    b->count = count;
    for (int i = 0; i < count; i++) {
        b->resnets[i] = il_blocks_resnet(st, il_name("%s.resnets.%d", prefix, i).text, spec);
        spec.in = spec.out;
    }
}

static void declare_middle(il_state *st, struct middle *m, const char *prefix, const struct options *o)
{
    int width = o->channels[o->blocks - 1];
    const il_resnet_spec spec = { width, width, 0, o->groups, eps };
    if (o->attention) {
        il_name_buf name = il_name("%s.attentions.0", prefix);
        m->norm = il_blocks_scale(st, il_name("%s.group_norm", name.text).text,
                                  (il_scale_spec){ width, o->groups, eps });
        m->attend = il_blocks_attend(st, name.text, (il_attend_spec){ width, width, 1, true, NULL });
    }
    m->before = il_blocks_resnet(st, il_name("%s.resnets.0", prefix).text, spec);
    m->after = il_blocks_resnet(st, il_name("%s.resnets.1", prefix).text, spec);
}

static void declare_encoder(il_state *st, struct half *h, const struct options *o)
{
    int width = o->channels[0];
    h->in = declare_conv(st, "encoder.conv_in", 3, width);
    for (int i = 0; i < o->blocks; i++) {
        il_name_buf name = il_name("encoder.down_blocks.%d", i);
        declare_resnets(st, &h->blocks[i], name.text, (il_resnet_spec){ width, o->channels[i], 0, o->groups, eps },
                        o->layers);
        width = o->channels[i];
        if (i + 1 < o->blocks)
            h->blocks[i].scale = il_blocks_conv(st, il_name("%s.downsamplers.0.conv", name.text).text,
                                                (il_conv_spec){ width, width, 3, .opts = { .stride = 2 } });
    }
    declare_middle(st, &h->middle, "encoder.mid_block", o);
    h->norm = il_blocks_scale(st, "encoder.conv_norm_out", (il_scale_spec){ width, o->groups, eps });
    h->out = declare_conv(st, "encoder.conv_out", width, 2 * o->latents);
}

static void declare_decoder(il_state *st, struct half *h, const struct options *o)
{
    int width = o->channels[o->blocks - 1];
    h->in = declare_conv(st, "decoder.conv_in", o->latents, width);
    declare_middle(st, &h->middle, "decoder.mid_block", o);
    for (int i = 0; i < o->blocks; i++) {
        il_name_buf name = il_name("decoder.up_blocks.%d", i);
        int out = o->channels[o->blocks - 1 - i];
        declare_resnets(st, &h->blocks[i], name.text, (il_resnet_spec){ width, out, 0, o->groups, eps }, o->layers + 1);
        width = out;
        if (i + 1 < o->blocks)
            h->blocks[i].scale = declare_conv(st, il_name("%s.upsamplers.0.conv", name.text).text, width, width);
    }
    h->norm = il_blocks_scale(st, "decoder.conv_norm_out", (il_scale_spec){ width, o->groups, eps });
    h->out = declare_conv(st, "decoder.conv_out", width, 3);
}

static int declare(il_vae *v, il_err *e)
{
    const int n = v->o.latents;
    declare_encoder(v->state, &v->encoder, &v->o);
    declare_decoder(v->state, &v->decoder, &v->o);
    if (v->o.quant)
        v->quant = il_blocks_conv(v->state, "quant_conv", (il_conv_spec){ .in = 2 * n, .out = 2 * n, .kernel = 1 });
    if (v->o.post_quant)
        v->post_quant = il_blocks_conv(v->state, "post_quant_conv", (il_conv_spec){ .in = n, .out = n, .kernel = 1 });
    return il_state_status(v->state, e);
}

static int load(il_vae *v, const char *folder, const il_network_opts *o, il_err *e)
{
    static const il_weights_rename renames[] = {
        /* before diffusers 0.12 */
        { ".query.", ".to_q." },         { ".key.", ".to_k." }, { ".value.", ".to_v." },
        { ".proj_attn.", ".to_out.0." }, { NULL, NULL },
    };
    return il_weights_load(v->state,
                           (il_weights_spec){ .folder = folder,
                                              .stem = "diffusion_pytorch_model",
                                              .pickled = "diffusion_pytorch_model",
                                              .variant = o->variant,
                                              .renames = renames },
                           e);
}

int il_vae_open(il_vae **out, const char *folder, const il_network_opts *given, il_err *e)
{
    il_network_opts o;
    il_options *c = NULL;
    il_vae *v = calloc(1, sizeof *v);
    if (!v)
        return il_fail_oom(e);
    int rc = il_opts_read(&o, sizeof o, given, e);
    if (!rc)
        rc = il_options_open(&c, folder, "config.json", e);
    if (rc)
        goto done;
    read_options(&v->o, c);
    rc = il_options_status(c, e);
    if (!rc)
        rc = il_blocks_state(&v->state, o.device, o.dtype, e);
    if (!rc)
        rc = declare(v, e);
    if (!rc && !o.no_weights)
        rc = load(v, folder, &o, e);
    if (rc)
        goto done;
    *out = v;
    v = NULL;
done:
    il_options_free(c);
    il_vae_free(v);
    return rc;
}

void il_vae_free(il_vae *v)
{
    if (!v)
        return;
    il_state_free(v->state);
    free(v);
}

int64_t il_vae_params(const il_vae *v)
{
    return il_state_params(v->state);
}

int il_vae_factor(const il_vae *v)
{
    return 1 << (v->o.blocks - 1);
}

int il_vae_channels(const il_vae *v)
{
    return v->o.latents;
}

double il_vae_scaling(const il_vae *v)
{
    return v->o.scaling;
}

/* ---- a pass: x is freed as soon as its successor is computed ---- */

static il_tensor *apply_resnets(il_scope *s, const struct block *b, il_tensor *x)
{
    for (int i = 0; i < b->count; i++)
        x = il_blocks_then(x, il_blocks_resnet_apply(s, &b->resnets[i], x, NULL));
    return x;
}

/* Pads with one zero row and column, at the right and the bottom only. */
static il_tensor *halve(il_scope *s, const il_conv *c, il_tensor *x)
{
    x = il_blocks_then(x, il_pad(s, x, 0, 1, 0, 1));
    return il_blocks_then(x, il_conv_apply(s, c, x));
}

static il_tensor *double_size(il_scope *s, const il_conv *c, il_tensor *x)
{
    if (!x)
        return NULL;
    x = il_blocks_then(x, il_upsample_nearest(s, x, 2 * il_dim(x, 2), 2 * il_dim(x, 3)));
    return il_blocks_then(x, il_conv_apply(s, c, x));
}

static il_tensor *apply_attention(il_scope *outer, const struct middle *m, il_tensor *x)
{
    if (!m->attend.q.weight || !x)
        return x;
    il_scope *s = il_scope_nest(outer);
    il_tensor *h = il_to_sequence(s, il_scale_apply(s, &m->norm, x));
    h = il_attend_apply(s, &m->attend, h, h, false);
    h = il_add(s, il_to_map(s, h, il_dim(x, 2), il_dim(x, 3)), x);
    h = il_lift(s, h);
    il_scope_close(s);
    return il_blocks_then(x, h);
}

static il_tensor *apply_middle(il_scope *s, const struct middle *m, il_tensor *x)
{
    x = il_blocks_then(x, il_blocks_resnet_apply(s, &m->before, x, NULL));
    x = apply_attention(s, m, x);
    return il_blocks_then(x, il_blocks_resnet_apply(s, &m->after, x, NULL));
}

static il_tensor *finish(il_scope *s, const struct half *h, il_tensor *x)
{
    x = il_blocks_then(x, il_scale_apply(s, &h->norm, x));
    x = il_blocks_then(x, il_silu(s, x));
    return il_blocks_then(x, il_conv_apply(s, &h->out, x));
}

static il_tensor *enter(il_scope *s, const il_vae *v, il_tensor *x)
{
    return il_to(s, il_detach(s, x), il_dtype_of(v->encoder.in.weight));
}

/* -> (N,2*latents,h,w): mean and log variance */
static il_tensor *encode(il_scope *s, const il_vae *v, il_tensor *image)
{
    const struct half *h = &v->encoder;
    il_tensor *x = enter(s, v, image);
    x = il_blocks_then(x, il_conv_apply(s, &h->in, x));
    for (int i = 0; i < v->o.blocks; i++) {
        x = apply_resnets(s, &h->blocks[i], x);
        if (h->blocks[i].scale.weight)
            x = halve(s, &h->blocks[i].scale, x);
    }
    x = finish(s, h, apply_middle(s, &h->middle, x));
    return v->quant.weight ? il_blocks_then(x, il_conv_apply(s, &v->quant, x)) : x;
}

il_tensor *il_vae_encode(il_scope *outer, const il_vae *v, il_tensor *image, il_tensor **std)
{
    const int n = v->o.latents;
    if (std)
        *std = NULL;
    if (image && (il_ndim(image) != 4 || il_dim(image, 1) != 3))
        return il_scope_fail(outer, IL_EPARAM, "VAE: images must have the shape (N,3,H,W)");
    il_scope *s = il_scope_nest(outer);
    il_tensor *both = encode(s, v, image);
    il_tensor *mean = il_to(s, il_slice(s, both, 1, 0, n), IL_DTYPE_F32);
    if (std) {
        il_tensor *spread = il_clamp(s, il_slice(s, both, 1, n, 2 * (int64_t)n), -30, 20);
        *std = il_lift(s, il_to(s, il_exp(s, il_affine(s, spread, 0.5, 0)), IL_DTYPE_F32));
    }
    mean = il_lift(s, mean);
    il_scope_close(s);
    return mean;
}

il_tensor *il_vae_decode(il_scope *outer, const il_vae *v, il_tensor *latents)
{
    const struct half *h = &v->decoder;
    if (latents && (il_ndim(latents) != 4 || il_dim(latents, 1) != v->o.latents))
        return il_scope_fail(outer, IL_EPARAM, "VAE: latents must have the shape (N,%d,H,W)", v->o.latents);
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = enter(s, v, latents);
    if (v->post_quant.weight)
        x = il_blocks_then(x, il_conv_apply(s, &v->post_quant, x));
    x = apply_middle(s, &h->middle, il_blocks_then(x, il_conv_apply(s, &h->in, x)));
    for (int i = 0; i < v->o.blocks; i++) {
        x = apply_resnets(s, &h->blocks[i], x);
        if (h->blocks[i].scale.weight)
            x = double_size(s, &h->blocks[i].scale, x);
    }
    x = il_lift(s, il_to(s, finish(s, h, x), IL_DTYPE_F32));
    il_scope_close(s);
    return x;
}

/* x in [0,1] cut to 8 bits, as torchvision's ToPILImage does: 254.99 becomes 254. */
static il_tensor *cut_to_bytes(il_scope *s, il_tensor *x)
{
    il_tensor *bytes = il_to(s, il_affine(s, x, 255, 0), IL_DTYPE_U8);
    return il_affine(s, il_to(s, bytes, IL_DTYPE_F32), 1.0 / 255, 0);
}

il_tensor *il_vae_reconstruct(il_scope *outer, const il_vae *v, il_tensor *image, bool published)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = published ? image : il_affine(s, image, 2, -1);
    x = il_vae_decode(s, v, il_vae_encode(s, v, x, NULL));
    x = il_clamp(s, published ? x : il_affine(s, x, 0.5, 0.5), 0, 1);
    x = il_lift(s, published ? cut_to_bytes(s, x) : x);
    il_scope_close(s);
    return x;
}
