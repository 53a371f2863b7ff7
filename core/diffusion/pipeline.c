/* pipeline.c - inpainting by latent diffusion: text, masked image and noise -> image, by scheduler and UNet. */
#include <stdlib.h>
#include <string.h>
#include "base/opts.h"
#include "base/text.h"
#include "diffusion/checkpoint.h"
#include "diffusion/options.h"
#include "diffusion/scheduler.h"
#include "diffusion/text_encoder.h"

struct il_pipeline {
    il_tokenizer *tokenizer;
    il_text_encoder *text;
    il_unet *unet;
    il_scheduler *scheduler;
    il_vae *vae;
    int steps;
    double guidance;
    char *negative;
};

/* ---- opening ---- */

static int check_index(const char *folder, il_err *e)
{
    static const il_options_rule rules[] = {
        { "_class_name", "[\"StableDiffusionInpaintPipeline\"]" },
        { "vae", "[[\"diffusers\",\"AutoencoderKL\"],[\"diffusers\",\"AsymmetricAutoencoderKL\"]]" },
        { "unet", "[[\"diffusers\",\"UNet2DConditionModel\"]]" },
        { "text_encoder", "[[\"transformers\",\"CLIPTextModel\"]]" },
        { "tokenizer", "[[\"transformers\",\"CLIPTokenizer\"],[\"transformers\",\"CLIPTokenizerFast\"]]" },
        { NULL, NULL },
    };
    il_options *c = NULL;
    int rc = il_options_open(&c, folder, "model_index.json", e);
    if (rc)
        return rc;
    if (!il_options_has(c, "_class_name"))
        il_options_refuse(c, "_class_name", "\"StableDiffusionInpaintPipeline\"");
    il_options_check(c, rules);
    rc = il_options_status(c, e);
    il_options_free(c);
    return rc;
}

static int check_fit(const il_pipeline *p, const char *path, bool folder, il_err *e)
{
    const int wanted = 2 * il_vae_channels(p->vae) + 1, inputs = il_unet_inputs(p->unet);
    if (inputs != wanted)
        return il_fail(e, IL_EFORMAT, "%s%s is %d; expected %d: latents, mask and masked latents", path,
                       folder ? "/unet/config.json: 'in_channels'" : ": the U-Net's number of inputs", inputs, wanted);
    return IL_OK;
}

static int start_scheduler(il_pipeline *p, il_err *e)
{
    const int64_t *timesteps = NULL;
    size_t count = 0;
    il_scheduler_offset(p->scheduler, 1); /* as diffusers' pipelines do, regardless of the configuration */
    return il_scheduler_start(p->scheduler, p->steps, &timesteps, &count, e);
}

/* The small parts first, so that their errors are reported before gigabytes are read. */
static int open_parts(il_pipeline *p, const char *folder, const il_pipeline_opts *o, il_err *e)
{
    enum { TOKENIZER, SCHEDULER, TEXT, VAE, UNET, PARTS };
    static const char *const names[PARTS] = { "tokenizer", "scheduler", "text_encoder", "vae", "unet" };
    int rc = check_index(folder, e);
    for (int i = 0; i < PARTS && !rc; i++) {
        il_text path = { 0 };
        il_text_add(&path, "%s/%s", folder, names[i]);
        if (path.failed || !path.data)
            rc = il_fail_oom(e);
        else if (i == TOKENIZER)
            rc = il_tokenizer_open(&p->tokenizer, path.data, e);
        else if (i == SCHEDULER)
            rc = il_scheduler_open(&p->scheduler, path.data, o->scheduler, e);
        else if (i == TEXT)
            rc = il_text_encoder_open(&p->text, path.data, o->network, e);
        else if (i == VAE)
            rc = il_vae_open(&p->vae, path.data, o->network, e);
        else
            rc = il_unet_open(&p->unet, path.data, o->network, e);
        if (i == SCHEDULER && !rc)
            rc = start_scheduler(p, e);
        il_text_free(&path);
    }
    return rc;
}

