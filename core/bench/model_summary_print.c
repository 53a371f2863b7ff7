/* model_summary_print.c - prints a model's parts as a table or as JSON. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include "base/params_json.h"
#include "bench/model_summary.h"

static const double MIB = 1024 * 1024;

static const char notes[] =
    "GFLOP: two operations for each multiply-add of convolutions, linear layers and attention, counted from shapes.\n"
    "Training is forward and backward; the backward pass costs as much again for each operand that needs a gradient.\n"
    "kept: measured bytes of tensors that the forward pass keeps for the backward pass, assigned to the layer whose\n"
    "convolution ran last before. Gradients and the optimizer's state (3 times the parameters) are not included.\n";

static void print_group(FILE *to, const char *name, const il_model_summary_group *g)
{
    fprintf(to, "%-28s %11lld %9lld %12.1f %12.3f %12.3f %10.1f\n", name, (long long)g->parameters,
            (long long)g->buffers, (double)g->weight_bytes / MIB, (double)g->work.forward * 1e-9,
            (double)(g->work.forward + g->work.backward) * 1e-9, (double)g->held_bytes / MIB);
}

static void print_text(FILE *to, const il_model_summary *a, const il_choice *choice, il_device device)
{
    char place[32];
    il_device_text(device, place, sizeof place);
    fprintf(to, "%s", choice->label);
    for (const il_param_spec *s = il_params_specs(choice->params); s && s->name; s++)
        fprintf(to, "%s %s %s", s == il_params_specs(choice->params) ? ":" : ",", s->name,
                il_params_canonical(choice->params, s->name));
    fprintf(to, "\nimage: %dx3x%dx%d, float32, on %s\n\n", a->opts.batch, a->opts.size, a->opts.size, place);
    fprintf(to, "%-28s %11s %9s %12s %12s %12s %10s\n", "", "parameters", "buffers", "weights MiB", "GFLOP", "training",
            "kept MiB");
    for (size_t i = 0; i < a->count; i++)
        print_group(to, a->groups[i].name, &a->groups[i]);
    if (a->rest.work.forward || a->rest.held_bytes)
        print_group(to, "(no named weight)", &a->rest);
    print_group(to, "total", &a->all);
    fprintf(to,
            "\npeak tensor memory of the forward pass: %.1f MiB in evaluation, %.1f MiB in training (measured;\n"
            "without weights and image)\n",
            (double)a->peak_evaluation / MIB, (double)a->peak_training / MIB);
    fputs(notes, to);
    if (a->all.work.forward == 0)
        fputs("This model computes outside the counted operations: its work is not known.\n", to);
}

static json_t *group_json(const char *name, const il_model_summary_group *g)
{
    return json_pack("{s:s?, s:I, s:I, s:I, s:I, s:I, s:I}", "name", name, "parameters", (json_int_t)g->parameters,
                     "buffers", (json_int_t)g->buffers, "weight_bytes", (json_int_t)g->weight_bytes, "flops_forward",
                     (json_int_t)g->work.forward, "flops_training",
                     (json_int_t)g->work.forward + (json_int_t)g->work.backward, "kept_bytes",
                     (json_int_t)g->held_bytes);
}

static int print_json(FILE *to, const il_model_summary *a, const il_choice *choice, il_device device, il_err *e)
{
    char place[32];
    bool bad = false;
    il_device_text(device, place, sizeof place);
    json_t *groups = json_array();
    for (size_t i = 0; i < a->count; i++)
        bad |= json_array_append_new(groups, group_json(a->groups[i].name, &a->groups[i])) != 0;
    json_t *root = json_pack("{s:s, s:o, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:I, s:I}", "model", choice->plugin->name,
                             "settings", il_params_json(choice->params, &bad), "batch", a->opts.batch, "size",
                             a->opts.size, "precision", "fp32", "device", place, "groups", groups, "rest",
                             group_json(NULL, &a->rest), "total", group_json(NULL, &a->all), "peak_evaluation_bytes",
                             (json_int_t)a->peak_evaluation, "peak_training_bytes", (json_int_t)a->peak_training);
    int rc = !root || bad ? il_fail_oom(e) : IL_OK;
    if (!rc && (json_dumpf(root, to, JSON_INDENT(1)) != 0 || fputc('\n', to) == EOF))
        rc = il_fail(e, IL_EIO, "cannot write the JSON: %s", strerror(errno));
    json_decref(root);
    return rc;
}

int il_model_summary_print(FILE *to, const il_model_summary *a, const il_choice *choice, il_device device, bool json,
                           il_err *e)
{
    if (json)
        return print_json(to, a, choice, device, e);
    print_text(to, a, choice, device);
    return IL_OK;
}
