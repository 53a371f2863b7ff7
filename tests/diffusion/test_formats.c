/* test_formats.c - Stable Diffusion inpainting in the formats in which it is downloaded, against diffusers
 * (tests/data/diffusion/formats). */
#include "base/dependencies.h"
#include "named_weights.h"
#include "scratch.h"
#include "support/pth.h"

#define FOLDER TEST_DATA "/diffusion/"

static const char *const prompts[] = { "a photo of a cat on the table!" };
static const uint64_t seeds[] = { 11 };

/* Closes p. */
static void check(il_pipeline *p, const char *name)
{
    il_bundle *b = read_bundle(FOLDER "formats/figures.safetensors");
    il_scope *s = open_scope();
    il_inpaint job = { input(s, b, "%s", "image"), input(s, b, "%s", "mask"), prompts, seeds };
    WITHIN(1e-4, s, il_pipeline_apply(s, p, &job), figure(b, "%s", name), name, "inpainted");
    il_scope_close(s);
    il_bundle_free(b);
    il_pipeline_free(p);
}

static const il_pipeline_opts usual = { .size = sizeof usual, .steps = 4, .guidance = 7.5 };

static il_pipeline *opened(const char *path)
{
    il_err e = { 0 };
    il_pipeline *p = NULL;
    OK(il_pipeline_open(&p, path, &usual, &e));
    return p;
}

/* ---- one file in the original layout, beside a tokenizer ---- */

static il_bundle *checkpoint_of(const char *name)
{
    char list[300];
    il_bundle *b = new_bundle();
    snprintf(list, sizeof list, FOLDER "formats/%s.names", name);
    add_named(b, list, "");
    return b;
}

static char *in(const struct scratch *s, const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    return path;
}

static void write_checkpoint(const struct scratch *s, const char *name, il_bundle *b)
{
    il_err e = { 0 };
    if (strstr(name, ".safetensors"))
        OK(il_bundle_write(b, in(s, name), &e));
    else
        pth_write(b, in(s, name), true);
    il_bundle_free(b);
}

