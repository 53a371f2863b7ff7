/* test_vae_kinds.c - autoencoders of every kind and layout against diffusers (tests/data/diffusion/vaes), and TAEF2 where its
 * weights are. */
#include "base/dependencies.h"
#include "named_weights.h"

enum { HEIGHT = 32, WIDTH = 24 };

static path list_of(const char *name)
{
    char file[100];
    snprintf(file, sizeof file, "%s.names", name);
    return data_path("vaes", file);
}

static void write_named(const path *folder, const char *file, const char *list)
{
    il_bundle *b = new_bundle();
    add_named(b, list_of(list).text, "");
    write_bundle(b, folder, file);
}

/* The picture of the figures, [-1,1]. */
static il_tensor *picture(il_scope *s)
{
    static float v[3 * HEIGHT * WIDTH];
    for (uint64_t i = 0; i < 3 * HEIGHT * WIDTH; i++)
        v[i] = (float)name_uniform(name_hash("image"), i);
    return il_from_f32(s, v, 4, (int64_t[]){ 1, 3, HEIGHT, WIDTH });
}

static il_vae *opened(const char *file)
{
    il_err e = { 0 };
    il_vae *v = NULL;
    OK(il_vae_open(&v, file, &in_f32, &e));
    return v;
}

/* Closes v. */
static void check(il_vae *v, const char *name)
{
    il_bundle *b = read_bundle(data_path("vaes", "figures.safetensors").text);
    il_scope *s = open_scope();
    il_tensor *mean = il_vae_encode(s, v, picture(s), NULL);
    WITHIN(1e-5, s, mean, figure(b, "%s.mean", name), name, "mean");
    WITHIN(1e-5, s, il_vae_decode(s, v, mean), figure(b, "%s.decoded", name), name, "round trip");
    il_scope_close(s);
    il_bundle_free(b);
    il_vae_free(v);
}

static path folder_of(const char *name)
{
    char config[100];
    path folder = temp_folder();
    snprintf(config, sizeof config, "%s.json", name);
    json_t *root = json_load_file(data_path("vaes", config).text, 0, NULL);
    cr_assert_eq(json_dump_file(root, in_folder(&folder, "config.json").text, 0), 0);
    json_decref(root);
    write_named(&folder, "diffusion_pytorch_model.safetensors", name);
    return folder;
}

