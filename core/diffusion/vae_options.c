/* vae_options.c - the options of autoencoders: from config.json, or from what a file of weights holds. */
#include <string.h>
#include "diffusion/vae.h"

static const il_options_range widths = { 0, 1, IL_VAE_CHANNELS };

/* ---- config.json: AutoencoderKL and its kin ---- */

static const il_options_rule rules[] = {
    { "in_channels", "[3]" },
    { "out_channels", "[3]" },
    { "act_fn", "[\"silu\", \"swish\"]" },
    { NULL, NULL },
};

/* The types of blocks and their channels, by key. `fallback`: what is taken where the key is absent. */
static void read_half(il_kl_half_options *h, il_options *c, const char *key, const char *types, const char *type,
                      const il_kl_half_options *fallback)
{
    const char *const names[] = { type, NULL };
    int ignored[IL_VAE_BLOCKS];
    h->blocks = il_options_ints(c, key, h->channels, IL_VAE_BLOCKS, widths);
    if (h->blocks == 0)
        *h = *fallback;
    il_options_choices(c, types, names, ignored, h->blocks);
}

static void check_groups(il_options *c, const il_kl_options *o, const il_kl_half_options *h, const char *key)
{
    for (int i = 0; i < h->blocks; i++)
        if (h->channels[i] % o->groups != 0)
            il_options_refuse(c, "norm_num_groups", "a divisor of all %s, such as %d", key, h->channels[i]);
}

static void read_halves(il_kl_options *o, il_options *c)
{
    static const il_kl_half_options usual = { { 64 }, 1, 0 };
    const il_options_range layers = { 1, 1, IL_VAE_LAYERS };
    const char *const down = o->masked ? "down_block_out_channels" : "block_out_channels";
    const char *const up = o->masked ? "up_block_out_channels" : "decoder_block_out_channels";
    read_half(&o->encoder, c, down, "down_block_types", "DownEncoderBlock2D", &usual);
    read_half(&o->decoder, c, up, "up_block_types", "UpDecoderBlock2D", o->masked ? &usual : &o->encoder);
    o->encoder.layers = il_options_int(c, o->masked ? "layers_per_down_block" : "layers_per_block", layers);
    o->decoder.layers = o->masked ? il_options_int(c, "layers_per_up_block", layers) : o->encoder.layers;
    o->groups = il_options_int(c, "norm_num_groups", (il_options_range){ 32, 1, IL_VAE_CHANNELS });
    check_groups(c, o, &o->encoder, down);
    check_groups(c, o, &o->decoder, il_options_has(c, up) ? up : down);
    if (o->encoder.blocks != o->decoder.blocks)
        il_options_refuse(c, up, "as many numbers as in %s (%d)", down, o->encoder.blocks);
}

static void read_kl(il_kl_options *o, il_options *c, int latents)
{
    il_options_check(c, rules);
    read_halves(o, c);
    o->latents = il_options_int(c, "latent_channels", (il_options_range){ latents, 1, IL_VAE_CHANNELS });
    o->quant = o->masked || il_options_bool(c, "use_quant_conv", true);
    o->post_quant = o->masked || il_options_bool(c, "use_post_quant_conv", true);
    o->attention = o->masked || il_options_bool(c, "mid_block_add_attention", true);
}

/* ---- config.json: AutoencoderTiny ---- */

static const il_options_rule tiny_rules[] = {
    { "in_channels", "[3]" },           { "out_channels", "[3]" },
    { "act_fn", "[\"relu\"]" },         { "upsampling_scaling_factor", "[2]" },
    { "upsample_fn", "[\"nearest\"]" }, { NULL, NULL },
};

static void add_layer(il_tiny_half_options *h, il_tiny_layer_options x)
{
    if (h->count < IL_TINY_LAYERS)
        h->layers[h->count++] = x;
}

static void add_blocks(il_tiny_half_options *h, int width, int count)
{
    for (int i = 0; i < count; i++)
        add_layer(h, (il_tiny_layer_options){ IL_TINY_BLOCK, width, width, false, false });
}

struct tiny_config {
    int blocks[IL_VAE_BLOCKS], levels, width;
};

static void read_tiny_half(struct tiny_config *t, il_options *c, const char *key, const char *numbers, bool encoder)
{
    static const int usual[] = { 1, 3, 3, 3 };
    int channels[IL_VAE_BLOCKS];
    int levels = il_options_ints(c, key, channels, IL_VAE_BLOCKS, widths);
    t->levels = il_options_ints(c, numbers, t->blocks, IL_VAE_BLOCKS, (il_options_range){ 0, 1, IL_VAE_LAYERS });
    t->width = levels ? channels[0] : 64;
    for (int i = 1; i < levels; i++)
        if (channels[i] != channels[0])
            il_options_refuse(c, key, "equal numbers");
    for (int i = 0; t->levels == 0 && i < 4; i++)
        t->blocks[i] = usual[encoder ? i : 3 - i];
    if (t->levels == 0)
        t->levels = 4;
    if (t->levels != (levels ? levels : 4))
        il_options_refuse(c, numbers, "as many numbers as in %s", key);
}