Test(formats, original_layout)
{
    static const struct {
        const char *file, *name, *tokenizer;
    } cases[] = { { "v1.safetensors", "sd1", FOLDER "sd15-small/tokenizer" },
                  { "v1.ckpt", "sd1", FOLDER "sd15-small/tokenizer" },
                  { "v2.safetensors", "sd2", FOLDER "sd2-small/tokenizer" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_uses uses = { 0 };
        struct scratch s = scratch_new();
        write_checkpoint(&s, cases[i].file, checkpoint_of(cases[i].name));
        scratch_link(&s, "tokenizer", cases[i].tokenizer);
        check(opened(in(&s, cases[i].file)), cases[i].name);
        OK(il_files_pipeline(&uses, in(&s, cases[i].file), NULL, &e));
        cr_assert_geq(uses.count, 3);
        cr_assert_str_eq(uses.paths[0], in(&s, cases[i].file));
        cr_assert_str_eq(uses.paths[1], in(&s, "tokenizer/vocab.json"));
        il_uses_clear(&uses);
        scratch_remove(&s);
    }
}

/* Without one of the tensors, or with one of another shape. */
Test(formats, refused_checkpoints)
{
    static const struct {
        const char *without, *message;
    } cases[] = {
        { "model.diffusion_model.input_blocks.2.0.op.weight",
          "tensor down_blocks.0.resnets.1.op.bias: the network that the others" },
        { "model.diffusion_model.input_blocks.0.0.weight", "the U-Net lacks input_blocks.0.0.weight" },
        { "model.diffusion_model.input_blocks.1.0.in_layers.2.weight", "the U-Net has no levels" },
        { "model.diffusion_model.out.2.bias", "tensor conv_out.bias is missing" },
        { "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", "lacks its embeddings" },
        { "cond_stage_model.transformer.text_model.final_layer_norm.bias", "final_layer_norm.bias is missing" },
        { "first_stage_model.encoder.conv_out.bias", "tensor encoder.conv_out.bias is missing" },
        { "model.diffusion_model.", "holds no U-Net" },
        { "cond_stage_model.", "holds no text encoder" },
        { "first_stage_model.", "holds no autoencoder" },
        { NULL, "tokenizer" },
    };
    struct scratch s = scratch_new();
    il_bundle *all = checkpoint_of("sd1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_pipeline *p = NULL;
        il_bundle *b = new_bundle();
        const char *without = cases[i].without;
        for (size_t k = 0; k < il_bundle_count(all); k++)
            if (!without || strncmp(il_bundle_name(all, k), without, strlen(without)) != 0)
                add_same(b, all, k);
        write_checkpoint(&s, "a.safetensors", b);
        if (without && i == 0)
            scratch_link(&s, "tokenizer", FOLDER "sd15-small/tokenizer");
        if (!without)
            remove(in(&s, "tokenizer"));
        int rc = il_pipeline_open(&p, in(&s, "a.safetensors"), &usual, &e);
        expect_message(rc, without ? IL_EFORMAT : IL_EIO, &e, cases[i].message);
        cr_expect_null(p);
    }
    il_bundle_free(all);
    scratch_remove(&s);
}

/* The checkpoint of a model that paints from text alone has a U-Net of 4 inputs. */
Test(formats, refused_without_inpainting)
{
    static float weights[32 * 4 * 9];
    static const char first[] = "model.diffusion_model.input_blocks.0.0.weight";
    il_err e = { 0 };
    il_pipeline *p = NULL;
    struct scratch s = scratch_new();
    il_bundle *all = checkpoint_of("sd1"), *b = new_bundle();
    for (size_t i = 0; i < il_bundle_count(all); i++)
        if (strcmp(il_bundle_name(all, i), first) != 0)
            add_same(b, all, i);
    OK(il_bundle_add_bytes(b, first, IL_DTYPE_F32, 4, (int64_t[]){ 32, 4, 3, 3 }, weights, &e));
    il_bundle_free(all);
    write_checkpoint(&s, "a.safetensors", b);
    scratch_link(&s, "tokenizer", FOLDER "sd15-small/tokenizer");
    expect_message(il_pipeline_open(&p, in(&s, "a.safetensors"), &usual, &e), IL_EFORMAT, &e,
                   "a.safetensors: the U-Net's number of inputs is 4; expected 9: latents, mask and masked latents");
    scratch_remove(&s);
}

/* ---- folders ---- */

static struct scratch linked(const char *without)
{
    static const char *const parts[] = { "model_index.json", "tokenizer", "scheduler", "text_encoder", "vae", "unet" };
    struct scratch s = scratch_new();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char target[300];
        snprintf(target, sizeof target, FOLDER "sd15-small/%s", parts[i]);
        if (!strstr(without, parts[i]))
            scratch_link(&s, parts[i], target);
    }
    return s;
}

/* A folder from before many options existed, and without the safety checker that its index names. */
Test(formats, old_scheduler)
{
    struct scratch s = linked("model_index.json scheduler");
    scratch_folder(&s, "scheduler");
    scratch_link(&s, "scheduler/scheduler_config.json", FOLDER "formats/old_scheduler.json");
    scratch_write(&s, "model_index.json",
                  "{\"_class_name\": \"StableDiffusionInpaintPipeline\", \"_diffusers_version\": \"0.2.2\","
                  " \"safety_checker\": [\"stable_diffusion\", \"StableDiffusionSafetyChecker\"],"
                  " \"feature_extractor\": [\"transformers\", \"CLIPFeatureExtractor\"],"
                  " \"scheduler\": [\"diffusers\", \"PNDMScheduler\"]}");
    check(opened(s.path), "old");
    scratch_remove(&s);
}

