#include <inpaintlab/weights.h>
#include "networks.h"

static const char *const cases[] = { "even", "odd" }; /* odd: 7x9 latents */
enum { CASES = 2 };

static il_unet *open_in(const char *folder, const il_network_opts *o)
{
    il_err e = { 0 };
    il_unet *u = NULL;
    OK(il_unet_open(&u, folder, o, &e));
    return u;
}

static double timestep(const il_bundle *b, const char *name)
{
    il_err e = { 0 };
    int64_t t = 0;
    OK(il_read_i64(figure(b, "unet.%s.t", name), &t, 1, &e));
    return (double)t;
}

/* The greatest difference from PyTorch's output, which is in float32 ("out") or was computed in bfloat16 ("bf16"). */
static double run(const il_unet *u, const char *kind, const char *figures)
{
    il_bundle *b = read_bundle(data_path(kind, "figures.safetensors").text);
    double most = 0;
    for (int i = 0; i < CASES; i++) {
        il_scope *s = open_scope();
        il_tensor *x = input(s, b, "unet.%s.x", cases[i]), *text = input(s, b, "unet.%s.text", cases[i]);
        il_tensor *y = il_unet_apply(s, u, x, timestep(b, cases[i]), text);
        most = fmax(most, difference(s, y, figure(b, figures, cases[i])));
        il_scope_close(s);
    }
    cr_log_info("%s: greatest difference %.2g", kind, most);
    il_bundle_free(b);
    return most;
}

Test(unet, as_diffusers)
{
    for (int i = 0; i < KINDS; i++) {
        il_unet *u = open_in(data_path(kinds[i], "unet").text, &in_f32);
        cr_assert_eq(il_unet_inputs(u), 9);
        cr_assert_leq(run(u, kinds[i], "unet.%s.out"), 1e-5, "%s", kinds[i]);
        il_unet_free(u);
    }
}

Test(unet, half_types_are_near)
{
    for (int i = 0; i < KINDS; i++) {
        path folder = data_path(kinds[i], "unet");
        il_unet *half = open_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F16));
        il_unet *brain = open_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_BF16));
        double h = run(half, kinds[i], "unet.%s.out"), b = run(brain, kinds[i], "unet.%s.out");
        cr_assert(h > 1e-5 && h < 0.03, "%s: %g", kinds[i], h);
        cr_assert(b > h && b < 0.25, "%s: %g", kinds[i], b);
        cr_assert_lt(run(brain, kinds[i], "unet.%s.bf16"), 0.1); /* the same roundings, nearly */
        il_unet_free(half);
        il_unet_free(brain);
    }
}

Test(unet, full_parameter_counts)
{
    static const struct {
        const char *folder;
        int64_t count;
    } full[] = { { "sd15-inpainting/unet", 859535364 }, { "sd2-inpainting/unet", 865925124 } };
    for (size_t i = 0; i < 2; i++) {
        il_unet *u = open_in(data_path("full", full[i].folder).text,
                             IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F16, .no_weights = true));
        cr_assert_eq(il_unet_params(u), full[i].count);
        cr_assert_eq(full_count(full[i].folder), full[i].count);
        cr_assert_eq(il_unet_inputs(u), 9);
        il_unet_free(u);
    }
}

/* A network of 4 inputs is one of 9 whose further inputs are 0. */
static void four_inputs(const path *folder)
{
    il_err e = { 0 };
    il_bundle *from = read_bundle(data_path("sd15-small", "unet/diffusion_pytorch_model.safetensors").text);
    il_bundle *to = new_bundle();
    il_scope *s = open_scope();
    for (size_t i = 0; i < il_bundle_count(from); i++) {
        if (strcmp(il_bundle_name(from, i), "conv_in.weight") != 0) {
            add_same(to, from, i);
            continue;
        }
        il_tensor *all = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 8, 9, 3, 3 });
        OK(il_copy(all, il_bundle_at(from, i), &e));
        OK(il_bundle_add(to, "conv_in.weight", il_slice(s, all, 1, 0, 4), &e));
    }
    il_scope_close(s);
    il_bundle_free(from);
    write_bundle(to, folder, "diffusion_pytorch_model.safetensors");
}

