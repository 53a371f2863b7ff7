/* python.c - model: a PyTorch module as it stands in a Python file, from (N,3,H,W) in [0,1] to logits (N,1,H,W). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/foreign.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/python.h>
#include "imports.h"

struct python {
    char *file, *call;
    il_foreign how;
    il_python *module;
};

static const il_param_spec python_params[] = {
    { .name = "file", .type = IL_PARAM_PATH, .help = "file in Python; it is code, and runs with your rights" },
    { .name = "call",
      .type = IL_PARAM_TEXT,
      .help = "what makes the module, as in build(width=8): an expression in that file's names" },
    IL_FOREIGN_PARAMS,
    { .name = NULL },
};

static void python_close(void *self)
{
    struct python *t = self;
    if (!t)
        return;
    il_python_free(t->module);
    free(t->file);
    free(t->call);
    il_foreign_free(&t->how);
    free(t);
}

static int python_open(void **out, const il_params *p, il_err *e)
{
    if (!*il_params_text(p, "file"))
        return il_fail(e, IL_EPARAM, "file: is empty; expected the path of a Python file");
    struct python *t = calloc(1, sizeof *t);
    if (!t)
        return il_fail_oom(e);
    int rc = il_foreign_read(&t->how, "python", p, e);
    if (!rc) {
        t->file = strdup(il_params_text(p, "file"));
        t->call = strdup(il_params_text(p, "call"));
        rc = t->file && t->call ? IL_OK : il_fail_oom(e);
    }
    if (rc) {
        python_close(t);
        return rc;
    }
    *out = t;
    return IL_OK;
}

/* The file itself counts as every file of a setting does; these are what it imports from beside itself. */
static int python_uses(const void *self, il_uses *out, il_err *e)
{
    const struct python *t = self;
    imports all = { 0 };
    int rc = imports_find(&all, t->file, e);
    for (size_t i = 1; i < all.count && !rc; i++)
        rc = il_uses_add(out, all.paths[i], e);
    imports_free(&all);
    return rc;
}

static bool holds(const imports *all, const char *path)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->paths[i], path) == 0)
            return true;
    return false;
}

/* Files that were imported and that python_uses does not name: a change of them would go unnoticed. */
static int warn_of_others(const struct python *t, il_state *st, il_err *e)
{
    const char *const *files = NULL, *first = NULL;
    size_t count = 0, others = 0;
    imports all = { 0 };
    int rc = il_python_imported(&files, &count, t->module, e);
    if (!rc)
        rc = imports_find(&all, t->file, e);
    for (size_t i = 0; i < count && !rc; i++)
        if (!holds(&all, files[i]) && !others++)
            first = files[i];
    if (first) {
        char line[PATH_MAX + 200];
        snprintf(
            line, sizeof line,
            "%zu imported file%s, as %s, %s no part of the run's identity: a change there leaves finished runs done",
            others, others == 1 ? "" : "s", first, others == 1 ? "is" : "are");
        il_state_warn(st, line);
    }
    imports_free(&all);
    return rc;
}

static int python_build(void *self, il_state *st, il_err *e)
{
    struct python *t = self;
    int rc = il_python_open(&t->module, t->file, t->call, st, e);
    return rc ? rc : warn_of_others(t, st, e);
}

static il_tensor *python_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    const struct python *t = self;
    if (aux)
        *aux = NULL;
    il_tensor *y = il_python_output(s, t->module, il_foreign_input(s, &t->how, image), t->how.output);
    return il_foreign_logits(s, &t->how, y, image);
}

static const il_model_ops ops = { .build = python_build, .forward = python_forward };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MODEL,
    .name = "python",
    .revision = 1,
    .summary = "a PyTorch module in a Python file, as it stands; with its own initial weights",
    .params = python_params,
    .open = python_open,
    .close = python_close,
    .uses = python_uses,
    .model = &ops,
};