/* One file in the original layout, beside which lies the tokenizer. */
static int open_file(il_pipeline *p, const char *path, const il_pipeline_opts *o, il_err *e)
{
    char *tokenizer = il_checkpoint_tokenizer(path);
    int rc = tokenizer ? il_tokenizer_open(&p->tokenizer, tokenizer, e) : il_fail_oom(e);
    if (!rc)
        rc = il_text_encoder_open(&p->text, path, o->network, e);
    if (!rc)
        rc = il_scheduler_open_usual(&p->scheduler, !il_text_encoder_quick(p->text), o->scheduler, e);
    if (!rc)
        rc = start_scheduler(p, e);
    if (!rc)
        rc = il_vae_open(&p->vae, path, o->network, e);
    if (!rc)
        rc = il_unet_open(&p->unet, path, o->network, e);
    free(tokenizer);
    return rc;
}

int il_pipeline_open(il_pipeline **out, const char *path, const il_pipeline_opts *given, il_err *e)
{
    il_pipeline_opts o;
    int rc = il_opts_read(&o, sizeof o, given, e);
    if (rc)
        return rc;
    il_pipeline *p = calloc(1, sizeof *p);
    if (!p)
        return il_fail_oom(e);
    p->steps = o.steps;
    p->guidance = o.guidance;
    p->negative = il_text_copy(o.negative ? o.negative : "");
    const bool file = il_checkpoint_is(path);
    rc = !p->negative ? il_fail_oom(e) : file ? open_file(p, path, &o, e) : open_parts(p, path, &o, e);
    if (!rc)
        rc = check_fit(p, path, !file, e);
    if (rc)
        il_pipeline_free(p);
    else
        *out = p;
    return rc;
}

void il_pipeline_free(il_pipeline *p)
{
    if (!p)
        return;
    il_tokenizer_free(p->tokenizer);
    il_text_encoder_free(p->text);
    il_unet_free(p->unet);
    il_scheduler_free(p->scheduler);
    il_vae_free(p->vae);
    free(p->negative);
    free(p);
}

const il_vae *il_pipeline_vae(const il_pipeline *p)
{
    return p->vae;
}

int il_pipeline_multiple(const il_pipeline *p)
{
    return il_vae_factor(p->vae);
}

/* ---- text ---- */

static bool guided(const il_pipeline *p)
{
    return p->guidance > 1;
}

/* The distinct texts and, for each row of the batch, the index of its text. */
struct texts {
    const char **list;
    int64_t *ids; /* IL_TOKENIZER_LENGTH per text of the list */
    int64_t *rows;
    int64_t count, nrows;
};

static void add_text(struct texts *t, const char *text)
{
    int64_t i = 0;
    while (i < t->count && strcmp(t->list[i], text) != 0)
        i++;
    t->list[i] = text;
    t->count += i == t->count;
    t->rows[t->nrows++] = i;
}

static int collect_texts(struct texts *t, const il_pipeline *p, const il_inpaint *job, int64_t n, il_err *e)
{
    const size_t most = 2 * (size_t)n;
    t->list = calloc(most, sizeof *t->list);
    t->ids = calloc(most, IL_TOKENIZER_LENGTH * sizeof *t->ids);
    t->rows = calloc(most, sizeof *t->rows);
    if (!t->list || !t->ids || !t->rows)
        return il_fail_oom(e);
    for (int64_t i = 0; guided(p) && i < n; i++)
        add_text(t, p->negative);
    for (int64_t i = 0; i < n; i++)
        add_text(t, job->prompts[i] ? job->prompts[i] : "");
    int rc = IL_OK;
    for (int64_t i = 0; i < t->count && !rc; i++)
        rc = il_tokenizer_encode(t->ids + i * IL_TOKENIZER_LENGTH, NULL, p->tokenizer, t->list[i], e);
    return rc;
}

