#include <inpaintlab/weights.h>
#include "networks.h"

static const char *const cases[] = { "even", "odd" }; /* odd: 37x29 pictures, one at a time */
enum { CASES = 2 };

static il_vae *open_in(const char *folder, const il_network_opts *o)
{
    il_err e = { 0 };
    il_vae *v = NULL;
    OK(il_vae_open(&v, folder, o, &e));
    return v;
}

/* The greatest difference of mean, deviation and decoding from PyTorch in float32. */
static double run(const il_vae *v, const char *kind)
{
    il_bundle *b = read_bundle(data_path(kind, "figures.safetensors").text);
    double most = 0;
    for (int i = 0; i < CASES; i++) {
        il_scope *s = open_scope();
        il_tensor *std = NULL, *mean = il_vae_encode(s, v, input(s, b, "vae.%s.image", cases[i]), &std);
        il_tensor *image = il_vae_decode(s, v, input(s, b, "vae.%s.latents", cases[i]));
        most = fmax(most, difference(s, mean, figure(b, "vae.%s.mean", cases[i])));
        most = fmax(most, difference(s, std, figure(b, "vae.%s.std", cases[i])));
        most = fmax(most, difference(s, image, figure(b, "vae.%s.decoded", cases[i])));
        il_scope_close(s);
    }
    cr_log_info("%s: greatest difference %.2g", kind, most);
    il_bundle_free(b);
    return most;
}

static double run_in(const char *folder, const il_network_opts *o, const char *kind)
{
    il_vae *v = open_in(folder, o);
    double most = run(v, kind);
    il_vae_free(v);
    return most;
}

Test(vae, as_diffusers)
{
    static const double scaling[KINDS] = { 0.18215, 0.13025 };
    for (int i = 0; i < KINDS; i++) {
        il_vae *v = open_in(data_path(kinds[i], "vae").text, &in_f32);
        cr_assert_eq(il_vae_factor(v), 8);
        cr_assert_eq(il_vae_channels(v), 4);
        cr_assert_float_eq(il_vae_scaling(v), scaling[i], 1e-12);
        cr_assert_leq(run(v, kinds[i]), 2e-5, "%s", kinds[i]);
        il_vae_free(v);
    }
}

Test(vae, half_types_are_near)
{
    for (int i = 0; i < KINDS; i++) {
        path folder = data_path(kinds[i], "vae");
        double half = run_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F16), kinds[i]);
        double brain = run_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_BF16), kinds[i]);
        cr_assert(half > 1e-4 && half < 0.05, "%s: %g", kinds[i], half);
        cr_assert(brain > half && brain < 0.4, "%s: %g", kinds[i], brain);
    }
}

Test(vae, records_no_gradient)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    il_vae *v = open_in(data_path("sd15-small", "vae").text, &in_f32);
    OK(il_scope_open(&s, IL_OPTS(il_scope_opts, .training = true, .grad = true), &e));
    il_tensor *x = il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 16, 16 });
    OK(il_require_grad(x, &e));
    il_tensor *y = il_mean(s, il_vae_decode(s, v, il_vae_encode(s, v, x, NULL)));
    OK(il_scope_status(s, &e));
    expect_message(il_backward(s, y, &e), IL_ETORCH, &e, "does not depend on anything");
    il_scope_close(s);
    il_vae_free(v);
}

Test(vae, full_parameter_count)
{
    static const char *const folders[] = { "sd15-inpainting/vae", "sd2-inpainting/vae" };
    for (size_t i = 0; i < 2; i++) {
        il_vae *v = open_in(data_path("full", folders[i]).text,
                            IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true));
        cr_assert_eq(il_vae_params(v), 83653863);
        cr_assert_eq(full_count(folders[i]), 83653863);
        il_vae_free(v);
    }
}

/* ---- weight files ---- */

/* Copies the small VAE's tensors, each as `change` has it. */
static il_bundle *changed(const char *kind, void (*change)(il_bundle *to, const il_bundle *from, size_t i))
{
    path file = data_path(kind, "vae/diffusion_pytorch_model.safetensors");
    il_bundle *from = read_bundle(file.text), *to = new_bundle();
    for (size_t i = 0; i < il_bundle_count(from); i++)
        change(to, from, i);
    il_bundle_free(from);
    return to;
}

static bool old_name(char *out, size_t size, const char *name)
{
    static const char *const pairs[][2] = {
        { "to_q", "query" }, { "to_k", "key" }, { "to_v", "value" }, { "to_out.0", "proj_attn" }
    };
    for (size_t i = 0; i < 4; i++) {
        const char *at = strstr(name, pairs[i][0]);
        if (!at)
            continue;
        snprintf(out, size, "%.*s%s%s", (int)(at - name), name, pairs[i][1], at + strlen(pairs[i][0]));
        return true;
    }
    return false;
}