static void read_tiny(il_tiny_options *o, int *latents, il_options *c)
{
    struct tiny_config e = { 0 }, d = { 0 };
    il_options_check(c, tiny_rules);
    *latents = il_options_int(c, "latent_channels", (il_options_range){ 4, 1, IL_VAE_CHANNELS });
    read_tiny_half(&e, c, "encoder_block_out_channels", "num_encoder_blocks", true);
    read_tiny_half(&d, c, "decoder_block_out_channels", "num_decoder_blocks", false);
    if (e.levels != d.levels)
        il_options_refuse(c, "num_decoder_blocks", "as many numbers as in num_encoder_blocks (%d)", e.levels);
    for (int i = 0; i < e.levels; i++) {
        add_layer(&o->encoder, (il_tiny_layer_options){ IL_TINY_CONV, i ? e.width : 3, e.width, i > 0, false });
        add_blocks(&o->encoder, e.width, e.blocks[i]);
    }
    add_layer(&o->encoder, (il_tiny_layer_options){ IL_TINY_CONV, e.width, *latents, false, false });
    add_layer(&o->decoder, (il_tiny_layer_options){ IL_TINY_CONV, *latents, d.width, false, false });
    add_layer(&o->decoder, (il_tiny_layer_options){ .kind = IL_TINY_RELU });
    for (int i = 0; i < d.levels; i++) {
        const bool last = i + 1 == d.levels;
        add_blocks(&o->decoder, d.width, d.blocks[i]);
        if (!last)
            add_layer(&o->decoder, (il_tiny_layer_options){ .kind = IL_TINY_DOUBLE });
        add_layer(&o->decoder, (il_tiny_layer_options){ IL_TINY_CONV, d.width, last ? 3 : d.width, !last, false });
    }
    if (o->encoder.count == IL_TINY_LAYERS || o->decoder.count == IL_TINY_LAYERS)
        il_options_refuse(c, "num_decoder_blocks", "numbers that make less than %d layers", IL_TINY_LAYERS);
}

static int halvings(const il_tiny_half_options *h)
{
    int count = 0;
    for (int i = 0; i < h->count; i++)
        count += h->layers[i].kind == IL_TINY_DOUBLE || (h->layers[i].kind == IL_TINY_CONV && h->layers[i].bare);
    return count;
}

void il_vae_options_read(il_vae_options *o, il_options *c)
{
    enum { KL, FLUX2, MASKED, TINY };
    static const char *const classes[] = { "AutoencoderKL", "AutoencoderKLFlux2", "AsymmetricAutoencoderKL",
                                           "AutoencoderTiny", NULL };
    const int kind = il_options_choice(c, "_class_name", classes, KL);
    o->is_tiny = kind == TINY;
    o->kl.masked = kind == MASKED;
    if (o->is_tiny)
        read_tiny(&o->tiny, &o->latents, c);
    else
        read_kl(&o->kl, c, kind == FLUX2 ? 32 : 4);
    o->latents = o->is_tiny ? o->latents : o->kl.latents;
    o->halvings = o->is_tiny ? halvings(&o->tiny.encoder) : o->kl.encoder.blocks - 1;
    o->scaling = il_options_real(c, "scaling_factor", o->is_tiny ? 1 : 0.18215);
    if (!(o->scaling > 0))
        il_options_refuse(c, "scaling_factor", "a number above 0");
}

/* ---- from tensors ---- */

static int wrong(il_err *e, const char *name, const char *expected)
{
    return il_fail(e, IL_EFORMAT, "tensor %s: %s", name, expected);
}

/* Levels and layers are counted by the names, which only a file of that layout has. */
static int infer_half(il_kl_half_options *h, const il_named *n, bool encoder, il_err *e)
{
    const char *const block = encoder ? "encoder.down_blocks" : "decoder.up_blocks";
    int channels[IL_VAE_BLOCKS] = { 0 };
    while (h->blocks < IL_VAE_BLOCKS) {
        int width = il_named_dim(n, 0, "%s.%d.resnets.0.conv1.weight", block, h->blocks);
        if (width == 0)
            break;
        if (width % 32 != 0)
            return wrong(e, block, "expected channels that are multiples of 32, the groups of the norms");
        channels[h->blocks++] = width;
    }
    while (h->layers <= IL_VAE_LAYERS && il_named_find(n, "%s.0.resnets.%d.conv1.weight", block, h->layers))
        h->layers++;
    h->layers -= !encoder;
    for (int i = 0; i < h->blocks; i++)
        h->channels[i] = channels[encoder ? i : h->blocks - 1 - i];
    if (h->blocks == 0 || h->layers < 1 || h->layers > IL_VAE_LAYERS)
        return wrong(e, block, "there are not 1 to 8 levels of 1 to 8 layers");
    return IL_OK;
}