Test(vae_kinds, folders_as_diffusers)
{
    static const struct {
        const char *name;
        int latents, factor;
        double scaling;
    } cases[] = { { "kl16", 16, 4, 1.5305 },
                  { "no-attention", 4, 2, 0.13025 },
                  { "flux2", 32, 2, 0.18215 },
                  { "asymmetric", 4, 8, 0.18215 },
                  { "tiny", 16, 8, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        path folder = folder_of(cases[i].name);
        il_vae *v = opened(folder.text);
        cr_expect_eq(il_vae_channels(v), cases[i].latents, "%s", cases[i].name);
        cr_expect_eq(il_vae_factor(v), cases[i].factor, "%s", cases[i].name);
        cr_expect_float_eq(il_vae_scaling(v), cases[i].scaling, 1e-12, "%s", cases[i].name);
        check(v, cases[i].name);
        remove_folder(&folder);
    }
}

/* Outside of the mask AsymmetricAutoencoderKL sees the picture itself. */
Test(vae_kinds, asymmetric_around_a_mask)
{
    path folder = folder_of("asymmetric");
    il_vae *v = opened(folder.text);
    il_bundle *b = read_bundle(data_path("vaes", "figures.safetensors").text);
    il_scope *s = open_scope();
    il_tensor *latents = input(s, b, "%s.mean", "asymmetric"), *mask = input(s, b, "%s.mask", "asymmetric");
    il_tensor *around = il_vae_decode_around(s, v, latents, picture(s), mask);
    WITHIN(1e-5, s, around, figure(b, "%s.around", "asymmetric"), "asymmetric", "around a mask");
    cr_assert_gt(difference(s, around, figure(b, "%s.decoded", "asymmetric")), 0.01);
    cr_assert_null(il_vae_decode_around(s, v, latents, picture(s), latents));
    il_scope_close(s);
    il_bundle_free(b);
    il_vae_free(v);
    remove_folder(&folder);
}

/* AutoencoderTiny has no deviation. */
Test(vae_kinds, tiny_is_certain)
{
    float v[16 * 4 * 3];
    path folder = folder_of("tiny");
    il_vae *vae = opened(folder.text);
    il_err e = { 0 };
    il_scope *s = open_scope();
    il_tensor *std = NULL;
    il_vae_encode(s, vae, picture(s), &std);
    OK(il_scope_status(s, &e));
    OK(il_read_f32(std, v, sizeof v / sizeof *v, &e));
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        cr_assert_eq(v[i], 0);
    il_scope_close(s);
    il_vae_free(vae);
    remove_folder(&folder);
}

/* ---- single files ---- */

Test(vae_kinds, single_files)
{
    /* the list, and the case whose figures it has; diffusers' layout in one file too, as TAEF2 is published */
    static const char *const files[][2] = {
        { "kl16-original", "kl16" }, { "flux2-original", "flux2" }, { "kl16", "kl16" }, { "tiny", "tiny" }
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        path folder = temp_folder();
        write_named(&folder, "ae.safetensors", files[i][0]);
        check(opened(in_folder(&folder, "ae.safetensors").text), files[i][1]);
        remove_folder(&folder);
    }
}

/* As a part of a checkpoint: the rest is not looked at. */
Test(vae_kinds, part_of_a_checkpoint)
{
    static const char *const prefixes[] = { "first_stage_model.", "vae." };
    for (size_t p = 0; p < 2; p++) {
        il_err e = { 0 };
        path folder = temp_folder();
        il_bundle *part = new_bundle(), *whole = new_bundle();
        add_named(part, list_of("kl16-original").text, "");
        OK(il_bundle_add_bytes(whole, "model.diffusion_model.out.2.bias", IL_DTYPE_F32, 1, (int64_t[]){ 1 },
                               (float[]){ NAN }, &e));
        for (size_t i = 0; i < il_bundle_count(part); i++) {
            char name[300];
            snprintf(name, sizeof name, "%s%s", prefixes[p], il_bundle_name(part, i));
            OK(il_bundle_add(whole, name, il_bundle_at(part, i), &e));
        }
        il_bundle_free(part);
        write_bundle(whole, &folder, "sd.safetensors");
        check(opened(in_folder(&folder, "sd.safetensors").text), "kl16");
        remove_folder(&folder);
    }
}

static void check_taesd(const char *file)
{
    il_vae *v = opened(file);
    il_bundle *b = read_bundle(data_path("vaes", "figures.safetensors").text);
    il_scope *s = open_scope();
    il_tensor *image = il_affine(s, picture(s), 0.5, 0.5);
    cr_assert_eq(il_vae_channels(v), 32);
    cr_assert_eq(il_vae_factor(v), 8);
    WITHIN(1e-5, s, il_vae_encode(s, v, picture(s), NULL), figure(b, "%s.mean", "taesd"), "taesd", "mean");
    WITHIN(1e-5, s, il_vae_reconstruct(s, v, image, false), figure(b, "%s.decoded", "taesd"), "taesd", "round trip");
    il_scope_close(s);
    il_bundle_free(b);
    il_vae_free(v);
}

/* TAESD's pair: the folder that holds it, or either file. */
Test(vae_kinds, pairs)
{
    check_taesd(data_path("vaes", "").text);
    check_taesd(data_path("vaes", "taesd_encoder.pth").text);
    check_taesd(data_path("vaes", "taesd_decoder.pth").text);
}

static void link_to(const path *folder, const char *name, const char *from)
{
    cr_assert_eq(symlink(data_path("vaes", from).text, in_folder(folder, name).text), 0);
}

Test(vae_kinds, refused_files)
{
    il_err e = { 0 };
    il_vae *v = NULL;
    path folder = temp_folder();
    expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EIO, &e,
                   "holds neither config.json, vae/config.json nor");
    link_to(&folder, "a_encoder.pth", "taesd_encoder.pth");
    expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EIO, &e,
                   "nor a pair NAME_encoder.pth and NAME_decoder");
    expect_message(il_vae_open(&v, in_folder(&folder, "a_encoder.pth").text, &in_f32, &e), IL_EIO, &e, "a_decoder.pth");
    link_to(&folder, "a_decoder.pth", "taesd_encoder.pth");
    expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e, "a_encoder.pth: tensor decoder.layers.");
    unlink(in_folder(&folder, "a_decoder.pth").text);
    link_to(&folder, "a_decoder.pth", "taesd_decoder.pth");
    link_to(&folder, "b_encoder.pth", "taesd_encoder.pth");
    link_to(&folder, "b_decoder.pth", "taesd_decoder.pth");
    expect_message(
        il_vae_open(&v, folder.text, &in_f32, &e), IL_EPARAM, &e,
        "holds more than one autoencoder, a_encoder.pth and b_encoder.pth; expected the name of one of these");
    path other = data_path("sd15-small", "text_encoder/model.safetensors");
    expect_message(il_vae_open(&v, other.text, &in_f32, &e), IL_EFORMAT, &e, "model.safetensors: holds no autoencoder");
    expect_message(
        il_vae_open(&v, data_path("sd15-small", "vae/diffusion_pytorch_model.safetensors").text, &in_f32, &e),
        IL_EFORMAT, &e, "expected channels that are multiples of 32, the groups of the norms");
    expect_message(il_vae_open(&v, data_path("none", "at.all").text, &in_f32, &e), IL_EIO, &e, "none/at.all");
    remove_folder(&folder);
}