/* (N or 2N, IL_TOKENIZER_LENGTH, C): with guidance the negative prompt's rows come first. Equal texts are encoded once. */
static il_tensor *embed(il_scope *outer, const il_pipeline *p, const il_inpaint *job, int64_t n)
{
    struct texts t = { 0 };
    il_err e = { 0 };
    il_tensor *x = NULL;
    int rc = collect_texts(&t, p, job, n, &e);
    il_scope *s = rc ? NULL : il_scope_nest(outer);
    if (rc)
        il_scope_fail(outer, rc, "%s", e.message);
    if (s) {
        il_tensor *ids = il_from_bytes(s, t.ids, IL_DTYPE_I64, 2, (int64_t[]){ t.count, IL_TOKENIZER_LENGTH });
        il_tensor *states = il_text_encoder_apply(s, p->text, ids);
        il_tensor *rows = il_from_bytes(s, t.rows, IL_DTYPE_I64, 1, &t.nrows);
        if (states) { /* gathers rows by an embedding */
            const int64_t flat[] = { t.count, il_dim(states, 1) * il_dim(states, 2) };
            const int64_t full[] = { t.nrows, il_dim(states, 1), il_dim(states, 2) };
            x = il_reshape(s, il_embedding(s, il_reshape(s, states, 2, flat), rows), 3, full);
        }
        x = il_lift(s, x);
    }
    il_scope_close(s);
    free(t.list);
    free(t.ids);
    free(t.rows);
    return x;
}

/* ---- images ---- */

/* The noise of n images, each from its own seed, after skipping `skip` draws of that shape. */
static il_tensor *noise(il_scope *s, const il_inpaint *job, int64_t n, int skip, const int64_t shape[4])
{
    il_tensor *all = NULL;
    for (int64_t i = 0; i < n; i++) {
        il_tensor *one = il_randn(s, job->seeds[i], skip, 4, shape);
        all = i ? il_cat(s, (il_tensor *[]){ all, one }, 2, 0) : one;
    }
    return all;
}

/* The UNet's input besides the latents, (N,1+C,h,w): the mask, and the latents of the image with the masked area
 * removed. As in diffusers, these are sampled from the posterior, with the random numbers that follow those of the
 * initial latents. */
static il_tensor *conditions(il_scope *outer, const il_pipeline *p, const il_inpaint *job, int64_t n,
                             const int64_t shape[4])
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *std = NULL;
    il_tensor *stays = il_greater(s, il_affine(s, job->mask, -1, 0), -0.5); /* mask < 0.5 */
    il_tensor *photo = il_mul(s, il_affine(s, job->image, 2, -1), stays);
    il_tensor *mean = il_vae_encode(s, p->vae, photo, &std);
    il_tensor *drawn = il_mul(s, std, noise(s, job, n, 1, shape));
    il_tensor *latents = il_affine(s, il_add(s, mean, drawn), il_vae_scaling(p->vae), 0);
    il_tensor *mask = il_upsample_nearest(s, il_affine(s, stays, -1, 1), shape[2], shape[3]);
    il_tensor *x = il_lift(s, il_cat(s, (il_tensor *[]){ mask, latents }, 2, 1));
    il_scope_close(s);
    return x;
}

/* ---- the loop ---- */

static il_tensor *twice(il_scope *s, il_tensor *x)
{
    return il_cat(s, (il_tensor *[]){ x, x }, 2, 0);
}

static il_tensor *predict(il_scope *s, const il_pipeline *p, il_tensor *latents, il_tensor *seen, il_tensor *text,
                          int64_t t)
{
    il_tensor *x = il_cat(s, (il_tensor *[]){ latents, seen }, 2, 1);
    if (!guided(p))
        return il_unet_apply(s, p->unet, x, (double)t, text);
    il_tensor *both = il_unet_apply(s, p->unet, twice(s, x), (double)t, text);
    if (!both)
        return NULL;
    const int64_t n = il_dim(latents, 0);
    il_tensor *without = il_slice(s, both, 0, 0, n), *with = il_slice(s, both, 0, n, 2 * n);
    return il_add(s, without, il_affine(s, il_sub(s, with, without), p->guidance, 0));
}