Test(unet, four_inputs)
{
    il_err e = { 0 };
    path from = data_path("sd15-small", "unet"), folder = temp_folder();
    edit_config(&folder, from.text, "in_channels", "4");
    four_inputs(&folder);
    il_unet *nine = open_in(from.text, &in_f32), *four = open_in(folder.text, &in_f32);
    cr_assert_eq(il_unet_inputs(four), 4);
    il_scope *s = open_scope();
    il_tensor *x = il_randn(s, 3, 0, 4, (int64_t[]){ 1, 4, 8, 8 }),
              *zero = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 5, 8, 8 });
    il_tensor *text = il_randn(s, 4, 0, 3, (int64_t[]){ 1, 3, 32 });
    il_tensor *want = il_unet_apply(s, nine, il_cat(s, (il_tensor *[]){ x, zero }, 2, 1), 500, text);
    il_tensor *got = il_unet_apply(s, four, x, 500, text);
    OK(il_scope_status(s, &e));
    cr_assert_leq(difference(s, got, want), 1e-5);
    il_scope_close(s);
    il_unet_free(nine);
    il_unet_free(four);
    remove_folder(&folder);
}

Test(unet, same_weights_for_another_picture_of_the_batch)
{
    il_err e = { 0 };
    il_unet *u = open_in(data_path("sd2-small", "unet").text, &in_f32);
    il_scope *s = open_scope();
    il_tensor *x = il_randn(s, 3, 0, 4, (int64_t[]){ 2, 9, 4, 4 }),
              *text = il_randn(s, 4, 0, 3, (int64_t[]){ 2, 3, 32 });
    il_tensor *both = il_unet_apply(s, u, x, 20, text);
    il_tensor *second = il_unet_apply(s, u, il_slice(s, x, 0, 1, 2), 20, il_slice(s, text, 0, 1, 2));
    OK(il_scope_status(s, &e));
    cr_assert_leq(difference(s, second, il_slice(s, both, 0, 1, 2)), 1e-5);
    il_scope_close(s);
    il_unet_free(u);
}

Test(unet, refuses_options)
{
    static const struct {
        const char *key, *value, *part;
    } wrong[] = {
        { "_class_name", "\"UNet2DModel\"",
          "config.json: '_class_name' is \"UNet2DModel\"; expected "
          "\"UNet2DConditionModel\"" },
        { "act_fn", "\"gelu\"", "'act_fn' is \"gelu\"; expected one of \"silu\", \"swish\"" },
        { "addition_embed_type", "\"text_time\"", "'addition_embed_type' is \"text_time\"; expected null" },
        { "class_embed_type", "\"timestep\"", "'class_embed_type' is \"timestep\"; expected null" },
        { "conv_in_kernel", "1", "'conv_in_kernel' is 1; expected 3" },
        { "mid_block_type", "null", "'mid_block_type' is null; expected \"UNetMidBlock2DCrossAttn\"" },
        { "only_cross_attention", "true", "'only_cross_attention' is true; expected false" },
        { "only_cross_attention", "[true, false]", "'only_cross_attention' is [true,false]; expected false" },
        { "resnet_time_scale_shift", "\"scale_shift\"",
          "'resnet_time_scale_shift' is \"scale_shift\"; expected "
          "\"default\"" },
        { "transformer_layers_per_block", "[1, 2, 10]", "'transformer_layers_per_block' is [1,2,10]; expected 1" },
        { "num_attention_heads", "8", "'num_attention_heads' is 8; expected null" },
        { "norm_num_groups", "3", "'norm_num_groups' is 3; expected a divisor of all block_out_channels, such as 8" },
        { "attention_head_dim", "3", "'attention_head_dim' is 3; expected numbers of heads that divide" },
        { "attention_head_dim", "[2, 2]",
          "'attention_head_dim' is [2,2]; expected one number, or one for each of the "
          "4" },
        { "attention_head_dim", "[2, 2, 0, 2]", "'attention_head_dim' is [2,2,0,2]; expected 1 to 8 integers" },
        { "cross_attention_dim", "[32, 32]", "'cross_attention_dim' is [32,32]; expected an integer" },
        { "down_block_types", "[\"AttnDownBlock2D\"]",
          "expected a list of 4, each DownBlock2D or CrossAttnDownBlock2D" },
        { "up_block_types", "[1, 2, 3, 4]", "'up_block_types' is [1,2,3,4]; expected a list of 4" },
        { "block_out_channels", "[320, 640]", "expected a list of 2, each DownBlock2D" },
        { "block_out_channels", "[1e3]", "'block_out_channels' is [1000.0]; expected 1 to 8 integers" },
        { "layers_per_block", "1000000", "'layers_per_block' is 1000000; expected 1 to 8 integers from 1 to 8" },
        { "in_channels", "0", "'in_channels' is 0; expected an integer from 1 to 65536" },
        { "freq_shift", "4", "'freq_shift' is 4; expected a number other than half" },
        { "norm_eps", "true", "'norm_eps' is true; expected a number" },
        { "flip_sin_to_cos", "0", "'flip_sin_to_cos' is 0; expected true or false" },
        { "upcast_attention", "\"no\"", "'upcast_attention' is \"no\"; expected true or false" },
    };
    path from = data_path("sd15-small", "unet"), folder = temp_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_unet *u = NULL;
        il_err e = { 0 };
        edit_config(&folder, from.text, wrong[i].key, wrong[i].value);
        int rc = il_unet_open(&u, folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true), &e);
        expect_message(rc, IL_EFORMAT, &e, wrong[i].part);
        cr_assert_null(u);
    }
    remove_folder(&folder);
}

