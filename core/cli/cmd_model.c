/* cmd_model.c - inpaintlab model: parameters, operations and memory of a model's parts. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "bench/model_summary.h"
#include "bench/model_values.h"
#include "cli/cli.h"
#include "plan/resolve_plugin.h"
#include "plugin/instance.h"

struct options {
    const char *device, *values, *output;
    il_texts set;
    int threads;
    il_model_summary_opts how;
    bool json;
};

static int set_one(il_params *p, const char *text, il_err *e)
{
    char key[80];
    const char *sign = strchr(text, '=');
    if (!sign || sign == text || (size_t)(sign - text) >= sizeof key)
        return il_fail(e, IL_EUSAGE, "--set %s: expected KEY=VALUE, as in --set size=60", text);
    snprintf(key, sizeof key, "%.*s", (int)(sign - text), text);
    int rc = il_params_set(p, key, sign + 1, e);
    return rc ? il_fail_in(e, "--set %s", text) : rc;
}

static int choose(il_choice *c, il_registry *registry, const char *name, const il_texts *set, il_err *e)
{
    int rc = il_registry_find_typed(&c->plugin, registry, IL_KIND_MODEL, name, e);
    if (!rc)
        rc = il_params_new(&c->params, c->plugin->params, e);
    for (int i = 0; i < set->count && !rc; i++)
        rc = set_one(c->params, set->list[i], e);
    if (!rc)
        rc = il_params_check(c->params, e);
    if (!rc && !(c->label = il_text_copy(c->plugin->name)))
        rc = il_fail_oom(e);
    return rc;
}

/* What it gives for the images of a file, to another file. */
static int write_values(const struct options *o, const il_model *m, il_err *e)
{
    il_bundle *in = NULL, *out = NULL;
    int rc = il_bundle_read(&in, o->values, e);
    if (!rc && (rc = il_model_values(&out, m, in, e)) == IL_EFORMAT)
        rc = il_fail_in(e, "%s", o->values);
    if (!rc)
        rc = il_bundle_write(out, o->output, e);
    il_bundle_free(out);
    il_bundle_free(in);
    return rc;
}

static int model(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_registry *registry = NULL;
    il_choice choice = { 0 };
    il_device device;
    il_model m = { 0 };
    il_model_summary a = { 0 };
    if (!o->values != !o->output)
        return il_fail(e, IL_EUSAGE,
                       "--values and --output go together: the file with the images, and the one to write");
    il_torch_threads(o->threads);
    int rc = il_cli_device(&device, o->device, e);
    if (!rc)
        rc = il_registry_open(&registry, e);
    if (!rc)
        rc = choose(&choice, registry, words[0], &o->set, e);
    if (!rc)
        rc = il_model_open(&m, &choice, (il_model_opts){ .device = device }, e);
    if (!rc && o->values)
        rc = write_values(o, &m, e);
    else if (!rc)
        rc = il_model_summary_measure(&a, &m, o->how, e);
    if (!rc && !o->values)
        rc = il_model_summary_print(stdout, &a, &choice, device, o->json, e);
    il_model_summary_free(&a);
    il_model_close(&m);
    il_choice_free(&choice);
    il_registry_free(registry);
    return rc;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "--set KEY=VALUE", "set one of the model's settings, as in --set size=60; may be repeated", INTO(set) },
    { "--size N", "side of the image in pixels (default 512)", INTO(how.size), .least = 1, .most = 16384 },
    { "--batch N", "images in the batch (default 1)", INTO(how.batch), .least = 1, .most = 4096 },
    { "--depth N", "group layers by this many components of their names (default: enough for at least six groups)",
      INTO(how.depth), .least = 1, .most = 16 },
    IL_CLI_DEVICE(struct options, device),
    IL_CLI_THREADS(struct options, threads),
    { "--json", "print one JSON document", INTO(json) },
    { "--values FILE",
      "instead, run it on the tensor 'image' (N,3,H,W) of this safetensors file, in testing and in training, and write logits, "
      "gradients and buffers to --output: for a comparison with another program, as tools/export-model makes it",
      INTO(values) },
    { "-o, --output FILE", "safetensors file to write the values to", INTO(output) },
    { 0 },
};

const il_command il_cmd_model = {
    .name = "model",
    .summary = "show parameters, operations and memory of a model",
    .usage = "[options] NAME",
    .about = "Prints a model's parameters, buffers, floating-point operations and memory by groups of layers.\n"
             "NAME is a model plugin, as 'inpaintlab plugins' lists them, or its file. It runs on one grey batch.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the model cannot be run, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .device = "auto", .how = { .batch = 1, .size = 512 } },
    .least = 1,
    .most = 1,
    .expected = "one name, as in 'inpaintlab model nix --set size=60'",
    .run = model,
};
