/* test_generators.c - the generators vae and sd_inpaint on the small folders, against diffusers' figures. */
#include <math.h>
#include <string.h>
#include <inpaintlab/weights.h>
#include "base/dependencies.h"
#include "diffusion/scratch.h"
#include "open.h"
#include "support/figures.h"

#define FOLDER TEST_DATA "/diffusion/"

enum { N = 2, VALUES = N * 3 * 40 * 24, MOST_FILES = 16 };

static il_bundle *figures_of(const char *name)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    cr_assert_eq(il_bundle_read(&b, name, &e), IL_OK, "%s", e.message);
    return b;
}

static il_tensor *copied(il_scope *s, const il_bundle *b, const char *name)
{
    static float v[VALUES];
    const il_tensor *t = il_bundle_find(b, name);
    int64_t shape[4];
    cr_assert(t && il_ndim(t) == 4 && il_numel(t) <= VALUES, "%s", name);
    for (int i = 0; i < 4; i++)
        shape[i] = il_dim(t, i);
    cr_assert_eq(il_read_f32(t, v, (size_t)il_numel(t), NULL), IL_OK);
    return il_from_f32(s, v, 4, shape);
}

static double difference(const il_tensor *a, const il_tensor *b)
{
    static float x[VALUES], y[VALUES];
    double most = 0;
    cr_assert(a && b);
    cr_assert_eq(il_read_f32(a, x, VALUES, NULL), IL_OK);
    cr_assert_eq(il_read_f32(b, y, VALUES, NULL), IL_OK);
    for (int i = 0; i < VALUES; i++) {
        cr_assert(isfinite(x[i]));
        most = fmax(most, fabs((double)x[i] - y[i]));
    }
    return most;
}

static struct opened loaded(const char *name, const char *const *settings)
{
    il_err e = { 0 };
    struct opened o = open_plugin(IL_KIND_GENERATOR, name, settings);
    cr_assert_eq(o.plugin->generator->multiple, 8);
    cr_assert_eq(o.plugin->load(o.self, (il_device){ IL_DEVICE_CPU, 0 }, &e), IL_OK, "%s", e.message);
    return o;
}

/* ---- pictures ---- */

static const struct {
    const char *plugin, *settings[13], *pipeline, *figure;
    double off;
} reconstructions[] = {
    { "vae", { "root", FOLDER "sd15-small/vae" }, "sd15-small", "signed", 2e-5 },
    { "vae", { "root", FOLDER "sd15-small" }, "sd15-small", "signed", 2e-5 },
    { "vae", { "root", FOLDER "sd15-small", "precision", "bf16" }, "sd15-small", "signed", 0.2 },
    { "sd_inpaint", { "root", FOLDER "sd2-small" }, "sd2-small", "signed", 2e-5 },
};

Test(generators, reconstruct)
{
    for (size_t i = 0; i < sizeof reconstructions / sizeof *reconstructions; i++) {
        char path[1000];
        il_err e = { 0 };
        struct opened o = loaded(reconstructions[i].plugin, reconstructions[i].settings);
        snprintf(path, sizeof path, "%spipeline/%s.safetensors", FOLDER, reconstructions[i].pipeline);
        il_bundle *figures = figures_of(path);
        il_scope *s = figures_scope(false, false);
        il_tensor *x = o.plugin->generator->reconstruct(o.self, s, copied(s, figures, "image"));
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "case %zu: %s", i, e.message);
        double off = difference(x, il_bundle_find(figures, reconstructions[i].figure));
        cr_expect_leq(off, reconstructions[i].off, "case %zu is off by %g", i, off);
        cr_expect_gt(difference(x, il_bundle_find(figures, "image")), 0.1);
        il_scope_close(s);
        il_bundle_free(figures);
        close_plugin(&o);
    }
}

static const struct {
    const char *plugin, *settings[5], *pipeline;
} published[] = {
    { "vae", { "root", FOLDER "sd2-small", "range", "published" }, "sd2-small" },
    { "vae", { "root", FOLDER "sd15-small", "range", "published" }, "sd15-small" },
    { "sd_inpaint", { "root", FOLDER "sd2-small", "range", "published" }, "sd2-small" },
};

/* The bytes are those of torchvision's ToPILImage, which cuts; rounding would give others for about half of them. Only where
 * diffusers' value times 255 is nearly whole may rounding of the networks' sums decide. */
