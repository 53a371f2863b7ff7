/* bench_print.c - prints a benchmark as a table or as JSON. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "base/params_json.h"
#include "bench/bench_print.h"
#include "bench/limit.h"
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

static void print_limit(FILE *to, const il_bench *b, const il_bench_stage *s)
{
    const il_bench_limit v = il_bench_limit_of(b, s);
    if (!il_bench_limit_name(v))
        return;
    fprintf(to, "%-22s bound by %s: %.3g s of %.3g s (%.0f %%)\n", s->name, il_bench_limit_name(v),
            fmax(v.compute, v.memory), (double)s->images / il_bench_speed(s).median, 100 * v.share);
    fprintf(to, "%-22s %.3g GFLOP take %.3g s, %.3g GB take %.3g s; %.3g FLOP a byte\n", "", (double)s->flops * 1e-9,
            v.compute, (double)s->moved * 1e-9, v.memory, (double)s->flops / (double)s->moved);
}

/* A roofline in words. */
static void print_limits(FILE *to, const il_bench *b)
{
    const double waiting = il_bench_waiting(b);
    if (b->bandwidth > 0) {
        fprintf(
            to,
            "\n"
            "what bounds it, at %.1f GFLOP/s and %.1f GB/s (the sum of two large tensors; from %.3g FLOP a byte on\n"
            "compute bounds). Bytes: each tensor that is made is written and read once\n",
            b->peak * 1e-9, b->bandwidth * 1e-9, b->peak / b->bandwidth);
        for (size_t i = 0; i < b->count; i++)
            print_limit(to, b, &b->stages[i]);
    }
    if (!isnan(waiting))
        fprintf(to, "%-22s %.0f %% of the time is not that of the steps: loading, and what an epoch ends with\n",
                "epoch on files, later", 100 * waiting);
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
    print_limits(to, b);
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
    const il_bench_limit limit = il_bench_limit_of(b, s);
    return json_pack("{s:s, s:I, s:o, s:{s:f, s:f, s:f}, s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:o}", "name", s->name,
                     "images", (json_int_t)s->images, "seconds", seconds, "images_per_second", "median", v.median,
                     "low", v.low, "high", v.high, "flops", counted ? json_integer(s->flops) : json_null(),
                     "share_of_peak", counted ? json_real(rate(s) / b->peak) : json_null(), "tensor_bytes",
                     bytes_json(s->tensors), "process_bytes", bytes_json(s->process), "growth_bytes",
                     bytes_json(s->growth), "moved_bytes", bytes_json(s->moved > 0 ? s->moved : -1), "bound_by",
                     il_bench_limit_name(limit), "share_of_bound",
                     il_bench_limit_name(limit) ? json_real(limit.share) : json_null());
}

static int print_json(FILE *to, const il_bench *b, const il_bench_opts *o, const il_bench_against *against, il_err *e)
{
    const il_training *t = &o->run->training;
    char place[32], title[200];
    bool bad = false;
    il_device_text(o->device, place, sizeof place);
    il_device_title(o->device, title, sizeof title);
    json_t *stages = json_array();
    for (size_t i = 0; i < b->count; i++)
        bad |= json_array_append_new(stages, stage_json(b, &b->stages[i])) != 0;
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:o, s:I, s:i, s:i, s:i, s:s, s:f, s:f, s:o}", "version",
                             IL_VERSION, "libtorch", il_torch_version(), "device", place, "title", title, "threads",
                             o->threads, "model", o->run->model.plugin->name, "settings",
                             il_params_json(o->run->model.params, &bad), "parameters", (json_int_t)b->parameters,
                             "batch", t->batch, "size", t->size, "crop", t->crop, "precision",
                             il_keys_precision_text(t->precision), "peak_flops", b->peak, "bytes_per_second",
                             b->bandwidth, "stages", stages);
    if (root && against)
        bad |= json_object_set_new(root, "against", il_bench_against_json(against, b)) != 0;
    int rc = !root || bad ? il_fail_oom(e) : IL_OK;
    if (!rc && (json_dumpf(root, to, JSON_INDENT(1)) != 0 || fputc('\n', to) == EOF))
        rc = il_fail(e, IL_EIO, "cannot write the JSON: %s", strerror(errno));
    json_decref(root);
    return rc;
}

int il_bench_print(FILE *to, const il_bench *b, const il_bench_opts *o, const il_bench_against *against, bool json,
                   il_err *e)
{
    if (json)
        return print_json(to, b, o, against, e);
    print_text(to, b, o);
    if (against)
        il_bench_against_print(to, against, b, o);
    return IL_OK;
}