Test(formats, asymmetric_autoencoder)
{
    il_err e = { 0 };
    il_bundle *b = new_bundle();
    struct scratch s = linked("model_index.json vae");
    scratch_folder(&s, "vae");
    scratch_link(&s, "vae/config.json", FOLDER "vaes/asymmetric.json");
    add_named(b, FOLDER "vaes/asymmetric.names", "");
    OK(il_bundle_write(b, in(&s, "vae/diffusion_pytorch_model.safetensors"), &e));
    il_bundle_free(b);
    scratch_write(&s, "model_index.json",
                  "{\"_class_name\": \"StableDiffusionInpaintPipeline\","
                  " \"vae\": [\"diffusers\", \"AsymmetricAutoencoderKL\"]}");
    check(opened(s.path), "asymmetric");
    scratch_remove(&s);
}

/* The halves of a network's tensors in two files, and their index. */
static void write_shards(const struct scratch *s, const char *folder, const char *stem, const char *from)
{
    char name[200];
    il_err e = { 0 };
    il_bundle *all = read_bundle(from), *halves[2] = { new_bundle(), new_bundle() };
    json_t *map = json_object(), *root = json_pack("{s:o}", "weight_map", map);
    for (size_t i = 0; i < il_bundle_count(all); i++) {
        add_same(halves[i % 2], all, i);
        snprintf(name, sizeof name, "%s-0000%d-of-00002.safetensors", stem, (int)(i % 2) + 1);
        json_object_set_new(map, il_bundle_name(all, i), json_string(name));
    }
    for (int k = 0; k < 2; k++) {
        snprintf(name, sizeof name, "%s/%s-0000%d-of-00002.safetensors", folder, stem, k + 1);
        OK(il_bundle_write(halves[k], in(s, name), &e));
        il_bundle_free(halves[k]);
    }
    snprintf(name, sizeof name, "%s/%s.safetensors.index.json", folder, stem);
    cr_assert_eq(json_dump_file(root, in(s, name), 0), 0);
    json_decref(root);
    il_bundle_free(all);
}

/* Shards, a variant that is found by itself, and a file that PyTorch pickled: the same picture as from the folder with whole files. */
Test(formats, mixed_folder)
{
    il_scope *scope = open_scope();
    il_bundle *figures = read_bundle(FOLDER "formats/figures.safetensors");
    il_inpaint job = { input(scope, figures, "%s", "image"), input(scope, figures, "%s", "mask"), prompts, seeds };
    struct scratch s = linked("text_encoder vae unet");
    scratch_folder(&s, "unet");
    scratch_folder(&s, "text_encoder");
    scratch_folder(&s, "vae");
    scratch_link(&s, "unet/config.json", FOLDER "sd15-small/unet/config.json");
    write_shards(&s, "unet", "diffusion_pytorch_model", FOLDER "sd15-small/unet/diffusion_pytorch_model.safetensors");
    scratch_link(&s, "text_encoder/config.json", FOLDER "sd15-small/text_encoder/config.json");
    scratch_link(&s, "text_encoder/model.fp16.safetensors", FOLDER "sd15-small/text_encoder/model.safetensors");
    scratch_link(&s, "vae/config.json", FOLDER "sd15-small/vae/config.json");
    il_bundle *vae = read_bundle(FOLDER "sd15-small/vae/diffusion_pytorch_model.safetensors");
    pth_write(vae, in(&s, "vae/diffusion_pytorch_model.bin"), false);
    il_bundle_free(vae);
    il_pipeline *whole = opened(FOLDER "sd15-small"), *mixed = opened(s.path);
    il_tensor *want = il_pipeline_apply(scope, whole, &job), *got = il_pipeline_apply(scope, mixed, &job);
    cr_assert_eq(difference(scope, got, want), 0);
    il_pipeline_free(whole);
    il_pipeline_free(mixed);
    il_scope_close(scope);
    il_bundle_free(figures);
    scratch_remove(&s);
}
