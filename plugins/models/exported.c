/* exported.c - model: any PyTorch module from (N,3,H,W) in [0,1] to logits (N,1,H,W), as torch.export.save writes it, with its own
 * initial weights. A dict result gives its "out" entry, a tuple or list its first, unless `output` names another. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/exported.h>
#include <inpaintlab/foreign.h>
#include <inpaintlab/plugin.h>

struct exported {
    char *file;
    il_foreign how;
    il_exported *module;
};

static const il_param_spec exported_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "model saved by torch.export.save (tools/export-model)" },
    IL_FOREIGN_PARAMS,
    { .name = NULL },
};

static void exported_close(void *self)
{
    struct exported *x = self;
    if (!x)
        return;
    il_exported_free(x->module);
    free(x->file);
    il_foreign_free(&x->how);
    free(x);
}

static int exported_open(void **out, const il_params *p, il_err *e)
{
    struct exported *x = calloc(1, sizeof *x);
    if (!x)
        return il_fail_oom(e);
    int rc = il_foreign_read(&x->how, "exported", p, e);
    if (!rc && !(x->file = strdup(il_params_text(p, "file"))))
        rc = il_fail_oom(e);
    if (rc) {
        exported_close(x);
        return rc;
    }
    *out = x;
    return IL_OK;
}

/* The model is loaded here, not in open: only the state knows the device. */
static int exported_build(void *self, il_state *st, il_err *e)
{
    struct exported *x = self;
    int rc = il_exported_open(&x->module, x->file, il_state_device(st), e);
    if (!rc)
        rc = il_exported_state(x->module, st, e);
    if (!rc && il_exported_warning(x->module))
        il_state_warn(st, il_exported_warning(x->module));
    return rc;
}

static il_tensor *exported_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct exported *x = self;
    if (aux)
        *aux = NULL;
    il_tensor *y = il_exported_output(s, x->module, il_foreign_input(s, &x->how, image), x->how.output);
    return il_foreign_logits(s, &x->how, y, image);
}

static const il_model_ops ops = { .build = exported_build, .forward = exported_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "exported",
    .revision = 1,
    .summary = "a PyTorch module saved by torch.export, with its own initial weights",
    .params = exported_params,
    .open = exported_open,
    .close = exported_close,
    .model = &ops,
};