Test(generators, published_reconstructions_are_cut_to_bytes)
{
    static float x[VALUES], y[VALUES];
    static uint8_t bytes[VALUES];
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        char path[1000];
        int exact = 0, rounded_otherwise = 0;
        il_err e = { 0 };
        struct opened o = loaded(published[i].plugin, published[i].settings);
        snprintf(path, sizeof path, "%spipeline/%s.safetensors", FOLDER, published[i].pipeline);
        il_bundle *figures = figures_of(path);
        il_scope *s = figures_scope(false, false);
        il_tensor *made = o.plugin->generator->reconstruct(o.self, s, copied(s, figures, "image"));
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "case %zu: %s", i, e.message);
        cr_assert_eq(il_read_f32(made, x, VALUES, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_read_f32(il_bundle_find(figures, "published"), y, VALUES, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_read_bytes(il_bundle_find(figures, "published.bytes"), bytes, VALUES, &e), IL_OK, "%s",
                     e.message);
        for (int k = 0; k < VALUES; k++) {
            float level = x[k] * 255, theirs = y[k] * 255;
            cr_assert_leq(fabsf(level - rintf(level)), 1e-3f, "case %zu: %g is no grey level", i, level);
            if (fabsf(theirs - rintf(theirs)) < 0.01f)
                continue;
            cr_assert_eq(rintf(level), bytes[k], "case %zu, value %d: %g, not %d", i, k, level, bytes[k]);
            exact++;
            rounded_otherwise += rintf(theirs) != bytes[k];
        }
        cr_assert_gt(exact, VALUES / 4);
        cr_assert_gt(rounded_otherwise, exact / 3);
        il_scope_close(s);
        il_bundle_free(figures);
        close_plugin(&o);
    }
}

/* How they are cut belongs to what the pictures depend on, and only of those in the published range. */
Test(generators, published_reconstructions_have_an_identity_of_their_own)
{
    static const char *const names[] = { "vae", "sd_inpaint" };
    for (size_t i = 0; i < 4; i++) {
        il_err e = { 0 };
        il_uses u = { 0 };
        struct opened o = open_plugin(
            IL_KIND_GENERATOR, names[i / 2],
            (const char *const[]){ "root", FOLDER "sd2-small", "range", i % 2 ? "published" : "signed", NULL });
        cr_assert_eq(o.plugin->uses(o.self, &u, &e), IL_OK, "%s", e.message);
        cr_expect_eq(u.notes.size > 0, i % 2 == 1, "case %zu", i);
        cr_expect_eq(o.plugin->revision, 1, "every other set would be stale");
        il_uses_clear(&u);
        close_plugin(&o);
    }
}

static const struct {
    const char *settings[13], *pipeline, *figure;
} inpaintings[] = {
    { { "root", FOLDER "sd15-small", "steps", "8", "negative", "blurry, low quality" }, "sd15-small", "ddim.7.5" },
    { { "root", FOLDER "sd15-small", "steps", "8", "guidance", "1", "scheduler", "pndm" }, "sd15-small", "pndm.1" },
    { { "root", FOLDER "sd2-small", "steps", "8", "guidance", "7.5", "negative", "blurry, low quality", "scheduler",
        "pndm", "precision", "fp32" },
      "sd2-small",
      "pndm.7.5" },
};

Test(generators, inpaint)
{
    static const char *const prompts[N] = { "a photo of a cat on the table!", "2 dogs, İstanbul" };
    static const uint64_t seeds[N] = { 11, (UINT64_C(1) << 40) + 5 };
    for (size_t i = 0; i < sizeof inpaintings / sizeof *inpaintings; i++) {
        char path[1000];
        il_err e = { 0 };
        struct opened o = loaded("sd_inpaint", inpaintings[i].settings);
        snprintf(path, sizeof path, "%spipeline/%s.safetensors", FOLDER, inpaintings[i].pipeline);
        il_bundle *figures = figures_of(path);
        il_scope *s = figures_scope(false, false);
        il_inpaint job = { copied(s, figures, "image"), copied(s, figures, "mask"), prompts, seeds };
        il_tensor *x = o.plugin->generator->inpaint(o.self, s, &job);
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "case %zu: %s", i, e.message);
        double off = difference(x, il_bundle_find(figures, inpaintings[i].figure));
        cr_expect_leq(off, 1e-4, "case %zu is off by %g", i, off);
        il_scope_close(s);
        il_bundle_free(figures);
        close_plugin(&o);
    }
}