static void as_old(il_bundle *to, const il_bundle *from, size_t i, int ndim)
{
    char name[200];
    const il_tensor *t = il_bundle_at(from, i);
    if (!old_name(name, sizeof name, il_bundle_name(from, i))) {
        add_same(to, from, i);
        return;
    }
    int64_t shape[4] = { il_dim(t, 0), il_dim(t, 1), 1, 1 };
    add_as(to, from, i, name, il_ndim(t) == 1 ? 1 : ndim, shape);
}

static void as_old_linear(il_bundle *to, const il_bundle *from, size_t i)
{
    as_old(to, from, i, 2);
}

static void as_old_conv(il_bundle *to, const il_bundle *from, size_t i)
{
    as_old(to, from, i, 4);
}

Test(vae, old_attention_names)
{
    void (*const ways[])(il_bundle *, const il_bundle *, size_t) = { as_old_linear, as_old_conv };
    path from = data_path("sd15-small", "vae"), folder = temp_folder();
    edit_config(&folder, from.text, NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        il_bundle *b = changed("sd15-small", ways[i]);
        cr_assert_not_null(il_bundle_find(b, "encoder.mid_block.attentions.0.proj_attn.weight"));
        cr_assert_null(il_bundle_find(b, "encoder.mid_block.attentions.0.to_q.weight"));
        write_bundle(b, &folder, "diffusion_pytorch_model.safetensors");
        cr_assert_leq(run_in(folder.text, &in_f32, "sd15-small"), 2e-5);
    }
    remove_folder(&folder);
}

Test(vae, variant)
{
    path from = data_path("sd2-small", "vae"), folder = temp_folder();
    il_network_opts o = { .size = sizeof(il_network_opts), .dtype = IL_DTYPE_F32, .variant = "fp16" };
    il_vae *v = NULL;
    il_err e = { 0 };
    edit_config(&folder, from.text, NULL, NULL);
    write_bundle(changed("sd2-small", add_same), &folder, "diffusion_pytorch_model.safetensors");
    expect_message(il_vae_open(&v, folder.text, &o, &e), IL_EIO, &e,
                   "diffusion_pytorch_model.fp16.safetensors: the file does not exist");
    write_bundle(changed("sd2-small", add_same), &folder, "diffusion_pytorch_model.fp16.safetensors");
    unlink(in_folder(&folder, "diffusion_pytorch_model.safetensors").text);
    cr_assert_leq(run_in(folder.text, &o, "sd2-small"), 2e-5);
    o.variant = ""; /* found where it alone is there */
    cr_assert_leq(run_in(folder.text, &o, "sd2-small"), 2e-5);
    o.variant = "bf16";
    expect_message(il_vae_open(&v, folder.text, &o, &e), IL_EIO, &e, "the files that are there need variant: fp16");
    remove_folder(&folder);
}

/* Chosen by name; what a file holds, the reader tells by its content. */
Test(vae, bin_only_without_safetensors)
{
    path from = data_path("sd2-small", "vae"), folder = temp_folder();
    il_vae *v = NULL;
    il_err e = { 0 };
    edit_config(&folder, from.text, NULL, NULL);
    write_bundle(changed("sd2-small", add_same), &folder, "diffusion_pytorch_model.bin");
    cr_assert_leq(run_in(folder.text, &in_f32, "sd2-small"), 2e-5);
    write_text(in_folder(&folder, "diffusion_pytorch_model.safetensors").text, "broken");
    expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e,
                   "diffusion_pytorch_model.safetensors: is neither safetensors nor");
    remove_folder(&folder);
}

static void first_half(il_bundle *to, const il_bundle *from, size_t i)
{
    if (i % 2 == 0)
        add_same(to, from, i);
}

static void second_half(il_bundle *to, const il_bundle *from, size_t i)
{
    if (i % 2 == 1)
        add_same(to, from, i);
}

/* Writes two shards and their index, which names `second` for every other tensor. */
static void write_shards(const path *folder, const char *index, const char *second)
{
    il_bundle *all = read_bundle(data_path("sd15-small", "vae/diffusion_pytorch_model.safetensors").text);
    json_t *map = json_object(), *root = json_pack("{s:o}", "weight_map", map);
    for (size_t i = 0; i < il_bundle_count(all); i++)
        json_object_set_new(map, il_bundle_name(all, i), json_string(i % 2 ? second : "a.safetensors"));
    cr_assert_eq(json_dump_file(root, in_folder(folder, index).text, 0), 0);
    json_decref(root);
    il_bundle_free(all);
    write_bundle(changed("sd15-small", first_half), folder, "a.safetensors");
    write_bundle(changed("sd15-small", second_half), folder, "b.safetensors");
}