static int infer_kl(il_kl_options *o, const il_named *n, il_err *e)
{
    int rc = infer_half(&o->encoder, n, true, e);
    if (!rc)
        rc = infer_half(&o->decoder, n, false, e);
    if (rc)
        return rc;
    if (o->encoder.blocks != o->decoder.blocks)
        return wrong(e, "decoder.up_blocks", "the decoder has not as many levels as the encoder");
    o->latents = il_named_dim(n, 1, "decoder.conv_in.weight");
    if (o->latents == 0)
        return wrong(e, "decoder.conv_in.weight", "is missing or empty");
    o->groups = 32;
    o->quant = il_named_find(n, "quant_conv.weight");
    o->post_quant = il_named_find(n, "post_quant_conv.weight");
    o->attention = il_named_find(n, "encoder.mid_block.attentions.0.group_norm.weight");
    o->masked = il_named_find(n, "decoder.condition_encoder.layers.0.weight");
    return IL_OK;
}

/* One layer, by what the file has under its index; false: none. */
static bool infer_layer(il_tiny_layer_options *x, const il_named *n, const char *half, int i)
{
    const bool block = il_named_find(n, "%s.layers.%d.conv.0.weight", half, i);
    if (!block && !il_named_find(n, "%s.layers.%d.weight", half, i))
        return false;
    const char *const part = block ? ".conv.0" : "";
    *x = (il_tiny_layer_options){ .kind = block ? IL_TINY_BLOCK : IL_TINY_CONV };
    x->in = il_named_dim(n, 1, "%s.layers.%d%s.weight", half, i, part);
    x->out = il_named_dim(n, 0, "%s.layers.%d%s.weight", half, i, part);
    x->bare = !il_named_find(n, "%s.layers.%d%s.bias", half, i, part);
    x->pooled = il_named_find(n, "%s.layers.%d.pool.0.weight", half, i);
    return true;
}

static int infer_tiny_half(il_tiny_half_options *h, const il_named *n, bool encoder, il_err *e)
{
    const char *const half = encoder ? "encoder" : "decoder";
    il_tiny_layer_options next;
    int width = 0;
    for (int i = 0; i < IL_TINY_LAYERS; i++) {
        il_tiny_layer_options *x = &h->layers[i];
        il_name_buf name = il_name("%s.layers.%d", half, i);
        if (!infer_layer(x, n, half, i)) {
            const bool more = infer_layer(&next, n, half, i + 1);
            if (!more && h->count)
                return IL_OK;
            if (!more || encoder)
                return wrong(e, name.text, "is missing");
            *x = (il_tiny_layer_options){ .kind = i == 1 ? IL_TINY_RELU : IL_TINY_DOUBLE };
        } else {
            const bool fits = x->in > 0 && x->out > 0 && (i == 0 || x->in == width) &&
                              (x->kind == IL_TINY_CONV || (x->in == x->out && !x->bare));
            if (!fits)
                return wrong(e, name.text, "expected as many channels as the layer before it gives");
            width = x->out;
        }
        h->count++;
    }
    return wrong(e, half, "there are too many layers");
}

static int infer_tiny(il_tiny_options *o, int *latents, const il_named *n, il_err *e)
{
    int rc = infer_tiny_half(&o->encoder, n, true, e);
    if (!rc)
        rc = infer_tiny_half(&o->decoder, n, false, e);
    if (rc)
        return rc;
    *latents = o->encoder.layers[o->encoder.count - 1].out;
    if (o->encoder.layers[0].in != 3)
        return wrong(e, "encoder.layers.0", "expected 3 channels in");
    if (o->decoder.layers[0].in != *latents)
        return wrong(e, "decoder.layers.0", "expected as many channels in as the encoder gives");
    if (o->decoder.layers[o->decoder.count - 1].out != 3)
        return wrong(e, "decoder.layers", "expected 3 channels out of the last");
    /* each rise is a doubling and a convolution without bias */
    if (halvings(&o->decoder) != 2 * halvings(&o->encoder) || halvings(&o->encoder) >= IL_VAE_BLOCKS)
        return wrong(e, "decoder.layers",
                     "expected as many doublings of the sides as the encoder has halvings, at most 7");
    return IL_OK;
}

int il_vae_options_infer(il_vae_options *o, const il_named *n, il_err *e)
{
    int rc;
    o->is_tiny = il_named_find(n, "encoder.layers.0.weight");
    if (o->is_tiny)
        rc = infer_tiny(&o->tiny, &o->latents, n, e);
    else
        rc = infer_kl(&o->kl, n, e);
    if (rc)
        return rc;
    o->latents = o->is_tiny ? o->latents : o->kl.latents;
    o->halvings = o->is_tiny ? halvings(&o->tiny.encoder) : o->kl.encoder.blocks - 1;
    o->scaling = o->is_tiny ? 1 : 0.18215;
    return IL_OK;
}