Test(generators, what_they_offer)
{
    struct opened vae = open_plugin(IL_KIND_GENERATOR, "vae",
                                    (const char *const[]){ "root", FOLDER "sd15-small", NULL });
    cr_assert_null(vae.plugin->generator->inpaint);
    close_plugin(&vae);
}

/* ---- files ---- */

static const struct {
    const char *plugin, *root, *files[MOST_FILES];
} used[] = {
    { "vae", "sd15-small", { "vae/config.json", "vae/diffusion_pytorch_model.safetensors" } },
    { "sd_inpaint",
      "sd2-small",
      { "model_index.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
        "text_encoder/model.safetensors", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors" } },
};

Test(generators, uses)
{
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        char root[1000], path[1100];
        il_err e = { 0 };
        il_uses u = { 0 };
        snprintf(root, sizeof root, "%s%s", FOLDER, used[i].root);
        struct opened o = open_plugin(IL_KIND_GENERATOR, used[i].plugin, (const char *const[]){ "root", root, NULL });
        cr_assert_eq(o.plugin->uses(o.self, &u, &e), IL_OK, "%s", e.message);
        size_t n = 0;
        for (; used[i].files[n]; n++) {
            snprintf(path, sizeof path, "%s/%s", root, used[i].files[n]);
            cr_assert_lt(n, u.count);
            cr_assert_str_eq(u.paths[n], path);
        }
        cr_assert_eq(u.count, n);
        il_uses_clear(&u);
        close_plugin(&o);
    }
}

/* Shards are named by their index, in its order and each once. */
Test(generators, uses_shards_of_a_variant)
{
    il_err e = { 0 };
    il_uses u = { 0 };
    struct scratch s = scratch_new();
    scratch_link(&s, "config.json", FOLDER "sd15-small/vae/config.json");
    const char *const settings[] = { "root", s.path, "variant", "fp16", NULL };
    struct opened o = open_plugin(IL_KIND_GENERATOR, "vae", settings);
    cr_assert_eq(o.plugin->uses(o.self, &u, &e), IL_EIO);
    cr_assert(strstr(e.message, "diffusion_pytorch_model.fp16.safetensors: the file does not exist"), "%s", e.message);
    il_uses_clear(&u);
    scratch_write(
        &s, "diffusion_pytorch_model.safetensors.index.fp16.json",
        "{\"weight_map\": {\"a\": \"two.safetensors\", \"b\": \"one.safetensors\", \"c\": \"two.safetensors\"}}");
    cr_assert_eq(o.plugin->uses(o.self, &u, &e), IL_OK, "%s", e.message);
    cr_assert_eq(u.count, 4);
    cr_assert_str_eq(u.paths[2] + strlen(s.path), "/two.safetensors");
    cr_assert_str_eq(u.paths[3] + strlen(s.path), "/one.safetensors");
    il_uses_clear(&u);
    close_plugin(&o);
    scratch_remove(&s);
}

/* ---- refusals ---- */

/* %s: a folder without anything but what `file` and `content` say; files may be links. */
static const struct {
    const char *plugin, *file, *content, *settings[9], *message;
    int code;
} refused[] = {
    { "vae",
      NULL,
      NULL,
      { NULL },
      "%s holds neither config.json, vae/config.json nor a pair NAME_encoder.pth and NAME_decoder.pth (or .safetensors)",
      IL_EIO },
    { "vae",
      "config.json",
      "{\"_class_name\": \"AutoencoderDC\"}",
      { NULL },
      "%s/config.json: '_class_name' is \"AutoencoderDC\"; expected AutoencoderKL, AutoencoderKLFlux2, AsymmetricAutoencoderKL or "
      "AutoencoderTiny",
      IL_EFORMAT },
    { "vae",
      "config.json",
      "[1",
      { NULL },
      "%s/config.json:1: invalid JSON: ']' expected near end of file",
      IL_EFORMAT },
    { "vae",
      "config.json",
      "{\"block_out_channels\": [4, 4, 4, 4, 4], \"norm_num_groups\": 2, \"latent_channels\": 4,"
      " \"down_block_types\": [\"DownEncoderBlock2D\", \"DownEncoderBlock2D\", \"DownEncoderBlock2D\", \"DownEncoderBlock2D\","
      " \"DownEncoderBlock2D\"], \"up_block_types\": [\"UpDecoderBlock2D\", \"UpDecoderBlock2D\", \"UpDecoderBlock2D\","
      " \"UpDecoderBlock2D\", \"UpDecoderBlock2D\"]}",
      { NULL },
      "%s: sides shrink by 16; expected a divisor of 8",
      IL_EFORMAT },
    { "sd_inpaint", NULL, NULL, { NULL }, "cannot open %s/model_index.json: No such file or directory", IL_EIO },
    { "sd_inpaint",
      "model_index.json",
      "{\"_class_name\": \"FluxPipeline\"}",
      { NULL },
      "%s/model_index.json: '_class_name' is \"FluxPipeline\"; expected \"StableDiffusionInpaintPipeline\"",
      IL_EFORMAT },
    { "sd_inpaint",
      "model_index.json",
      "{\"_class_name\": \"StableDiffusionInpaintPipeline\"}",
      { NULL },
      "cannot open %s/tokenizer/vocab.json: No such file or directory",
      IL_EIO },
};

static int try_open(struct opened *o, const char *plugin, const char *root, const char *const *settings, il_err *e)
{
    il_params *p = NULL;
    cr_assert_eq(il_registry_open(&o->registry, e), IL_OK, "%s", e->message);
    cr_assert_eq(il_registry_find(&o->plugin, o->registry, IL_KIND_GENERATOR, plugin, e), IL_OK, "%s", e->message);
    cr_assert_eq(il_params_new(&p, o->plugin->params, e), IL_OK);
    int rc = root ? il_params_set(p, "root", root, e) : IL_OK;
    for (; !rc && settings && settings[0]; settings += 2)
        rc = il_params_set(p, settings[0], settings[1], e);
    if (!rc)
        rc = il_params_check(p, e);
    if (!rc)
        rc = o->plugin->open(&o->self, p, e);
    il_params_free(p);
    return rc;
}

Test(generators, refused_folders)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct scratch s = scratch_new();
        struct opened o = { 0 };
        il_err e = { 0 };
        char message[1000];
        const char *at = strstr(refused[i].message, "%s");
        if (refused[i].file)
            scratch_write(&s, refused[i].file, refused[i].content);
        cr_expect_eq(try_open(&o, refused[i].plugin, s.path, refused[i].settings, &e), refused[i].code, "case %zu", i);
        snprintf(message, sizeof message, "%.*s%s%s", (int)(at - refused[i].message), refused[i].message, s.path,
                 at + 2);
        cr_expect_str_eq(e.message, message, "case %zu", i);
        cr_expect_null(o.self);
        close_plugin(&o);
        scratch_remove(&s);
    }
}