/* One tensor of a good file is missing, or has another shape. */
Test(vae_kinds, refused_tensors)
{
    static const struct {
        const char *list, *name, *message;
    } cases[] = {
        { "kl16-original", "decoder.up.1.block.1.conv2.bias",
          "tensor decoder.up_blocks.1.resnets.1.conv2.bias is missing" },
        { "kl16-original", "decoder.conv_in.weight", "tensor decoder.conv_in.weight: is missing or empty" },
        { "kl16-original", "decoder.up.2.block.0.conv1.weight", "not 1 to 8 levels" },
        { "tiny", "encoder.layers.3.conv.0.weight", "tensor encoder.layers.3: is missing" },
        { "tiny", "decoder.layers.4.conv.0.bias", "tensor decoder.layers.4: expected as many channels" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_vae *v = NULL;
        path folder = temp_folder();
        il_bundle *all = new_bundle(), *b = new_bundle();
        add_named(all, list_of(cases[i].list).text, "");
        for (size_t k = 0; k < il_bundle_count(all); k++)
            if (strcmp(il_bundle_name(all, k), cases[i].name) != 0)
                add_same(b, all, k);
        cr_assert_eq(il_bundle_count(b) + 1, il_bundle_count(all));
        il_bundle_free(all);
        write_bundle(b, &folder, "ae.safetensors");
        expect_message(il_vae_open(&v, in_folder(&folder, "ae.safetensors").text, &in_f32, &e), IL_EFORMAT, &e,
                       cases[i].message);
        remove_folder(&folder);
    }
}

Test(vae_kinds, refused_options)
{
    static const struct {
        const char *name, *key, *value, *message;
    } cases[] = {
        { "tiny", "act_fn", "\"silu\"", "'act_fn' is \"silu\"; expected \"relu\"" },
        { "tiny", "num_decoder_blocks", "[3, 1]", "expected as many numbers as in decoder_block_out_channels" },
        { "tiny", "encoder_block_out_channels", "[16, 16, 8, 16]", "expected equal numbers" },
        { "tiny", "upsampling_scaling_factor", "4", "'upsampling_scaling_factor' is 4; expected 2" },
        { "asymmetric", "up_block_out_channels", "[16, 32, 48, 50]",
          "'norm_num_groups' is 8; expected a divisor of all up_" },
        { "asymmetric", "layers_per_up_block", "0", "'layers_per_up_block' is 0; expected an integer from 1 to 8" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_vae *v = NULL;
        path folder = folder_of(cases[i].name);
        edit_config(&folder, folder.text, cases[i].key, cases[i].value);
        expect_message(il_vae_open(&v, folder.text, &in_f32, &e), IL_EFORMAT, &e, cases[i].message);
        remove_folder(&folder);
    }
}

/* ---- what opening reads is part of identities ---- */

Test(vae_kinds, files_in_use)
{
    il_err e = { 0 };
    il_uses uses = { 0 };
    OK(il_files_vae(&uses, data_path("vaes", "").text, NULL, &e));
    cr_assert_eq(uses.count, 2);
    il_uses_clear(&uses);
    OK(il_files_vae(&uses, data_path("vaes", "figures.safetensors").text, NULL, &e));
    cr_assert_eq(uses.count, 1);
    il_uses_clear(&uses);
}

/* ---- TAEF2, whose weights are not part of the source ---- */

#define TAEF2 SOURCE_DIR "/weights/taef2"

struct differing {
    size_t values, differ;
    int most;
};

/* How many bytes of a reconstruction differ from what TAESD's published code made (tests/data/diffusion/vaes/taef2.py). */
static void compare_bytes(struct differing *d, const il_vae *v, const char *file)
{
    il_err e = { 0 };
    il_bundle *b = read_bundle(file);
    il_scope *s = open_scope();
    il_tensor *image = input(s, b, "%s", "image");
    const size_t count = (size_t)il_numel(image);
    float *made = malloc(count * sizeof *made);
    uint8_t *want = malloc(count);
    cr_assert(made && want);
    image = il_reshape(s, image, 4, (int64_t[]){ 1, 3, il_dim(image, 1), il_dim(image, 2) });
    image = il_div(s, il_to(s, image, IL_DTYPE_F32), il_full(s, 255, IL_DTYPE_F32, 1, (int64_t[]){ 1 }));
    il_tensor *x = il_affine(s, il_vae_reconstruct(s, v, image, false), 255, 0);
    OK(il_scope_status(s, &e));
    OK(il_read_f32(x, made, count, &e));
    OK(il_read_bytes(il_bundle_find(b, "bytes"), want, count, &e));
    for (size_t i = 0; i < count; i++) {
        const int off = abs((int)rintf(made[i]) - want[i]);
        d->differ += off > 0;
        d->most = off > d->most ? off : d->most;
    }
    d->values += count;
    free(made);
    free(want);
    il_scope_close(s);
    il_bundle_free(b);
}

/* INPAINTLAB_TAEF2_FIGURES: a folder that taef2.py has written, of whole photos. */
Test(vae_kinds, taef2_as_published)
{
    const char *folder = getenv("INPAINTLAB_TAEF2_FIGURES");
    struct differing d = { 0 };
    if (access(TAEF2 "/taef2_encoder.pth", F_OK) != 0)
        cr_skip_test("there is no weights/taef2/taef2_encoder.pth");
    il_vae *v = opened(TAEF2);
    if (folder) {
        DIR *files = opendir(folder);
        cr_assert_not_null(files);
        for (struct dirent *x; (x = readdir(files));) {
            char file[700];
            snprintf(file, sizeof file, "%s/%s", folder, x->d_name);
            if (strstr(x->d_name, ".safetensors"))
                compare_bytes(&d, v, file);
        }
        closedir(files);
    } else {
        compare_bytes(&d, v, data_path("vaes", "taef2.safetensors").text);
    }
    cr_log_info("TAEF2: %zu of %zu bytes differ, by at most %d\n", d.differ, d.values, d.most);
    cr_assert_geq(d.values, 64 * 64 * 3);
    cr_assert_leq(d.most, 1); /* float32 sums in another order, at a half */
    cr_assert_leq((double)d.differ, 1e-4 * (double)d.values);
    il_vae_free(v);
}
