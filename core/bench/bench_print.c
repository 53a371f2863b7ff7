/* bench_print.c - prints a benchmark as a table or as JSON. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "base/params_json.h"
#include "bench/bench.h"
#include "bench/bench_print.h"
#include "plan/keys.h"

static const double MIB = 1024 * 1024;

/* Operations per second at the median. */
static double rate(const il_bench_stage *s)
{
    return s->images ? (double)s->flops / (double)s->images * il_bench_speed(s).median : 0;
}

static void print_bytes(FILE *to, int64_t bytes)
{
    if (bytes < 0)
        fprintf(to, " %13s", "not measured");
    else
        fprintf(to, " %9.1f MiB", (double)bytes / MIB);
}

static void print_stage(FILE *to, const il_bench *b, const il_bench_stage *s)
{
    const il_spread v = il_bench_speed(s);
    char speed[80];
    if (s->repeats > 1)
        snprintf(speed, sizeof speed, "%.4g [%.4g to %.4g]", v.median, v.low, v.high);
    else
        snprintf(speed, sizeof speed, "%.4g", v.median);
    fprintf(to, "%-22s %-32s", s->name, speed);
    if (s->flops > 0)
        fprintf(to, " %9.1f %6.1f %%", rate(s) * 1e-9, 100 * rate(s) / b->peak);
    else if (s->tensors >= 0 || s->process >= 0)
        fprintf(to, " %9s %8s", "-", "-");
    if (s->tensors >= 0 || s->process >= 0) {
        print_bytes(to, s->tensors);
        print_bytes(to, s->process);
        print_bytes(to, s->growth);
    }
    fputc('\n', to);
}

static void print_text(FILE *to, const il_bench *b, const il_bench_opts *o)
{
    const il_training *t = &o->run->training;
    char title[200];
    il_device_title(o->device, title, sizeof title);
    fprintf(to, "inpaintlab %s, libtorch %s, %s, %d threads, %s\n", IL_VERSION, il_torch_version(), title, o->threads,
            il_keys_precision_text(t->precision));
    fprintf(to, "%s, batches of %dx3x%dx%d; images per second: median of %d repeats [lowest to highest]\n\n",
            o->run->model.label, t->batch, t->crop ? t->crop : t->size, t->crop ? t->crop : t->size, o->repeats);
    fprintf(to, "%-22s %-32s %9s %8s %13s %13s %13s\n", "", "images/s", "GFLOP/s", "of peak", "tensors", "process",
            "its growth");
    for (size_t i = 0; i < b->count; i++)
        print_stage(to, b, &b->stages[i]);
    if (b->peak > 0)
        fprintf(to,
                "\n"
                "peak: %.1f GFLOP/s, the fastest dense product or convolution on the same device, threads and\n"
                "precision. GFLOP are counted from the shapes. evaluation: one forward pass with pixel counts\n"
                "and score histograms; training step: forward, loss, backward and Adam. tensors: their peak\n"
                "memory besides the model, by the allocator's count. process: peak resident memory, and its\n"
                "growth over the state before.\n",
                b->peak * 1e-9);
}

static json_t *bytes_json(int64_t bytes)
{
    return bytes < 0 ? json_null() : json_integer(bytes);
}

static json_t *stage_json(const il_bench *b, const il_bench_stage *s)
{
    const il_spread v = il_bench_speed(s);
    json_t *seconds = json_array();
    for (size_t i = 0; i < s->repeats; i++)
        json_array_append_new(seconds, json_real(s->seconds[i]));
    const bool counted = s->flops > 0 && b->peak > 0;
    return json_pack("{s:s, s:I, s:o, s:{s:f, s:f, s:f}, s:o, s:o, s:o, s:o, s:o}", "name", s->name, "images",
                     (json_int_t)s->images, "seconds", seconds, "images_per_second", "median", v.median, "low", v.low,
                     "high", v.high, "flops", counted ? json_integer(s->flops) : json_null(), "share_of_peak",
                     counted ? json_real(rate(s) / b->peak) : json_null(), "tensor_bytes", bytes_json(s->tensors),
                     "process_bytes", bytes_json(s->process), "growth_bytes", bytes_json(s->growth));
}

static int print_json(FILE *to, const il_bench *b, const il_bench_opts *o, il_err *e)
{
    const il_training *t = &o->run->training;
    char place[32], title[200];
    bool bad = false;
    il_device_text(o->device, place, sizeof place);
    il_device_title(o->device, title, sizeof title);
    json_t *stages = json_array();
    for (size_t i = 0; i < b->count; i++)
        bad |= json_array_append_new(stages, stage_json(b, &b->stages[i])) != 0;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:o, s:I, s:i, s:i, s:s, s:f, s:o}", "version", IL_VERSION,
                             "libtorch", il_torch_version(), "device", place, "title", title, "threads", o->threads,
                             "model", o->run->model.plugin->name, "settings",
                             il_params_json(o->run->model.params, &bad), "parameters", (json_int_t)b->parameters,
                             "batch", t->batch, "size", t->size, "precision", il_keys_precision_text(t->precision),
                             "peak_flops", b->peak, "stages", stages);
    int rc = !root || bad ? il_fail_oom(e) : IL_OK;
    if (!rc && (json_dumpf(root, to, JSON_INDENT(1)) != 0 || fputc('\n', to) == EOF))
        rc = il_fail(e, IL_EIO, "cannot write the JSON: %s", strerror(errno));
    json_decref(root);
    return rc;
}

int il_bench_print(FILE *to, const il_bench *b, const il_bench_opts *o, bool json, il_err *e)
{
    if (json)
        return print_json(to, b, o, e);
    print_text(to, b, o);
    return IL_OK;
}
