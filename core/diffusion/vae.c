/* vae.c - autoencoders of latent diffusion: images to latents and back. The kinds are in vae_kl.c and vae_tiny.c. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/opts.h"
#include "base/text.h"
#include "diffusion/vae.h"
#include "diffusion/weights.h"

struct il_vae {
    il_state *state;
    il_vae_options o;
    il_kl kl;
    il_tiny tiny;
};

static const il_weights_rename renames[] = {
    /* before diffusers 0.12 */
    { ".query.", ".to_q." },         { ".key.", ".to_k." }, { ".value.", ".to_v." },
    { ".proj_attn.", ".to_out.0." }, { NULL, NULL },
};

/* ---- opening ---- */

static int declare(il_vae *v, const il_network_opts *o, il_err *e)
{
    int rc = il_blocks_state(&v->state, o->device, o->dtype, e);
    if (rc)
        return rc;
    if (v->o.is_tiny)
        il_tiny_declare(&v->tiny, v->state, &v->o.tiny);
    else
        il_kl_declare(&v->kl, v->state, &v->o.kl);
    return il_state_status(v->state, e);
}

static int open_folder(il_vae *v, const char *folder, const il_network_opts *o, il_err *e)
{
    /* how FLUX.2's diffusion model scales latents, which a round trip does not */
    static const char *const ignored[] = { "bn.running_*", "bn.num_batches_tracked", NULL };
    il_options *c = NULL;
    int rc = il_options_open(&c, folder, "config.json", e);
    if (rc)
        return rc;
    il_vae_options_read(&v->o, c);
    rc = il_options_status(c, e);
    il_options_free(c);
    if (!rc)
        rc = declare(v, o, e);
    if (!rc && !o->no_weights)
        rc = il_weights_load(v->state,
                             (il_weights_spec){ .folder = folder,
                                                .stem = "diffusion_pytorch_model",
                                                .pickled = "diffusion_pytorch_model",
                                                .variant = o->variant,
                                                .renames = renames,
                                                .ignored = ignored },
                             e);
    return rc;
}

static int open_files(il_vae *v, const char *path, const il_network_opts *o, il_err *e)
{
    char *first = NULL, *second = NULL;
    il_named *n = NULL;
    int rc = il_vae_find(&first, &second, path, e);
    if (!rc)
        rc = il_vae_read(&n, first, second, e);
    if (!rc && (rc = il_vae_options_infer(&v->o, n, e)) != IL_OK)
        il_fail_in(e, "%s", first);
    if (!rc)
        rc = declare(v, o, e);
    if (!rc && !o->no_weights && (rc = il_weights_set(v->state, n, renames, e)) != IL_OK)
        il_fail_in(e, "%s", first);
    il_named_free(n);
    free(first);
    free(second);
    return rc;
}

/* Whether path is a folder in diffusers' layout. */
static int is_folder(bool *yes, const char *path, il_err *e)
{
    struct stat st;
    char *config = il_text_path(path, "config.json");
    if (!config)
        return il_fail_oom(e);
    *yes = stat(config, &st) == 0 || stat(path, &st) != 0;
    free(config);
    return IL_OK;
}

int il_vae_open(il_vae **out, const char *path, const il_network_opts *given, il_err *e)
{
    il_network_opts o;
    bool folder = false;
    il_vae *v = calloc(1, sizeof *v);
    if (!v)
        return il_fail_oom(e);
    int rc = il_opts_read(&o, sizeof o, given, e);
    if (!rc)
        rc = is_folder(&folder, path, e);
    if (!rc)
        rc = folder ? open_folder(v, path, &o, e) : open_files(v, path, &o, e);
    if (rc)
        il_vae_free(v);
    else
        *out = v;
    return rc;
}

void il_vae_free(il_vae *v)
{
    if (!v)
        return;
    il_state_free(v->state);
    free(v);
}

int64_t il_vae_params(const il_vae *v)
{
    return il_state_params(v->state);
}

int il_vae_factor(const il_vae *v)
{
    return 1 << v->o.halvings;
}

int il_vae_channels(const il_vae *v)
{
    return v->o.latents;
}

double il_vae_scaling(const il_vae *v)
{
    return v->o.scaling;
}

/* ---- a pass ---- */

static il_tensor *enter(il_scope *s, const il_vae *v, il_tensor *x)
{
    return il_to(s, il_detach(s, x), il_dtype_of(il_state_at(v->state, 0).tensor));
}