Test(vae, shards)
{
    static const struct {
        const char *index, *variant;
    } forms[] = { { "diffusion_pytorch_model.safetensors.index.json", NULL },
                  { "diffusion_pytorch_model.safetensors.index.fp16.json", "fp16" },
                  { "diffusion_pytorch_model.safetensors.fp16.index.json", "fp16" } };
    path from = data_path("sd15-small", "vae");
    for (size_t i = 0; i < 3; i++) {
        path folder = temp_folder();
        edit_config(&folder, from.text, NULL, NULL);
        write_shards(&folder, forms[i].index, "b.safetensors");
        il_network_opts o = { .size = sizeof(il_network_opts), .dtype = IL_DTYPE_F32, .variant = forms[i].variant };
        cr_assert_leq(run_in(folder.text, &o, "sd15-small"), 2e-5, "%s", forms[i].index);
        remove_folder(&folder);
    }
}

Test(vae, broken_shards)
{
    static const struct {
        const char *second, *part;
        int code;
    } wrong[] = {
        { "c.safetensors", "c.safetensors: No such file or directory", IL_EIO },
        { "../b.safetensors", "'weight_map' contains ../b.safetensors; expected names of files beside it", IL_EFORMAT },
        { "a.safetensors", "index.json: tensor encoder.", IL_EFORMAT }, /* half of the tensors are nowhere */
    };
    static const char index[] = "diffusion_pytorch_model.safetensors.index.json";
    path from = data_path("sd15-small", "vae"), folder = temp_folder();
    edit_config(&folder, from.text, NULL, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_vae *v = NULL;
        il_err e = { 0 };
        write_shards(&folder, index, wrong[i].second);
        expect_message(il_vae_open(&v, folder.text, &in_f32, &e), wrong[i].code, &e, wrong[i].part);
    }
    static const char *const texts[][2] = { { "{", "index.json:1: invalid JSON" },
                                            { "{}", "index.json: 'weight_map' must be an object" },
                                            { "{\"weight_map\": {\"x\": 3}}", "'weight_map' contains a value that is "
                                                                              "not a string" } };
    for (size_t i = 0; i < 3; i++) {
        il_vae *v = NULL;
        il_err e = { 0 };
        write_text(in_folder(&folder, index).text, texts[i][0]);
        expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e, texts[i][1]);
    }
    remove_folder(&folder);
}

static void without_one(il_bundle *to, const il_bundle *from, size_t i)
{
    if (strcmp(il_bundle_name(from, i), "decoder.conv_out.bias") != 0)
        add_same(to, from, i);
}

static void with_another(il_bundle *to, const il_bundle *from, size_t i)
{
    add_same(to, from, i);
    if (i == 0)
        add_as(to, from, i, "encoder.extra.weight", 1, (int64_t[]){ il_numel(il_bundle_at(from, i)) });
}

static void with_twice(il_bundle *to, const il_bundle *from, size_t i)
{
    char name[200];
    add_same(to, from, i);
    if (old_name(name, sizeof name, il_bundle_name(from, i)))
        add_as(to, from, i, name, 1, (int64_t[]){ il_numel(il_bundle_at(from, i)) });
}

static void with_wrong_shape(il_bundle *to, const il_bundle *from, size_t i)
{
    const int64_t count[1] = { il_numel(il_bundle_at(from, i)) };
    if (strcmp(il_bundle_name(from, i), "decoder.conv_in.weight") == 0)
        add_as(to, from, i, "decoder.conv_in.weight", 1, count);
    else
        add_same(to, from, i);
}

Test(vae, refuses_weights)
{
    static const struct {
        void (*change)(il_bundle *to, const il_bundle *from, size_t i);
        const char *part;
    } wrong[] = {
        { without_one, "model.safetensors: tensor decoder.conv_out.bias is missing" },
        { with_another,
          "tensor encoder.extra.weight: the network described by config.json has no tensor of this name" },
        { with_twice, "occurs twice" },
        { with_wrong_shape, "tensor decoder.conv_in.weight has shape (576); expected (16,4,3,3)" },
    };
    path from = data_path("sd15-small", "vae"), folder = temp_folder();
    edit_config(&folder, from.text, NULL, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_vae *v = NULL;
        il_err e = { 0 };
        write_bundle(changed("sd15-small", wrong[i].change), &folder, "diffusion_pytorch_model.safetensors");
        expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e, wrong[i].part);
        cr_assert_null(v);
    }
    path file = in_folder(&folder, "diffusion_pytorch_model.safetensors");
    cr_assert_eq(truncate(file.text, 60000), 0);
    il_vae *v = NULL;
    il_err e = { 0 };
    expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e, "diffusion_pytorch_model.safetensors: ");
    remove_folder(&folder);
}

