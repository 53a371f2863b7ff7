/* sd_inpaint.c - generator: Stable Diffusion 1.5 and 2 inpainting, from a pipeline folder of diffusers or a single file. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/plugin.h>

enum { MULTIPLE = 8 };

struct sd {
    char *root, *variant, *scheduler, *negative;
    il_network_opts network; /* texts of both are those above */
    il_pipeline_opts opts;
    bool published;
    il_pipeline *net; /* NULL until load */
};

static const il_param_spec params[] = {
    { .name = "root",
      .type = IL_PARAM_PATH,
      .help =
          "folder that holds model_index.json, or a single file in the original layout (.safetensors, .ckpt) beside the folder "
          "tokenizer" },
    { .name = "steps",
      .type = IL_PARAM_INT,
      .fallback = "50",
      .min = 1,
      .max = 1000,
      .help = "steps of the scheduler" },
    { .name = "guidance",
      .type = IL_PARAM_REAL,
      .fallback = "7.5",
      .min = 0,
      .max = 1000,
      .help = "weight of the prompt; at most 1: the negative prompt is not asked" },
    { .name = "scheduler",
      .type = IL_PARAM_TEXT,
      .fallback = "",
      .help = "pndm or ddim; empty: the one the folder names (1.5 inpainting: ddim; 2 inpainting: pndm)" },
    { .name = "negative", .type = IL_PARAM_TEXT, .fallback = "", .help = "negative prompt" },
    { .name = "range",
      .type = IL_PARAM_TEXT,
      .fallback = "signed",
      .choices = "signed|published",
      .help =
          "of reconstructions: [-1,1], or [0,1] with the decoding clamped and cut to 8 bits, as the paper's code did" },
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

static void sd_close(void *self)
{
    struct sd *g = self;
    if (!g)
        return;
    il_pipeline_free(g->net);
    free(g->root);
    free(g->variant);
    free(g->scheduler);
    free(g->negative);
    free(g);
}

static int read_settings(struct sd *g, const il_params *p, il_err *e)
{
    const char *precision = il_params_text(p, "precision");
    g->root = strdup(il_params_text(p, "root"));
    g->variant = strdup(il_params_text(p, "variant"));
    g->scheduler = strdup(il_params_text(p, "scheduler"));
    g->negative = strdup(il_params_text(p, "negative"));
    if (!g->root || !g->variant || !g->scheduler || !g->negative)
        return il_fail_oom(e);
    g->published = strcmp(il_params_text(p, "range"), "published") == 0;
    g->opts = (il_pipeline_opts){ .size = sizeof g->opts,
                                  .scheduler = g->scheduler,
                                  .negative = g->negative,
                                  .steps = (int)il_params_int(p, "steps"),
                                  .guidance = il_params_real(p, "guidance") };
    g->network = (il_network_opts){ .size = sizeof g->network, .variant = g->variant };
    g->network.dtype = strcmp(precision, "fp16") == 0   ? IL_DTYPE_F16
                       : strcmp(precision, "bf16") == 0 ? IL_DTYPE_BF16
                                                        : IL_DTYPE_F32;
    return IL_OK;
}

static int open_net(il_pipeline **out, const struct sd *g, il_network_opts network, il_err *e)
{
    il_pipeline *net = NULL;
    il_pipeline_opts o = g->opts;
    o.network = &network;
    int rc = il_pipeline_open(&net, g->root, &o, e);
    if (rc)
        return rc;
    if (MULTIPLE % il_pipeline_multiple(net)) {
        rc = il_fail(e, IL_EFORMAT, "%s: the sides of its autoencoder shrink by %d; expected a divisor of %d", g->root,
                     il_pipeline_multiple(net), MULTIPLE);
        il_pipeline_free(net);
        return rc;
    }
    *out = net;
    return IL_OK;
}

/* Builds the networks without their weights: all that the configurations may have wrong is told before anything runs. */
static int sd_open(void **out, const il_params *p, il_err *e)
{
    il_pipeline *trial = NULL;
    struct sd *g = calloc(1, sizeof *g);
    if (!g)
        return il_fail_oom(e);
    int rc = read_settings(g, p, e);
    il_network_opts network = g->network;
    network.no_weights = true;
    if (!rc)
        rc = open_net(&trial, g, network, e);
    il_pipeline_free(trial);
    if (rc)
        sd_close(g);
    else
        *out = g;
    return rc;
}

static int sd_uses(const void *self, il_uses *out, il_err *e)
{
    const struct sd *g = self;
    int rc = il_files_pipeline(out, g->root, g->variant, e);
    return rc ? rc : il_files_published(out, g->published, e);
}

static int sd_load(void *self, il_device device, il_err *e)
{
    struct sd *g = self;
    il_network_opts network = g->network;
    network.device = device;
    return open_net(&g->net, g, network, e);
}

static il_tensor *sd_inpaint(const void *self, il_scope *s, const il_inpaint *job)
{
    const struct sd *g = self;
    return il_pipeline_apply(s, g->net, job);
}

static il_tensor *sd_reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    const struct sd *g = self;
    return il_vae_reconstruct(s, il_pipeline_vae(g->net), image, g->published);
}

static const il_generator_ops ops = { .inpaint = sd_inpaint, .reconstruct = sd_reconstruct, .multiple = MULTIPLE };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_GENERATOR,
    .name = "sd_inpaint",
    .revision = 1,
    .summary = "Stable Diffusion 1.5 or 2 inpainting, from a pipeline folder of diffusers or a single file",
    .params = params,
    .open = sd_open,
    .close = sd_close,
    .uses = sd_uses,
    .load = sd_load,
    .generator = &ops,
};