/* From the initial to the final latents, both in s; a step's temporaries are freed with the step. */
static il_tensor *denoise(il_scope *s, const il_pipeline *p, il_tensor *latents, il_tensor *seen, il_tensor *text)
{
    il_err e = { 0 };
    const int64_t *timesteps = NULL;
    size_t count = 0;
    int rc = il_scheduler_start(p->scheduler, p->steps, &timesteps, &count, &e);
    if (rc)
        return il_scope_fail(s, rc, "%s", e.message);
    for (size_t i = 0; i < count && latents; i++) {
        il_scope *step = il_scope_nest(s);
        il_tensor *output = predict(step, p, latents, seen, text, timesteps[i]);
        il_tensor *next = il_lift(step, il_scheduler_step(step, p->scheduler, output, timesteps[i], latents));
        il_scope_close(step);
        il_tensor_free(il_keep(s, latents));
        latents = next;
    }
    return latents;
}

static int check_job(const il_pipeline *p, const il_inpaint *job, il_err *e)
{
    const il_tensor *x = job->image, *m = job->mask;
    const int multiple = il_pipeline_multiple(p);
    if (il_ndim(x) != 4 || il_dim(x, 1) != 3 || il_dim(x, 0) < 1)
        return il_fail(e, IL_EPARAM, "inpainting: images must have the shape (N,3,H,W)");
    if (il_ndim(m) != 4 || il_dim(m, 1) != 1 || il_dim(m, 0) != il_dim(x, 0) || il_dim(m, 2) != il_dim(x, 2) ||
        il_dim(m, 3) != il_dim(x, 3))
        return il_fail(e, IL_EPARAM, "inpainting: each image must have one mask of one channel and the same size");
    if (il_dim(x, 2) % multiple || il_dim(x, 3) % multiple || il_dim(x, 2) < 1 || il_dim(x, 3) < 1)
        return il_fail(e, IL_EPARAM, "inpainting: the sides of images must be multiples of %d, not %lldx%lld", multiple,
                       (long long)il_dim(x, 3), (long long)il_dim(x, 2));
    return IL_OK;
}

il_tensor *il_pipeline_apply(il_scope *outer, const il_pipeline *p, const il_inpaint *job)
{
    il_err e = { 0 };
    if (!job->image || !job->mask)
        return NULL;
    int rc = check_job(p, job, &e);
    if (rc)
        return il_scope_fail(outer, rc, "%s", e.message);
    const int64_t n = il_dim(job->image, 0), factor = il_vae_factor(p->vae);
    const int64_t shape[] = { 1, il_vae_channels(p->vae), il_dim(job->image, 2) / factor,
                              il_dim(job->image, 3) / factor };
    il_scope *s = il_scope_nest(outer);
    if (!s)
        return NULL;
    il_tensor *text = embed(s, p, job, n), *seen = conditions(s, p, job, n, shape);
    il_tensor *latents = il_affine(s, noise(s, job, n, 0, shape), il_scheduler_sigma(p->scheduler), 0);
    latents = denoise(s, p, latents, seen, text);
    il_tensor *image = il_affine(s, job->image, 2, -1), *holes = il_greater(s, il_affine(s, job->mask, -1, 0), -0.5);
    il_tensor *x = il_vae_decode_around(s, p->vae, il_affine(s, latents, 1 / il_vae_scaling(p->vae), 0), image,
                                        il_affine(s, holes, -1, 1));
    x = il_lift(s, il_clamp(s, il_affine(s, x, 0.5, 0.5), 0, 1));
    il_scope_close(s);
    return x;
}
