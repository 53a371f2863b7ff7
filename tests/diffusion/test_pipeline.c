/* test_pipeline.c - whole inpainting calls against diffusers (tests/data/diffusion/pipeline), and folders refused. */
#include <math.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "scratch.h"
#include "support/figures.h"

#define FOLDER TEST_DATA "/diffusion/"

enum { N = 2, HEIGHT = 40, WIDTH = 24, VALUES = N * 3 * HEIGHT * WIDTH };

static const char *const prompts[N] = { "a photo of a cat on the table!", "2 dogs, İstanbul" };
static const uint64_t seeds[N] = { 11, (UINT64_C(1) << 40) + 5 };

/* INPAINTLAB_PIPELINE_FIGURES: another folder that make.py has written, of more steps. */
static il_bundle *figures_of(const char *name)
{
    il_err e = { 0 };
    char path[1000];
    il_bundle *b = NULL;
    const char *folder = getenv("INPAINTLAB_PIPELINE_FIGURES");
    snprintf(path, sizeof path, "%s/%s.safetensors", folder ? folder : FOLDER "pipeline", name);
    cr_assert_eq(il_bundle_read(&b, path, &e), IL_OK, "%s", e.message);
    return b;
}

static int steps_of(const il_bundle *figures)
{
    int64_t steps = 0;
    cr_assert_eq(il_read_i64(il_bundle_find(figures, "steps"), &steps, 1, NULL), IL_OK);
    return (int)steps;
}

static il_tensor *copied(il_scope *s, const il_bundle *b, const char *name)
{
    float *v = malloc(VALUES * sizeof *v);
    const il_tensor *t = il_bundle_find(b, name);
    int64_t shape[4];
    cr_assert(v && t && il_ndim(t) == 4 && il_numel(t) <= VALUES, "%s", name);
    for (int i = 0; i < 4; i++)
        shape[i] = il_dim(t, i);
    cr_assert_eq(il_read_f32(t, v, (size_t)il_numel(t), NULL), IL_OK);
    il_tensor *out = il_from_f32(s, v, 4, shape);
    free(v);
    return out;
}

static double difference(const il_tensor *a, const il_tensor *b)
{
    static float x[VALUES], y[VALUES];
    double most = 0;
    cr_assert_eq(il_read_f32(a, x, VALUES, NULL), IL_OK);
    cr_assert_eq(il_read_f32(b, y, VALUES, NULL), IL_OK);
    for (int i = 0; i < VALUES; i++) {
        cr_assert(isfinite(x[i]));
        most = fmax(most, fabs((double)x[i] - y[i]));
    }
    return most;
}

static const il_network_opts bare = { .size = sizeof bare, .no_weights = true };
static const il_pipeline_opts no_weights = { .size = sizeof no_weights, .network = &bare, .steps = 8 };

static il_pipeline *opened(const char *name, const il_pipeline_opts *o)
{
    il_err e = { 0 };
    char path[1000];
    il_pipeline *p = NULL;
    snprintf(path, sizeof path, "%s%s", FOLDER, name);
    cr_assert_eq(il_pipeline_open(&p, path, o, &e), IL_OK, "%s", e.message);
    return p;
}

static il_tensor *inpainted(il_scope *s, const il_pipeline *p, const il_bundle *figures)
{
    il_err e = { 0 };
    il_inpaint job = { copied(s, figures, "image"), copied(s, figures, "mask"), prompts, seeds };
    il_tensor *x = il_pipeline_apply(s, p, &job);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    return x;
}

static void check(const char *name, const char *scheduler, double guidance)
{
    static const char *const others[] = { "pndm.7.5", "pndm.1", "ddim.7.5", "ddim.1" };
    char key[40];
    il_bundle *figures = figures_of(name);
    il_pipeline *p = opened(name, IL_OPTS(il_pipeline_opts, .scheduler = scheduler, .steps = steps_of(figures),
                                          .guidance = guidance, .negative = "blurry, low quality"));
    cr_assert_eq(il_pipeline_multiple(p), 8);
    cr_assert_not_null(il_pipeline_vae(p));
    il_scope *s = figures_scope(false, false);
    il_tensor *x = inpainted(s, p, figures);
    snprintf(key, sizeof key, "%s.%g", scheduler, guidance);
    double off = difference(x, il_bundle_find(figures, key));
    cr_log_info("%s %s: greatest difference %.3g\n", name, key, off);
    cr_assert_leq(off, 1e-4, "%s %s: off by %g", name, key, off);
    for (size_t i = 0; i < 4; i++)
        if (strcmp(others[i], key) != 0)
            cr_assert_geq(difference(x, il_bundle_find(figures, others[i])), 1e-3, "%s is as %s", key, others[i]);
    il_scope_close(s);
    il_pipeline_free(p);
    il_bundle_free(figures);
}