il_tensor *il_vae_encode(il_scope *outer, const il_vae *v, il_tensor *image, il_tensor **std)
{
    const int n = v->o.latents;
    if (std)
        *std = NULL;
    if (image && (il_ndim(image) != 4 || il_dim(image, 1) != 3))
        return il_scope_fail(outer, IL_EPARAM, "VAE: images must have the shape (N,3,H,W)");
    il_scope *s = il_scope_nest(outer);
    il_tensor *mean;
    if (v->o.is_tiny) {
        mean = il_to(s, il_tiny_encode(s, &v->tiny, enter(s, v, il_affine(s, image, 0.5, 0.5))), IL_DTYPE_F32);
        if (std)
            *std = il_lift(s, il_affine(s, mean, 0, 0));
    } else {
        il_tensor *both = il_kl_encode(s, &v->kl, enter(s, v, image));
        mean = il_to(s, il_slice(s, both, 1, 0, n), IL_DTYPE_F32);
        if (std) {
            il_tensor *spread = il_clamp(s, il_slice(s, both, 1, n, 2 * (int64_t)n), -30, 20);
            *std = il_lift(s, il_to(s, il_exp(s, il_affine(s, spread, 0.5, 0)), IL_DTYPE_F32));
        }
    }
    mean = il_lift(s, mean);
    il_scope_close(s);
    return mean;
}

static bool fit(const il_tensor *image, const il_tensor *mask)
{
    return il_ndim(image) == 4 && il_ndim(mask) == 4 && il_dim(image, 1) == 3 && il_dim(mask, 1) == 1 &&
           il_dim(image, 0) == il_dim(mask, 0) && il_dim(image, 2) == il_dim(mask, 2) &&
           il_dim(image, 3) == il_dim(mask, 3);
}

il_tensor *il_vae_decode_around(il_scope *outer, const il_vae *v, il_tensor *latents, il_tensor *image, il_tensor *mask)
{
    if (latents && (il_ndim(latents) != 4 || il_dim(latents, 1) != v->o.latents))
        return il_scope_fail(outer, IL_EPARAM, "VAE: latents must have the shape (N,%d,H,W)", v->o.latents);
    if (image && mask && !fit(image, mask))
        return il_scope_fail(outer, IL_EPARAM, "VAE: images (N,3,H,W) and masks (N,1,H,W) must have the same size");
    const bool around = v->o.kl.masked && image && mask;
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = enter(s, v, latents);
    if (v->o.is_tiny)
        x = il_affine(s, il_to(s, il_tiny_decode(s, &v->tiny, x), IL_DTYPE_F32), 2, -1);
    else
        x = il_to(s, il_kl_decode(s, &v->kl, x, around ? enter(s, v, image) : NULL, around ? enter(s, v, mask) : NULL),
                  IL_DTYPE_F32);
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}

il_tensor *il_vae_decode(il_scope *s, const il_vae *v, il_tensor *latents)
{
    return il_vae_decode_around(s, v, latents, NULL, NULL);
}

/* x in [0,1] cut to 8 bits, as torchvision's ToPILImage does: 254.99 becomes 254. */
static il_tensor *cut_to_bytes(il_scope *s, il_tensor *x)
{
    il_tensor *bytes = il_to(s, il_affine(s, x, 255, 0), IL_DTYPE_U8);
    return il_affine(s, il_to(s, bytes, IL_DTYPE_F32), 1.0 / 255, 0);
}

/* AutoencoderTiny's pictures are in [0,1] as they are; to [-1,1] and back would round them. */
static il_tensor *reconstruct_tiny(il_scope *s, const il_vae *v, il_tensor *image)
{
    il_tensor *latents = il_tiny_encode(s, &v->tiny, enter(s, v, image));
    return il_clamp(s, il_to(s, il_tiny_decode(s, &v->tiny, latents), IL_DTYPE_F32), 0, 1);
}

il_tensor *il_vae_reconstruct(il_scope *outer, const il_vae *v, il_tensor *image, bool published)
{
    il_scope *s = il_scope_nest(outer);
    il_tensor *x = published ? image : il_affine(s, image, 2, -1);
    if (v->o.is_tiny && !published) {
        x = reconstruct_tiny(s, v, image);
    } else {
        x = il_vae_decode(s, v, il_vae_encode(s, v, x, NULL));
        x = il_clamp(s, published ? x : il_affine(s, x, 0.5, 0.5), 0, 1);
        x = published ? cut_to_bytes(s, x) : x;
    }
    x = il_lift(s, x);
    il_scope_close(s);
    return x;
}