static const struct {
    const char *plugin, *settings[3], *message;
} settings_refused[] = {
    { "vae", { "precision", "fp64" }, "precision: 'fp64' is unknown; expected one of fp32, fp16, bf16" },
    { "vae", { "range", "both" }, "range: 'both' is unknown; expected one of signed, published" },
    { "sd_inpaint", { "precision", "int8" }, "precision: 'int8' is unknown; expected one of fp32, fp16, bf16" },
    { "sd_inpaint", { "scheduler", "euler" }, "scheduler 'euler' is not supported; expected pndm or ddim" },
    { "sd_inpaint", { "steps", "0" }, "steps: 0 is out of range; expected 1 to 1000" },
};

Test(generators, refused_settings)
{
    for (size_t i = 0; i < sizeof settings_refused / sizeof *settings_refused; i++) {
        struct opened o = { 0 };
        il_err e = { 0 };
        int rc = try_open(&o, settings_refused[i].plugin, FOLDER "sd15-small", settings_refused[i].settings, &e);
        cr_expect_eq(rc, IL_EPARAM, "case %zu", i);
        cr_expect_str_eq(e.message, settings_refused[i].message, "case %zu", i);
        close_plugin(&o);
    }
}

/* A mirror's folder that has its weights only in half precision: they are found. A variant that is asked for and not there is
 * refused; the message says which there are. */