Test(pipeline, as_diffusers_1_5_pndm)
{
    check("sd15-small", "pndm", 7.5);
}
Test(pipeline, as_diffusers_1_5_ddim)
{
    check("sd15-small", "ddim", 7.5);
}
Test(pipeline, as_diffusers_1_5_without_guidance)
{
    check("sd15-small", "pndm", 1);
}
Test(pipeline, as_diffusers_2_pndm)
{
    check("sd2-small", "pndm", 7.5);
}
Test(pipeline, as_diffusers_2_ddim)
{
    check("sd2-small", "ddim", 7.5);
}
Test(pipeline, as_diffusers_2_without_guidance)
{
    check("sd2-small", "ddim", 1);
}

/* The configured scheduler is the one taken when none is named, and a second call gives the same. */
static void check_own_scheduler(const char *name, const char *figure)
{
    il_bundle *figures = figures_of(name);
    il_pipeline *p = opened(name, IL_OPTS(il_pipeline_opts, .steps = steps_of(figures), .guidance = 1));
    il_scope *s = figures_scope(false, false);
    il_tensor *one = inpainted(s, p, figures), *two = inpainted(s, p, figures);
    cr_assert_leq(difference(one, il_bundle_find(figures, figure)), 1e-4);
    cr_assert_eq(difference(one, two), 0);
    il_scope_close(s);
    il_pipeline_free(p);
    il_bundle_free(figures);
}

/* As the folders of the published weights have it. */
Test(pipeline, the_folders_own_scheduler)
{
    check_own_scheduler("sd15-small", "ddim.1");
    check_own_scheduler("sd2-small", "pndm.1");
}

/* A picture is a function of its own seed and prompt, whatever else is in the batch. */
Test(pipeline, a_picture_alone)
{
    il_err e = { 0 };
    float batch[VALUES], alone[VALUES / N];
    il_bundle *figures = figures_of("sd15-small");
    il_pipeline *p = opened("sd15-small", IL_OPTS(il_pipeline_opts, .steps = 3, .guidance = 7.5));
    il_scope *s = figures_scope(false, false);
    il_inpaint job = { il_slice(s, copied(s, figures, "image"), 0, 1, 2),
                       il_slice(s, copied(s, figures, "mask"), 0, 1, 2), prompts + 1, seeds + 1 };
    il_tensor *both = inpainted(s, p, figures), *one = il_pipeline_apply(s, p, &job);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_read_f32(both, batch, VALUES, &e), IL_OK);
    cr_assert_eq(il_read_f32(one, alone, VALUES / N, &e), IL_OK);
    for (int i = 0; i < VALUES / N; i++)
        cr_assert(fabsf(alone[i] - batch[VALUES / N + i]) <= 1e-4f, "value %d", i);
    il_scope_close(s);
    il_pipeline_free(p);
    il_bundle_free(figures);
}

/* Half precision stays near: the mean difference is that of rounding. */
Test(pipeline, bfloat16)
{
    static float x[VALUES], y[VALUES];
    double sum = 0;
    il_bundle *figures = figures_of("sd15-small");
    il_pipeline *p = opened("sd15-small",
                            IL_OPTS(il_pipeline_opts, .network = IL_OPTS(il_network_opts, .dtype = IL_DTYPE_BF16),
                                    .scheduler = "pndm", .steps = steps_of(figures), .guidance = 1));
    il_scope *s = figures_scope(false, false);
    cr_assert_eq(il_read_f32(inpainted(s, p, figures), x, VALUES, NULL), IL_OK);
    cr_assert_eq(il_read_f32(il_bundle_find(figures, "pndm.1"), y, VALUES, NULL), IL_OK);
    for (int i = 0; i < VALUES; i++)
        sum += fabs((double)x[i] - y[i]);
    cr_assert_leq(sum / VALUES, 0.05, "mean difference %g", sum / VALUES);
    cr_assert_gt(sum, 0);
    il_scope_close(s);
    il_pipeline_free(p);
    il_bundle_free(figures);
}

Test(pipeline, refused_pictures)
{
    static const struct {
        int64_t image[4], mask[4];
        const char *message;
    } cases[] = {
        { { 1, 1, 16, 16 }, { 1, 1, 16, 16 }, "inpainting: images must have the shape (N,3,H,W)" },
        { { 1, 3, 16, 16 },
          { 1, 3, 16, 16 },
          "inpainting: each image must have one mask of one channel and the same "
          "size" },
        { { 2, 3, 16, 16 },
          { 1, 1, 16, 16 },
          "inpainting: each image must have one mask of one channel and the same "
          "size" },
        { { 1, 3, 16, 16 },
          { 1, 1, 16, 24 },
          "inpainting: each image must have one mask of one channel and the same "
          "size" },
        { { 1, 3, 20, 16 }, { 1, 1, 20, 16 }, "inpainting: the sides of images must be multiples of 8, not 16x20" },
    };
    il_pipeline *p = opened("sd15-small", IL_OPTS(il_pipeline_opts, .steps = 1));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_scope *s = figures_scope(false, false);
        il_inpaint job = { il_full(s, 0, IL_DTYPE_F32, 4, cases[i].image),
                           il_full(s, 0, IL_DTYPE_F32, 4, cases[i].mask), prompts, seeds };
        cr_assert_null(il_pipeline_apply(s, p, &job));
        cr_assert_eq(il_scope_status(s, &e), IL_EPARAM);
        cr_assert_str_eq(e.message, cases[i].message);
        il_scope_close(s);
    }
    il_pipeline_free(p);
    il_pipeline_free(NULL);
}

