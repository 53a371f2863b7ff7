/* vae_kl.c - AutoencoderKL and its kin: residual blocks at falling resolutions, and back. */
#include <inpaintlab/diffusion.h>
#include "diffusion/vae.h"

/* ---- architecture ---- */

static const double eps = 1e-6; /* of all group norms */

static il_conv declare_conv(il_state *st, const char *prefix, int in, int out)
{
    return il_blocks_conv(st, prefix, (il_conv_spec){ .in = in, .out = out, .kernel = 3, .opts = { .padding = 1 } });
}

static il_conv declare_point(il_state *st, const char *prefix, int channels)
{
    return il_blocks_conv(st, prefix, (il_conv_spec){ .in = channels, .out = channels, .kernel = 1 });
}

static void declare_resnets(il_state *st, il_kl_block *b, const char *prefix, il_resnet_spec spec, int count)
{
    b->count = count;
    for (int i = 0; i < count; i++) {
        b->resnets[i] = il_blocks_resnet(st, il_name("%s.resnets.%d", prefix, i).text, spec);
        spec.in = spec.out;
    }
}

static void declare_middle(il_state *st, il_kl_half *h, const char *prefix, int width, const il_kl_options *o)
{
    const il_resnet_spec spec = { width, width, 0, o->groups, eps };
    if (o->attention) {
        il_name_buf name = il_name("%s.attentions.0", prefix);
        h->attend_norm = il_blocks_scale(st, il_name("%s.group_norm", name.text).text,
                                         (il_scale_spec){ width, o->groups, eps });
        h->attend = il_blocks_attend(st, name.text, (il_attend_spec){ width, width, 1, true, NULL });
    }
    h->before = il_blocks_resnet(st, il_name("%s.resnets.0", prefix).text, spec);
    h->after = il_blocks_resnet(st, il_name("%s.resnets.1", prefix).text, spec);
}

static void declare_encoder(il_state *st, il_kl_half *h, const il_kl_options *o)
{
    const il_kl_half_options *x = &o->encoder;
    int width = x->channels[0];
    h->nblocks = x->blocks;
    h->in = declare_conv(st, "encoder.conv_in", 3, width);
    for (int i = 0; i < x->blocks; i++) {
        il_name_buf name = il_name("encoder.down_blocks.%d", i);
        declare_resnets(st, &h->blocks[i], name.text, (il_resnet_spec){ width, x->channels[i], 0, o->groups, eps },
                        x->layers);
        width = x->channels[i];
        if (i + 1 < x->blocks)
            h->blocks[i].scale = il_blocks_conv(st, il_name("%s.downsamplers.0.conv", name.text).text,
                                                (il_conv_spec){ width, width, 3, .opts = { .stride = 2 } });
    }
    declare_middle(st, h, "encoder.mid_block", width, o);
    h->norm = il_blocks_scale(st, "encoder.conv_norm_out", (il_scale_spec){ width, o->groups, eps });
    h->out = declare_conv(st, "encoder.conv_out", width, 2 * o->latents);
}

static void declare_decoder(il_state *st, il_kl_half *h, const il_kl_options *o)
{
    const il_kl_half_options *x = &o->decoder;
    int width = x->channels[x->blocks - 1];
    h->nblocks = x->blocks;
    h->in = declare_conv(st, "decoder.conv_in", o->latents, width);
    declare_middle(st, h, "decoder.mid_block", width, o);
    for (int i = 0; i < x->blocks; i++) {
        il_name_buf name = il_name("decoder.up_blocks.%d", i);
        int out = x->channels[x->blocks - 1 - i];
        declare_resnets(st, &h->blocks[i], name.text, (il_resnet_spec){ width, out, 0, o->groups, eps }, x->layers + 1);
        width = out;
        if (i + 1 < x->blocks)
            h->blocks[i].scale = declare_conv(st, il_name("%s.upsamplers.0.conv", name.text).text, width, width);
    }
    h->norm = il_blocks_scale(st, "decoder.conv_norm_out", (il_scale_spec){ width, o->groups, eps });
    h->out = declare_conv(st, "decoder.conv_out", width, 3);
}

/* Two convolutions at full resolution, then three that halve it, each wider than the one before, up to the decoder's
 * greatest width. */
static void declare_conditions(il_state *st, il_conv *conditions, const il_kl_half_options *x)
{
    const int most = x->channels[x->blocks - 1];
    int in = 3, out = x->channels[0];
    for (int i = 0; i < IL_VAE_CONDITIONS; i++) {
        if (out > most || i == IL_VAE_CONDITIONS - 1)
            out = most;
        il_conv_spec spec = { .in = in, .out = out, .kernel = i < 2 ? 3 : 4, .opts = { .padding = 1 } };
        spec.opts.stride = i < 2 ? 1 : 2;
        conditions[i] = il_blocks_conv(st, il_name("decoder.condition_encoder.layers.%d", i).text, spec);
        in = out;
        out *= 2;
    }
}

