/* unet_options.c - reads and checks the options of UNet2DConditionModel. */
#include "diffusion/unet_options.h"

enum { MOST_CHANNELS = 65536 };

/* Other options that would change the network. With fused attention upcast_attention changes nothing. */
static const il_options_rule rules[] = {
    { "_class_name", "[\"UNet2DConditionModel\"]" },
    { "act_fn", "[\"silu\", \"swish\"]" },
    { "addition_embed_type", "[null]" },
    { "addition_time_embed_dim", "[null]" },
    { "attention_type", "[\"default\"]" },
    { "center_input_sample", "[false]" },
    { "class_embed_type", "[null]" },
    { "class_embeddings_concat", "[false]" },
    { "conv_in_kernel", "[3]" },
    { "conv_out_kernel", "[3]" },
    { "cross_attention_norm", "[null]" },
    { "downsample_padding", "[1]" },
    { "dual_cross_attention", "[false]" },
    { "encoder_hid_dim", "[null]" },
    { "encoder_hid_dim_type", "[null]" },
    { "mid_block_only_cross_attention", "[null, false]" },
    { "mid_block_scale_factor", "[1]" },
    { "mid_block_type", "[\"UNetMidBlock2DCrossAttn\"]" },
    { "num_attention_heads", "[null]" },
    { "num_class_embeds", "[null]" },
    { "only_cross_attention", "[false]" },
    { "projection_class_embeddings_input_dim", "[null]" },
    { "resnet_out_scale_factor", "[1]" },
    { "resnet_skip_time_act", "[false]" },
    { "resnet_time_scale_shift", "[\"default\"]" },
    { "reverse_transformer_layers_per_block", "[null]" },
    { "time_cond_proj_dim", "[null]" },
    { "time_embedding_act_fn", "[null]" },
    { "time_embedding_dim", "[null]" },
    { "time_embedding_type", "[\"positional\"]" },
    { "timestep_post_act", "[null]" },
    { "transformer_layers_per_block", "[1]" },
    { NULL, NULL },
};

static void read_channels(il_unet_options *o, il_options *c)
{
    static const int usual[] = { 320, 640, 1280, 1280 };
    o->blocks = il_options_ints(c, "block_out_channels", o->channels, IL_UNET_BLOCKS,
                                (il_options_range){ 0, 1, MOST_CHANNELS });
    if (o->blocks == 0) {
        o->blocks = 4;
        for (int i = 0; i < 4; i++)
            o->channels[i] = usual[i];
    }
    o->groups = il_options_int(c, "norm_num_groups", (il_options_range){ 32, 1, MOST_CHANNELS });
    for (int i = 0; i < o->blocks; i++)
        if (o->channels[i] % o->groups != 0)
            il_options_refuse(c, "norm_num_groups", "a divisor of all block_out_channels, such as %d", o->channels[i]);
    if (o->channels[0] % 2 != 0)
        il_options_refuse(c, "block_out_channels", "a list whose first number is even");
}

/* One number for all blocks, or one per block. */
static void read_per_block(int *out, il_options *c, const char *key, int blocks, il_options_range r)
{
    int given[IL_UNET_BLOCKS] = { 0 };
    int count = il_options_ints(c, key, given, IL_UNET_BLOCKS, r);
    if (count > 1 && count != blocks)
        il_options_refuse(c, key, "one number, or one for each of the %d blocks", blocks);
    for (int i = 0; i < blocks; i++)
        out[i] = count == blocks ? given[i] : count == 1 ? given[0] : r.fallback;
}

/* Which of the blocks attend to the text. */
static void read_types(bool *attends, il_options *c, const char *key, const char *const *names, int blocks, int plain)
{
    int types[IL_UNET_BLOCKS];
    if (!il_options_choices(c, key, names, types, blocks)) {
        if (blocks != 4 && !il_options_has(c, key))
            il_options_refuse(c, key, "a list of %d block types", blocks);
        for (int i = 0; i < blocks; i++)
            types[i] = i == plain ? 0 : 1;
    }
    for (int i = 0; i < blocks; i++)
        attends[i] = types[i] == 1;
}

void il_unet_options_read(il_unet_options *o, il_options *c)
{
    static const char *const down[] = { "DownBlock2D", "CrossAttnDownBlock2D", NULL };
    static const char *const up[] = { "UpBlock2D", "CrossAttnUpBlock2D", NULL };
    const il_options_range width = { 4, 1, MOST_CHANNELS };
    il_options_check(c, rules);
    o->in = il_options_int(c, "in_channels", width);
    o->out = il_options_int(c, "out_channels", width);
    read_channels(o, c);
    read_types(o->down_attends, c, "down_block_types", down, o->blocks, 3);
    read_types(o->up_attends, c, "up_block_types", up, o->blocks, 0);
    read_per_block(o->layers, c, "layers_per_block", o->blocks, (il_options_range){ 2, 1, IL_UNET_LAYERS });
    /* misnamed in diffusers: these checkpoints give the number of heads */
    read_per_block(o->heads, c, "attention_head_dim", o->blocks, (il_options_range){ 8, 1, MOST_CHANNELS });
    for (int i = 0; i < o->blocks; i++)
        if (o->channels[i] % o->heads[i] != 0)
            il_options_refuse(c, "attention_head_dim", "numbers of heads that divide block_out_channels, such as %d",
                              o->channels[i]);
    o->context = il_options_int(c, "cross_attention_dim", (il_options_range){ 1280, 1, MOST_CHANNELS });
    o->eps = il_options_real(c, "norm_eps", 1e-5);
    o->freq_shift = il_options_real(c, "freq_shift", 0);
    if (2 * o->freq_shift == o->channels[0]) /* which would give a division by zero */
        il_options_refuse(c, "freq_shift", "a number other than half the first of block_out_channels");
    o->cosine_first = il_options_bool(c, "flip_sin_to_cos", true);
    o->linear_projection = il_options_bool(c, "use_linear_projection", false);
    il_options_bool(c, "upcast_attention", false);
}
