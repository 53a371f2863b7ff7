/* vae.c - generator: what the autoencoder of a latent diffusion model makes of a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/plugin.h>

enum { MULTIPLE = 8 };

struct vae {
    char *path; /* of a folder or a file, as il_vae_open takes */
    char *variant;
    il_dtype dtype;
    bool published;
    il_vae *net; /* NULL until load */
};

static const il_param_spec params[] = {
    { .name = "root",
      .type = IL_PARAM_PATH,
      .help =
          "folder of the VAE (config.json and weights), or of a pipeline that holds vae/; a single file of weights in the "
          "original layout (.safetensors, .ckpt, .pth); a folder with TAESD's NAME_encoder.pth and NAME_decoder.pth, or one "
          "of the two" },
    { .name = "range",
      .type = IL_PARAM_TEXT,
      .fallback = "signed",
      .choices = "signed|published",
      .help =
          "what the VAE sees: [-1,1], or [0,1] with the decoding clamped and cut to 8 bits, as the paper's code did" },
    { .name = "precision",
      .type = IL_PARAM_TEXT,
      .fallback = "fp32",
      .choices = "fp32|fp16|bf16",
      .help = "type of the weights" },
    { .name = "variant",
      .type = IL_PARAM_TEXT,
      .fallback = "",
      .help = "of the weight files' names, as in fp16; empty: none, or fp16 or bf16 where only that is there" },
    { .name = NULL },
};

static void vae_close(void *self)
{
    struct vae *g = self;
    if (!g)
        return;
    il_vae_free(g->net);
    free(g->path);
    free(g->variant);
    free(g);
}

/* root/vae where that is a folder with a config.json and root is none; else root itself. */
static int find_path(char **out, const char *root, il_err *e)
{
    const size_t size = strlen(root) + sizeof "/vae/config.json";
    char *path = malloc(size);
    if (!path)
        return il_fail_oom(e);
    snprintf(path, size, "%s/config.json", root);
    if (access(path, F_OK) != 0) {
        snprintf(path, size, "%s/vae/config.json", root);
        if (access(path, F_OK) == 0) {
            *strrchr(path, '/') = '\0';
            *out = path;
            return IL_OK;
        }
    }
    snprintf(path, size, "%s", root);
    *out = path;
    return access(root, F_OK) == 0 ? IL_OK : il_fail(e, IL_EIO, "root: %s does not exist", root);
}

static int open_net(il_vae **out, const struct vae *g, il_network_opts o, il_err *e)
{
    il_vae *net = NULL;
    o.dtype = g->dtype;
    o.variant = g->variant;
    int rc = il_vae_open(&net, g->path, &o, e);
    if (rc)
        return rc;
    if (MULTIPLE % il_vae_factor(net)) {
        rc = il_fail(e, IL_EFORMAT, "%s: sides shrink by %d; expected a divisor of %d", g->path, il_vae_factor(net),
                     MULTIPLE);
        il_vae_free(net);
        return rc;
    }
    *out = net;
    return IL_OK;
}

/* Builds the network without its weights: all that config.json may have wrong is told before anything runs. */
static int vae_open(void **out, const il_params *p, il_err *e)
{
    const il_network_opts bare = { .size = sizeof bare, .no_weights = true };
    il_vae *trial = NULL;
    const char *precision = il_params_text(p, "precision");
    struct vae *g = calloc(1, sizeof *g);
    if (!g)
        return il_fail_oom(e);
    g->dtype = strcmp(precision, "fp16") == 0   ? IL_DTYPE_F16
               : strcmp(precision, "bf16") == 0 ? IL_DTYPE_BF16
                                                : IL_DTYPE_F32;
    g->published = strcmp(il_params_text(p, "range"), "published") == 0;
    g->variant = strdup(il_params_text(p, "variant"));
    int rc = g->variant ? find_path(&g->path, il_params_text(p, "root"), e) : il_fail_oom(e);
    if (!rc)
        rc = open_net(&trial, g, bare, e);
    il_vae_free(trial);
    if (rc)
        vae_close(g);
    else
        *out = g;
    return rc;
}

static int vae_uses(const void *self, il_uses *out, il_err *e)
{
    const struct vae *g = self;
    int rc = il_files_vae(out, g->path, g->variant, e);
    return rc ? rc : il_files_published(out, g->published, e);
}

static int vae_load(void *self, il_device device, il_err *e)
{
    struct vae *g = self;
    const il_network_opts there = { .size = sizeof there, .device = device };
    return open_net(&g->net, g, there, e);
}

static il_tensor *vae_reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    const struct vae *g = self;
    return il_vae_reconstruct(s, g->net, image, g->published);
}

static const il_generator_ops ops = { .reconstruct = vae_reconstruct, .multiple = MULTIPLE };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_GENERATOR,
    .name = "vae",
    .revision = 1,
    .summary =
        "the autoencoder of a latent diffusion model: AutoencoderKL, its kin for FLUX.2 and masks, AutoencoderTiny (TAESD)",
    .params = params,
    .open = vae_open,
    .close = vae_close,
    .uses = vae_uses,
    .load = vae_load,
    .generator = &ops,
};