void il_kl_declare(il_kl *k, il_state *st, const il_kl_options *o)
{
    declare_encoder(st, &k->encoder, o);
    declare_decoder(st, &k->decoder, o);
    if (o->quant)
        k->quant = declare_point(st, "quant_conv", 2 * o->latents);
    if (o->post_quant)
        k->post_quant = declare_point(st, "post_quant_conv", o->latents);
    if (o->masked)
        declare_conditions(st, k->conditions, &o->decoder);
}

/* ---- a pass: x is freed as soon as its successor is computed ---- */

static il_tensor *apply_resnets(il_scope *s, const il_kl_block *b, il_tensor *x)
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

static il_tensor *apply_attention(il_scope *outer, const il_kl_half *k, il_tensor *x)
{
    if (!k->attend.q.weight || !x)
        return x;
    il_scope *s = il_scope_nest(outer);
    il_tensor *h = il_to_sequence(s, il_scale_apply(s, &k->attend_norm, x));
    h = il_attend_apply(s, &k->attend, h, h, false);
    h = il_add(s, il_to_map(s, h, il_dim(x, 2), il_dim(x, 3)), x);
    h = il_lift(s, h);
    il_scope_close(s);
    return il_blocks_then(x, h);
}

static il_tensor *apply_middle(il_scope *s, const il_kl_half *h, il_tensor *x)
{
    x = il_blocks_then(x, il_blocks_resnet_apply(s, &h->before, x, NULL));
    x = apply_attention(s, h, x);
    return il_blocks_then(x, il_blocks_resnet_apply(s, &h->after, x, NULL));
}

static il_tensor *finish(il_scope *s, const il_kl_half *h, il_tensor *x)
{
    x = il_blocks_then(x, il_scale_apply(s, &h->norm, x));
    x = il_blocks_then(x, il_silu(s, x));
    return il_blocks_then(x, il_conv_apply(s, &h->out, x));
}

il_tensor *il_kl_encode(il_scope *s, const il_kl *k, il_tensor *x)
{
    const il_kl_half *h = &k->encoder;
    x = il_blocks_then(x, il_conv_apply(s, &h->in, x));
    for (int i = 0; i < h->nblocks; i++) {
        x = apply_resnets(s, &h->blocks[i], x);
        if (h->blocks[i].scale.weight)
            x = halve(s, &h->blocks[i].scale, x);
    }
    x = finish(s, h, apply_middle(s, h, x));
    return k->quant.weight ? il_blocks_then(x, il_conv_apply(s, &k->quant, x)) : x;
}

/* ---- what lies outside of the mask ---- */

struct outside {
    il_tensor *maps[IL_VAE_CONDITIONS], *mask; /* all NULL: none */
};

static void look_outside(struct outside *out, il_scope *s, const il_kl *k, il_tensor *image, il_tensor *mask)
{
    if (!mask)
        return;
    il_tensor *x = il_mul(s, image, il_affine(s, mask, -1, 1));
    out->mask = mask;
    for (int i = 0; i < IL_VAE_CONDITIONS; i++) {
        out->maps[i] = il_conv_apply(s, &k->conditions[i], x);
        x = il_relu(s, out->maps[i]);
    }
}

static bool same_shape(const il_tensor *a, const il_tensor *b)
{
    bool same = true;
    for (int i = 1; i < 4; i++)
        same = same && il_dim(a, i) == il_dim(b, i);
    return same;
}

/* x in the mask, outside of it the map of the same shape. */
static il_tensor *put_outside(il_scope *s, const struct outside *o, il_tensor *x)
{
    if (!o->mask || !x)
        return x;
    for (int i = 0; i < IL_VAE_CONDITIONS; i++)
        if (o->maps[i] && same_shape(o->maps[i], x)) {
            il_tensor *mask = il_upsample_nearest(s, o->mask, il_dim(x, 2), il_dim(x, 3));
            il_tensor *kept = il_mul(s, o->maps[i], il_affine(s, mask, -1, 1));
            return il_blocks_then(x, il_add(s, il_mul(s, x, mask), kept));
        }
    return il_scope_fail(s, IL_EPARAM,
                         "VAE: its decoder has %lld channels where the encoder of what lies outside the "
                         "mask has another number",
                         (long long)il_dim(x, 1));
}

il_tensor *il_kl_decode(il_scope *s, const il_kl *k, il_tensor *x, il_tensor *image, il_tensor *mask)
{
    const il_kl_half *h = &k->decoder;
    struct outside outside = { 0 };
    if (k->conditions[0].weight)
        look_outside(&outside, s, k, image, mask);
    if (k->post_quant.weight)
        x = il_blocks_then(x, il_conv_apply(s, &k->post_quant, x));
    x = apply_middle(s, h, il_blocks_then(x, il_conv_apply(s, &h->in, x)));
    for (int i = 0; i < h->nblocks; i++) {
        x = apply_resnets(s, &h->blocks[i], put_outside(s, &outside, x));
        if (h->blocks[i].scale.weight)
            x = double_size(s, &h->blocks[i].scale, x);
    }
    return finish(s, h, put_outside(s, &outside, x));
}