/* Weights that do not belong to the options. */
Test(unet, refuses_weights)
{
    static const struct {
        const char *key, *value, *part;
    } wrong[] = {
        { "in_channels", "4", "model.safetensors: tensor conv_in.weight has shape (8,9,3,3); expected (8,4,3,3)" },
        { "layers_per_block", "2", "has shape (16,24,3,3); expected (16,32,3,3)" },
        { "cross_attention_dim", "24", "attn2.to_k.weight has shape (8,32); expected (8,24)" },
        { "down_block_types", "[\"DownBlock2D\", \"DownBlock2D\", \"DownBlock2D\", \"DownBlock2D\"]",
          "the network described by config.json has no tensor of this name" },
    };
    path from = data_path("sd15-small", "unet"), folder = temp_folder();
    cr_assert_eq(symlink(in_folder(&from, "diffusion_pytorch_model.safetensors").text,
                         in_folder(&folder, "diffusion_pytorch_model.safetensors").text),
                 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_unet *u = NULL;
        il_err e = { 0 };
        edit_config(&folder, from.text, wrong[i].key, wrong[i].value);
        expect_message(il_unet_open(&u, folder.text, &in_f32, &e), IL_EFORMAT, &e, wrong[i].part);
        cr_assert_null(u);
    }
    remove_folder(&folder);
}

Test(unet, refuses_inputs)
{
    static const struct {
        int64_t x[4], text[3];
        const char *part;
    } wrong[] = {
        { { 2, 4, 8, 8 }, { 2, 5, 32 }, "UNet: latents must have the shape (N,9,H,W)" },
        { { 2, 9, 8, 8 }, { 1, 5, 32 }, "UNet: the encoded text must have the shape (2,L,32)" },
        { { 2, 9, 8, 8 }, { 2, 5, 24 }, "UNet: the encoded text must have the shape (2,L,32)" },
    };
    il_unet *u = open_in(data_path("sd15-small", "unet").text, &in_f32);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_err e = { 0 };
        il_scope *s = open_scope();
        il_tensor *x = il_full(s, 0, IL_DTYPE_F32, 4, wrong[i].x),
                  *text = il_full(s, 0, IL_DTYPE_F32, 3, wrong[i].text);
        cr_assert_null(il_unet_apply(s, u, x, 1, text));
        expect_message(il_scope_status(s, &e), IL_EPARAM, &e, wrong[i].part);
        cr_assert_null(il_unet_apply(s, u, NULL, 1, text));
        expect_message(il_scope_status(s, &e), IL_EPARAM, &e, wrong[i].part); /* the first error stays */
        il_scope_close(s);
    }
    il_scope *s = open_scope();
    il_err e = { 0 };
    cr_assert_null(il_unet_apply(s, u, NULL, 1, NULL));
    expect_message(il_scope_status(s, &e), IL_ETORCH, &e, "missing");
    il_scope_close(s);
    il_unet_free(u);
}
