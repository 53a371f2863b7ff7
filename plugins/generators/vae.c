/* vae.c - generator: what the autoencoder of a latent diffusion model (AutoencoderKL) makes of a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/plugin.h>

enum { MULTIPLE = 8 };

struct vae {
    char *folder; /* that holds config.json */
    char *variant;
    il_dtype dtype;
    bool published;
    il_vae *net; /* NULL until load */
};

static const il_param_spec params[] = {
    { .name = "root",
      .type = IL_PARAM_PATH,
      .help = "folder of the VAE (config.json and weights), or of a pipeline that holds vae/" },
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
    { .name = "variant", .type = IL_PARAM_TEXT, .fallback = "", .help = "of the weight files' names, as in fp16" },
    { .name = NULL },
};

static void vae_close(void *self)
{
    struct vae *g = self;
    if (!g)
        return;
    il_vae_free(g->net);
    free(g->folder);
    free(g->variant);
    free(g);
}

/* root, or root/vae, whichever holds a config.json */
static int find_folder(char **out, const char *root, il_err *e)
{
    static const char *const forms[] = { "%s/config.json", "%s/vae/config.json" };
    size_t size = strlen(root) + sizeof "/vae/config.json";
    char *path = malloc(size);
    if (!path)
        return il_fail_oom(e);
    for (int i = 0; i < 2; i++) {
        snprintf(path, size, i ? forms[1] : forms[0], root);
        if (access(path, F_OK) == 0) {
            *strrchr(path, '/') = '\0';
            *out = path;
            return IL_OK;
        }
    }
    free(path);
    return il_fail(e, IL_EIO, "root: %s holds neither config.json nor vae/config.json", root);
}

static int open_net(il_vae **out, const struct vae *g, il_network_opts o, il_err *e)
{
    il_vae *net = NULL;
    o.dtype = g->dtype;
    o.variant = g->variant;
    int rc = il_vae_open(&net, g->folder, &o, e);
    if (rc)
        return rc;
    if (MULTIPLE % il_vae_factor(net)) {
        rc = il_fail(e, IL_EFORMAT, "%s/config.json: sides shrink by %d; expected a divisor of %d", g->folder,
                     il_vae_factor(net), MULTIPLE);
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
    int rc = g->variant ? find_folder(&g->folder, il_params_text(p, "root"), e) : il_fail_oom(e);
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
    int rc = il_files_vae(out, g->folder, g->variant, e);
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
    .summary = "the autoencoder of a latent diffusion model, from a folder that diffusers wrote",
    .params = params,
    .open = vae_open,
    .close = vae_close,
    .uses = vae_uses,
    .load = vae_load,
    .generator = &ops,
};
