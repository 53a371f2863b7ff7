/* torchscript.c - model: any scripted or traced PyTorch module from (N,3,H,W) in [0,1] to logits (N,1,H,W).
 * A dict result gives its "out" entry, a tuple or list its first, unless `output` names another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/script.h>

struct torchscript {
    char *file, *output;
    int64_t channel;
    bool resize, probability;
    il_script *module;
};

static const il_param_spec torchscript_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "module saved by torch.jit.save" },
    { .name = "output",
      .type = IL_PARAM_TEXT,
      .fallback = "",
      .help = "which tensor of a dict, tuple or list: its name, or its number from 0; empty: \"out\" or the first" },
    { .name = "channel",
      .type = IL_PARAM_INT,
      .fallback = "-1",
      .min = -1,
      .max = 65535,
      .help = "which channel of that tensor, from 0; -1: it has one" },
    { .name = "resize",
      .type = IL_PARAM_BOOL,
      .fallback = "false",
      .help = "resize a smaller or larger output to the picture, bilinearly" },
    { .name = "probability",
      .type = IL_PARAM_BOOL,
      .fallback = "false",
      .help = "the output is a probability from 0 to 1, not a logit" },
    { .name = NULL },
};

static void torchscript_close(void *self)
{
    struct torchscript *t = self;
    if (!t)
        return;
    il_script_free(t->module);
    free(t->file);
    free(t->output);
    free(t);
}

static int torchscript_open(void **out, const il_params *p, il_err *e)
{
    struct torchscript *t = calloc(1, sizeof *t);
    if (!t)
        return il_fail_oom(e);
    t->file = strdup(il_params_text(p, "file"));
    t->output = strdup(il_params_text(p, "output"));
    t->channel = il_params_int(p, "channel");
    t->resize = il_params_bool(p, "resize");
    t->probability = il_params_bool(p, "probability");
    if (!t->file || !t->output) {
        torchscript_close(t);
        return il_fail_oom(e);
    }
    *out = t;
    return IL_OK;
}

/* The module is loaded here, not in open: only the state knows the device. */
static int torchscript_build(void *self, il_state *st, il_err *e)
{
    struct torchscript *t = self;
    bool fixed = false;
    int rc = il_script_open(&t->module, t->file, il_state_device(st), e);
    if (!rc)
        rc = il_script_state(t->module, st, e);
    if (!rc)
        rc = il_script_fixed_training(&fixed, t->module, e);
    if (fixed)
        il_state_warn(
            st, "the module was traced in training mode: its batch norm or dropout behave in tests as in training;"
                " call eval() before torch.jit.trace");
    return rc;
}

static il_tensor *refuse(il_scope *s, const il_tensor *y, const il_tensor *image, const char *remedy)
{
    char shape[80] = "";
    for (int i = 0; i < il_ndim(y) && i < 5; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%lld", i ? "," : "", (long long)il_dim(y, i));
    return il_scope_fail(s, IL_EPLUGIN,
                         "model torchscript: the output has the shape (%s); expected (%lld,1,%lld,%lld): %s", shape,
                         (long long)il_dim(image, 0), (long long)il_dim(image, 2), (long long)il_dim(image, 3), remedy);
}

static il_tensor *one_channel(const struct torchscript *t, il_scope *s, il_tensor *y, const il_tensor *image)
{
    if (il_ndim(y) != 4)
        return refuse(s, y, image, "`output` may name another tensor");
    if (t->channel < 0 && il_dim(y, 1) != 1)
        return refuse(s, y, image, "set `channel` to the one of tampered pixels, or `output` to another tensor");
    if (t->channel >= il_dim(y, 1))
        return refuse(s, y, image, "it lacks the channel that `channel` names");
    return t->channel < 0 ? y : il_slice(s, y, 1, t->channel, t->channel + 1);
}

static il_tensor *torchscript_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct torchscript *t = self;
    if (aux)
        *aux = NULL;
    il_tensor *y = il_script_output(s, t->module, image, t->output);
    if (y)
        y = one_channel(t, s, y, image);
    if (!y)
        return NULL;
    bool fits = il_dim(y, 2) == il_dim(image, 2) && il_dim(y, 3) == il_dim(image, 3);
    if (!fits && !t->resize)
        return refuse(s, y, image, "`resize: true` resizes it to the picture");
    if (!fits)
        y = il_upsample_bilinear(s, y, il_dim(image, 2), il_dim(image, 3));
    return t->probability ? il_logit(s, y) : y;
}

static const il_model_ops ops = { .build = torchscript_build, .forward = torchscript_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "torchscript",
    .revision = 1,
    .summary = "a scripted or traced PyTorch module, with its own initial weights",
    .params = torchscript_params,
    .open = torchscript_open,
    .close = torchscript_close,
    .model = &ops,
};
