/* torchscript.c - model: any scripted or traced PyTorch module from (N,3,H,W) in [0,1] to logits (N,1,H,W).
 * A dict result gives its "out" entry, a tuple or list its first, unless `output` names another. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/foreign.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/script.h>

struct torchscript {
    char *file;
    il_foreign how;
    il_script *module;
};

static const il_param_spec torchscript_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "module saved by torch.jit.save" },
    IL_FOREIGN_PARAMS,
    { .name = NULL },
};

static void torchscript_close(void *self)
{
    struct torchscript *t = self;
    if (!t)
        return;
    il_script_free(t->module);
    free(t->file);
    il_foreign_free(&t->how);
    free(t);
}

static int torchscript_open(void **out, const il_params *p, il_err *e)
{
    struct torchscript *t = calloc(1, sizeof *t);
    if (!t)
        return il_fail_oom(e);
    int rc = il_foreign_read(&t->how, "torchscript", p, e);
    if (!rc && !(t->file = strdup(il_params_text(p, "file"))))
        rc = il_fail_oom(e);
    if (rc) {
        torchscript_close(t);
        return rc;
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

static il_tensor *torchscript_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct torchscript *t = self;
    if (aux)
        *aux = NULL;
    il_tensor *y = il_script_output(s, t->module, il_foreign_input(s, &t->how, image), t->how.output);
    return il_foreign_logits(s, &t->how, y, image);
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