/* ---- options and inputs ---- */

Test(vae, refuses_options)
{
    static const struct {
        const char *key, *value, *part;
    } wrong[] = {
        { "_class_name", "\"VQModel\"", "config.json: '_class_name' is \"VQModel\"; expected AutoencoderKL, Auto" },
        { "act_fn", "\"gelu\"", "'act_fn' is \"gelu\"; expected one of \"silu\", \"swish\"" },
        { "in_channels", "4", "'in_channels' is 4; expected 3" },
        { "norm_num_groups", "3", "'norm_num_groups' is 3; expected a divisor of all block_out_channels, such as 4" },
        { "block_out_channels", "[]", "'block_out_channels' is []; expected 1 to 8 integers from 1 to 65536" },
        { "block_out_channels", "[4, -8]", "'block_out_channels' is [4,-8]; expected 1 to 8 integers" },
        { "block_out_channels", "[4, 8]", "'down_block_types' is [" },
        { "down_block_types", "[\"AttnDownEncoderBlock2D\", \"DownEncoderBlock2D\"]",
          "expected a list of 4, each Down" },
        { "up_block_types", "\"UpDecoderBlock2D\"", "'up_block_types' is \"UpDecoderBlock2D\"; expected a list of 4" },
        { "layers_per_block", "9", "'layers_per_block' is 9; expected an integer from 1 to 8" },
        { "scaling_factor", "0", "'scaling_factor' is 0; expected a number above 0" },
        { "use_quant_conv", "1", "'use_quant_conv' is 1; expected true or false" },
    };
    path from = data_path("sd15-small", "vae"), folder = temp_folder();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_vae *v = NULL;
        il_err e = { 0 };
        edit_config(&folder, from.text, wrong[i].key, wrong[i].value);
        int rc = il_vae_open(&v, folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true), &e);
        expect_message(rc, IL_EFORMAT, &e, wrong[i].part);
        cr_assert_null(v);
    }
    remove_folder(&folder);
}

/* Absent keys have the values of AutoencoderKL's constructor. */
Test(vae, absent_options)
{
    path from = data_path("sd15-small", "vae"), folder = temp_folder();
    edit_config(&folder, from.text, "scaling_factor", NULL);
    il_vae *v = open_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true));
    int64_t all = il_vae_params(v);
    cr_assert_float_eq(il_vae_scaling(v), 0.18215, 1e-12);
    il_vae_free(v);
    edit_config(&folder, from.text, "mid_block_add_attention", "false");
    v = open_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true));
    cr_assert_eq(all - il_vae_params(v), 2L * (4 * (16 * 16 + 16) + 2 * 16));
    il_vae_free(v);
    edit_config(&folder, from.text, "use_quant_conv", "false");
    v = open_in(folder.text, IL_OPTS(il_network_opts, .dtype = IL_DTYPE_F32, .no_weights = true));
    cr_assert_eq(all - il_vae_params(v), 8 * 8 + 8);
    il_vae_free(v);
    remove_folder(&folder);
}

Test(vae, refuses_inputs)
{
    il_vae *v = open_in(data_path("sd15-small", "vae").text, &in_f32);
    il_err e = { 0 };
    il_scope *s = open_scope();
    il_tensor *std = (il_tensor *)&e;
    cr_assert_null(il_vae_encode(s, v, il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 4, 8, 8 }), &std));
    cr_assert_null(std);
    expect_message(il_scope_status(s, &e), IL_EPARAM, &e, "VAE: images must have the shape (N,3,H,W)");
    il_scope_close(s);
    s = open_scope();
    cr_assert_null(il_vae_decode(s, v, il_full(s, 0, IL_DTYPE_F32, 3, (int64_t[]){ 4, 8, 8 })));
    expect_message(il_scope_status(s, &e), IL_EPARAM, &e, "VAE: latents must have the shape (N,4,H,W)");
    il_scope_close(s);
    s = open_scope();
    cr_assert_null(il_vae_decode(s, v, NULL));
    expect_message(il_scope_status(s, &e), IL_ETORCH, &e, "missing");
    il_scope_close(s);
    s = open_scope();
    cr_assert_null(
        il_vae_encode(s, v, il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 4, 4 }), NULL)); /* below 8x8 */
    expect_message(il_scope_status(s, &e), IL_ETORCH, &e, "conv2d");
    il_scope_close(s);
    il_vae_free(v);
}