Test(generators, variants)
{
    static const struct {
        const char *file, *variant, *refused; /* NULL: loaded */
    } cases[] = {
        { "diffusion_pytorch_model.fp16.safetensors", "", NULL },
        { "diffusion_pytorch_model.bf16.safetensors", "", NULL },
        { "diffusion_pytorch_model.fp16.bin", "", NULL },
        { "diffusion_pytorch_model.fp16.safetensors", "fp16", NULL },
        { "diffusion_pytorch_model.fp16.safetensors", "bf16", "the files that are there need variant: fp16" },
        { "diffusion_pytorch_model.non_ema.safetensors", "", "the files that are there need variant: non_ema" },
        { "diffusion_pytorch_model.safetensors", "fp16", "the files that are there need variant: \"\" (none)" }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_uses u = { 0 };
        struct scratch s = scratch_new();
        scratch_link(&s, "config.json", FOLDER "sd15-small/vae/config.json");
        scratch_link(&s, cases[i].file, FOLDER "sd15-small/vae/diffusion_pytorch_model.safetensors");
        struct opened o = open_plugin(IL_KIND_GENERATOR, "vae",
                                      (const char *const[]){ "root", s.path, "variant", cases[i].variant, NULL });
        int rc = o.plugin->load(o.self, (il_device){ IL_DEVICE_CPU, 0 }, &e);
        cr_expect_eq(rc, cases[i].refused ? IL_EIO : IL_OK, "case %zu: %s", i, e.message);
        cr_expect(!cases[i].refused || strstr(e.message, cases[i].refused), "case %zu: %s", i, e.message);
        cr_expect_eq(o.plugin->uses(o.self, &u, &e), rc, "case %zu", i);
        cr_expect(rc || strstr(u.paths[1], cases[i].file), "case %zu", i);
        il_uses_clear(&u);
        close_plugin(&o);
        scratch_remove(&s);
    }
}

/* A folder that is sound but lacks its weights is refused when they are wanted. */
Test(generators, missing_weights)
{
    il_err e = { 0 };
    struct scratch s = scratch_new();
    scratch_link(&s, "config.json", FOLDER "sd15-small/vae/config.json");
    struct opened o = open_plugin(IL_KIND_GENERATOR, "vae", (const char *const[]){ "root", s.path, NULL });
    cr_assert_eq(o.plugin->load(o.self, (il_device){ IL_DEVICE_CPU, 0 }, &e), IL_EIO);
    cr_assert(strstr(e.message, "/diffusion_pytorch_model.safetensors: the file does not exist"), "%s", e.message);
    close_plugin(&o);
    scratch_remove(&s);
}

/* ---- generators c and d of the quickstart ---- */

enum { PHOTO = 256, PHOTO_VALUES = 3 * PHOTO * PHOTO };

/* (1,3,256,256) in [0,1]: the top left corner of a photo that they were not trained on. */
static il_tensor *corner_of_photo(il_scope *s)
{
    static float v[PHOTO_VALUES];
    il_err e = { 0 };
    il_image photo = { 0 }, corner = { 0 };
    cr_assert_eq(il_image_read(&photo, SOURCE_DIR "/experiments/quickstart/photos/20.png", &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_image_crop(&corner, &photo, 0, 0, PHOTO, PHOTO, &e), IL_OK, "%s", e.message);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < PHOTO * PHOTO; i++)
            v[c * PHOTO * PHOTO + i] = (float)corner.pixels[3 * i + c] / 255;
    il_image_free(&photo);
    il_image_free(&corner);
    return il_from_f32(s, v, 4, (int64_t[]){ 1, 3, PHOTO, PHOTO });
}

static double psnr(const il_tensor *a, const il_tensor *b)
{
    static float x[PHOTO_VALUES], y[PHOTO_VALUES];
    double sum = 0;
    cr_assert_eq(il_read_f32(a, x, PHOTO_VALUES, NULL), IL_OK);
    cr_assert_eq(il_read_f32(b, y, PHOTO_VALUES, NULL), IL_OK);
    for (int i = 0; i < PHOTO_VALUES; i++)
        sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    return -10 * log10(sum / PHOTO_VALUES);
}

/* The figures are those of tools/autoencoders.py with the same files. */
Test(generators, those_of_the_quickstart_that_are_autoencoders)
{
    static const struct {
        const char *root;
        double psnr;
    } cases[] = { { SOURCE_DIR "/experiments/quickstart/generator-c", 24.0838 },
                  { SOURCE_DIR "/experiments/quickstart/generator-d", 13.5935 } };
    for (size_t i = 0; i < 2; i++) {
        il_err e = { 0 };
        struct opened o = loaded("vae", (const char *const[]){ "root", cases[i].root, NULL });
        il_scope *s = figures_scope(false, false);
        il_tensor *photo = corner_of_photo(s), *made = o.plugin->generator->reconstruct(o.self, s, photo);
        cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
        const double got = psnr(made, photo);
        cr_expect_float_eq(got, cases[i].psnr, 1e-3, "%s: %.4f dB", cases[i].root, got);
        il_scope_close(s);
        close_plugin(&o);
    }
}