/* ---- folders: sd15-small with one file replaced ---- */

static struct scratch linked(void)
{
    static const char *const parts[] = { "model_index.json", "tokenizer", "scheduler", "text_encoder", "vae" };
    struct scratch s = scratch_new();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char target[1000];
        snprintf(target, sizeof target, "%ssd15-small/%s", FOLDER, parts[i]);
        scratch_link(&s, parts[i], target);
    }
    scratch_folder(&s, "unet");
    scratch_link(&s, "unet/config.json", FOLDER "sd15-small/unet/config.json");
    scratch_link(&s, "unet/diffusion_pytorch_model.safetensors",
                 FOLDER "sd15-small/unet/diffusion_pytorch_model.safetensors");
    return s;
}

#define INDEX "{\"_class_name\": \"StableDiffusionInpaintPipeline\", "

static const struct {
    const char *file, *content, *message; /* without the folder's name; NULL content: removed */
    int code;
} broken[] = {
    { "model_index.json", NULL, "cannot open /model_index.json: No such file or directory", IL_EIO },
    { "model_index.json", "{}",
      "/model_index.json: '_class_name' is missing; expected "
      "\"StableDiffusionInpaintPipeline\"",
      IL_EFORMAT },
    { "model_index.json", "{\"_class_name\": \"StableDiffusionXLInpaintPipeline\"}",
      "/model_index.json: '_class_name' is \"StableDiffusionXLInpaintPipeline\"; expected "
      "\"StableDiffusionInpaintPipeline\"",
      IL_EFORMAT },
    { "model_index.json", INDEX "\"vae\": [\"diffusers\", \"AutoencoderTiny\"]}",
      "/model_index.json: 'vae' is [\"diffusers\",\"AutoencoderTiny\"]; expected one of [\"diffusers\",\"AutoencoderKL\"],"
      "[\"diffusers\",\"AsymmetricAutoencoderKL\"]",
      IL_EFORMAT },
    { "model_index.json", INDEX "\"text_encoder\": [\"transformers\", \"T5EncoderModel\"]}",
      "/model_index.json: 'text_encoder' is [\"transformers\",\"T5EncoderModel\"]; expected "
      "[\"transformers\",\"CLIPTextModel\"]",
      IL_EFORMAT },
    { "tokenizer", NULL, "cannot open /tokenizer/vocab.json: No such file or directory", IL_EIO },
    { "scheduler", NULL, "cannot open /scheduler/scheduler_config.json: No such file or directory", IL_EIO },
    { "unet/config.json", NULL, "cannot open /unet/config.json: No such file or directory", IL_EIO },
};

Test(pipeline, refused_folders)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct scratch s = linked();
        il_err e = { 0 };
        il_pipeline *p = NULL;
        if (broken[i].content)
            scratch_write(&s, broken[i].file, broken[i].content);
        else
            scratch_drop(&s, broken[i].file);
        cr_expect_eq(il_pipeline_open(&p, s.path, &no_weights, &e), broken[i].code, "case %zu: %s", i, e.message);
        scratch_forget(&s, e.message);
        cr_expect_str_eq(e.message, broken[i].message, "case %zu", i);
        il_pipeline_free(p);
        scratch_remove(&s);
    }
}

/* A UNet of 4 inputs is no inpainting model. */
Test(pipeline, refused_unet)
{
    il_err e = { 0 };
    il_pipeline *p = NULL;
    struct scratch s = linked();
    json_t *config = json_load_file(FOLDER "sd15-small/unet/config.json", 0, NULL);
    json_object_set_new(config, "in_channels", json_integer(4));
    char *text = json_dumps(config, 0);
    scratch_write(&s, "unet/config.json", text);
    cr_assert_eq(il_pipeline_open(&p, s.path, &no_weights, &e), IL_EFORMAT);
    cr_assert_str_eq(e.message + strlen(s.path),
                     "/unet/config.json: 'in_channels' is 4; expected 9: latents, mask and masked latents");
    free(text);
    json_decref(config);
    scratch_remove(&s);
}

Test(pipeline, refused_steps)
{
    il_err e = { 0 };
    il_pipeline *p = NULL;
    cr_assert_eq(il_pipeline_open(&p, FOLDER "sd15-small", IL_OPTS(il_pipeline_opts, .steps = 0), &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "steps: 0 is out of range; expected 1 to 1000");
    cr_assert_eq(
        il_pipeline_open(&p, FOLDER "sd15-small", IL_OPTS(il_pipeline_opts, .steps = 5, .scheduler = "euler"), &e),
        IL_EPARAM);
}
