/* small.c - generator: the quickstart's small latent-inpainting networks (tools/train-generators makes their weights).
 * The hole is first filled with the strip beside it that fits best, then the network blends its edge: one of this size
 * invents no texture. The prompt and the seed change nothing.
 * params: weights, the file. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/convert.h>
#include <inpaintlab/plugin.h>
#include "network.h"
#include "patch_hole.h"

struct small {
    char *weights;
    network *net; /* once loaded */
};

static void small_close(void *self)
{
    struct small *g = self;
    if (!g)
        return;
    network_free(g->net);
    free(g->weights);
    free(g);
}

static int small_open(void **out, const il_params *p, il_err *e)
{
    struct small *g = calloc(1, sizeof *g);
    if (g)
        g->weights = strdup(il_params_text(p, "weights"));
    if (!g || !g->weights) {
        small_close(g);
        return il_fail_oom(e);
    }
    *out = g;
    return IL_OK;
}

static int small_load(void *self, il_device device, il_err *e)
{
    struct small *g = self;
    return network_read(&g->net, g->weights, device, e);
}

static il_tensor *small_reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    const struct small *g = self;
    return network_reconstruct(s, g->net, image);
}

/* Picture n with its hole filled. */
static int patch(il_image *out, const il_inpaint *job, int n, il_err *e)
{
    il_image mask = { 0 };
    int rc = il_convert_to_image(out, job->image, n, e);
    if (!rc)
        rc = il_convert_to_image(&mask, job->mask, n, e);
    if (!rc)
        patch_hole(out, &mask);
    il_image_free(&mask);
    return rc;
}

static il_tensor *small_inpaint(const void *self, il_scope *s, const il_inpaint *job)
{
    const struct small *g = self;
    if (!job->image || !job->mask)
        return NULL;
    il_tensor *patched = NULL;
    for (int n = 0; n < il_dim(job->image, 0); n++) {
        il_image picture = { 0 };
        il_err e = { 0 };
        int rc = patch(&picture, job, n, &e);
        il_tensor *one = rc ? il_scope_fail(s, rc, "%s", e.message) : il_convert_to_tensor(s, &picture);
        il_tensor *both[] = { patched, one };
        patched = n ? il_cat(s, both, 2, 0) : one;
        il_image_free(&picture);
    }
    return network_inpaint(s, g->net, patched, job->mask);
}

static const il_param_spec params[] = {
    { .name = "weights", .type = IL_PARAM_PATH, .help = "safetensors file whose notes tell the architecture" },
    { .name = NULL },
};

static const il_generator_ops ops = { .reconstruct = small_reconstruct, .inpaint = small_inpaint, .multiple = 64 };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_GENERATOR,
    .name = "small",
    .revision = 1,
    .summary = "small autoencoder with a filler of masked latents, as the quickstart uses",
    .params = params,
    .open = small_open,
    .close = small_close,
    .load = small_load,
    .generator = &ops,
};
