/* my_plugin.c - generator: no network, but all that one needs: pictures are halved in size and enlarged again, and what is
 * painted is that, with noise of its own.
 * A generator gives whole pictures; the program pastes them over the photos by the mask. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct my_plugin {
    double grain;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "grain", .type = IL_PARAM_REAL, .fallback = "0.02", .min = 0, .max = 1, .help = "strength of the noise; 0: none" },
    { .name = NULL },
};

static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    struct my_plugin *g = malloc(sizeof *g);
    if (!g)
        return il_fail_oom(e);
    *g = (struct my_plugin){ .grain = il_params_real(p, "grain") };
    *out = g;
    return IL_OK;
}

/* image (N,3,H,W) in [0,1] -> what an autoencoder would make of it, in [0,1]. */
static il_tensor *my_plugin_reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    (void)self;
    if (!image)
        return NULL;
    il_tensor *half = il_upsample_bilinear(s, image, il_dim(image, 2) / 2, il_dim(image, 3) / 2);
    return il_upsample_bilinear(s, half, il_dim(image, 2), il_dim(image, 3));
}

/* The noise of a picture is a function of its own seed, whatever else is in the batch. */
static il_tensor *noise_of(il_scope *s, const il_inpaint *job)
{
    il_tensor *all = NULL;
    for (int n = 0; n < il_dim(job->image, 0); n++) {
        int64_t shape[] = { 1, 3, il_dim(job->image, 2), il_dim(job->image, 3) };
        il_tensor *one = il_randn(s, job->seeds[n], 0, 4, shape);
        all = n ? il_cat(s, (il_tensor *[]){ all, one }, 2, 0) : one;
    }
    return all;
}

static il_tensor *my_plugin_inpaint(const void *self, il_scope *s, const il_inpaint *job)
{
    const struct my_plugin *g = self;
    il_tensor *smooth = my_plugin_reconstruct(self, s, job->image);
    if (!smooth)
        return NULL;
    il_tensor *grain = il_mul(s, il_affine(s, noise_of(s, job), g->grain, 0), job->mask);
    return il_clamp(s, il_add(s, smooth, grain), 0, 1);
}

static const il_generator_ops ops = { .reconstruct = my_plugin_reconstruct, .inpaint = my_plugin_inpaint, .multiple = 2 };

IL_PLUGIN = {
    .abi = IL_ABI, .kind = IL_KIND_GENERATOR, .name = "my_plugin", .revision = 1, /* raise it when results change */
    .summary = "halves pictures, enlarges them and adds noise", .vendor = "my_plugin's authors", .version = "0.1.0",
    .params = my_plugin_params, .open = my_plugin_open, .close = free, .generator = &ops,
};
