/* against.c - a benchmark beside the figures of an earlier one. */
#include <math.h>
#include <string.h>
#include "base/params_json.h"
#include "base/utf8.h"
#include "bench/against.h"
#include "plan/keys.h"

enum { MOST_BYTES = 16 << 20 };

/* ---- reading ---- */

static int wrong(const il_bench_against *a, const char *what, il_err *e)
{
    return il_fail(e, IL_EDATA, "%s: %s; expected a document of `inpaintlab bench --json`", a->path, what);
}

static const char *text(const il_bench_against *a, const char *key)
{
    return json_string_value(json_object_get(a->root, key));
}

static bool is_speed(const json_t *stage, const char *key)
{
    const double v = json_number_value(json_object_get(json_object_get(stage, "images_per_second"), key));
    return v > 0 && v < HUGE_VAL;
}

static int check_form(const il_bench_against *a, il_err *e)
{
    const json_t *stages = json_object_get(a->root, "stages"), *s;
    size_t i;
    if (!text(a, "model") || !text(a, "precision") || !text(a, "title") || !text(a, "version"))
        return wrong(a, "lacks the text 'model', 'precision', 'title' or 'version'", e);
    if (!json_is_object(json_object_get(a->root, "settings")) || !json_is_array(stages))
        return wrong(a, "lacks the object 'settings' or the list 'stages'", e);
    json_array_foreach(stages, i, s)
    {
        if (!json_is_string(json_object_get(s, "name")))
            return wrong(a, "a stage lacks the text 'name'", e);
        if (!is_speed(s, "median") || !is_speed(s, "low") || !is_speed(s, "high"))
            return wrong(a, "a stage lacks 'median', 'low' or 'high' of its 'images_per_second'", e);
    }
    return IL_OK;
}

static int check_number(const il_bench_against *a, const char *key, int here, il_err *e)
{
    const json_t *there = json_object_get(a->root, key);
    if (!there && here == 0)
        return IL_OK;
    if (!json_is_integer(there) || json_integer_value(there) != here)
        return il_fail(e, IL_EDATA, "%s: its %s is not the %d measured here, so that speeds cannot be compared",
                       a->path, key, here);
    return IL_OK;
}

static int check_text(const il_bench_against *a, const char *key, const char *here, il_err *e)
{
    if (strcmp(text(a, key), here) == 0)
        return IL_OK;
    return il_fail(e, IL_EDATA, "%s: measured %s '%s', not '%s' as here, so that speeds cannot be compared", a->path,
                   key, text(a, key), here);
}

static int check_work(const il_bench_against *a, const il_bench_opts *o, il_err *e)
{
    const il_training *t = &o->run->training;
    bool bad = false;
    int rc = check_text(a, "model", o->run->model.plugin->name, e);
    if (!rc)
        rc = check_number(a, "batch", t->batch, e);
    if (!rc)
        rc = check_number(a, "size", t->size, e);
    if (!rc)
        rc = check_number(a, "crop", t->crop, e);
    if (!rc)
        rc = check_text(a, "precision", il_keys_precision_text(t->precision), e);
    if (rc)
        return rc;
    json_t *here = il_params_json(o->run->model.params, &bad);
    if (!here || bad)
        rc = il_fail_oom(e);
    else if (!json_equal(here, json_object_get(a->root, "settings")))
        rc = il_fail(e, IL_EDATA, "%s: measured other settings of %s than here, so that speeds cannot be compared",
                     a->path, o->run->model.plugin->name);
    json_decref(here);
    return rc;
}

int il_bench_against_read(il_bench_against *out, const char *path, const il_bench_opts *o, il_err *e)
{
    out->path = path;
    int rc = il_json_read(&out->root, path, MOST_BYTES, JSON_REJECT_DUPLICATES, e);
    if (!rc)
        rc = check_form(out, e);
    return rc ? rc : check_work(out, o, e);
}

void il_bench_against_free(il_bench_against *a)
{
    json_decref(a->root);
    *a = (il_bench_against){ 0 };
}

/* ---- comparing ---- */

static const json_t *stage_of(const il_bench_against *a, const char *name)
{
    const json_t *stages = json_object_get(a->root, "stages"), *s;
    size_t i;
    json_array_foreach(stages, i, s)
    {
        if (strcmp(json_string_value(json_object_get(s, "name")), name) == 0)
            return s;
    }
    return NULL;
}

bool il_bench_against_ratio(il_spread *out, const il_bench_against *a, const il_bench_stage *stage)
{
    const json_t *then = json_object_get(stage_of(a, stage->name), "images_per_second");
    if (!then)
        return false;
    const il_spread now = il_bench_speed(stage);
    out->median = now.median / json_number_value(json_object_get(then, "median"));
    out->low = now.low / json_number_value(json_object_get(then, "high"));
    out->high = now.high / json_number_value(json_object_get(then, "low"));
    return isfinite(out->median);
}

il_bench_point il_bench_against_point(const il_bench_against *a, const char *stage)
{
    const json_t *s = a ? stage_of(a, stage) : NULL;
    const double images = json_number_value(json_object_get(s, "images")),
                 flops = json_number_value(json_object_get(s, "flops")),
                 moved = json_number_value(json_object_get(s, "moved_bytes")),
                 speed = json_number_value(json_object_get(json_object_get(s, "images_per_second"), "median"));
    bool counted = images > 0 && flops > 0 && moved > 0 && speed > 0 && speed < 1e15 && flops < 1e30 && moved < 1e30;
    return counted ? (il_bench_point){ flops / moved, flops / images * speed } : (il_bench_point){ 0 };
}

static void copy_plain(char *out, size_t size, const char *from)
{
    snprintf(out, size, "%s", from);
    il_utf8_make_plain(out);
}

/* What else differs: the ratio is then not one of the programs alone. */
static void print_difference(FILE *to, const il_bench_against *a, const il_bench_opts *o)
{
    char here[200], there[200];
    il_device_title(o->device, here, sizeof here);
    copy_plain(there, sizeof there, text(a, "title"));
    const json_int_t threads = json_integer_value(json_object_get(a->root, "threads"));
    if (strcmp(here, there) != 0)
        fprintf(to, "measured on another machine (%s): ratios are of machines too\n", there);
    if (threads != o->threads)
        fprintf(to, "measured with %lld threads: ratios are of threads too\n", (long long)threads);
}

void il_bench_against_print(FILE *to, const il_bench_against *a, const il_bench *b, const il_bench_opts *o)
{
    char version[60];
    copy_plain(version, sizeof version, text(a, "version"));
    fprintf(to, "\ntimes the speed in %s (inpaintlab %s) [lowest to highest]\n", a->path, version);
    print_difference(to, a, o);
    for (size_t i = 0; i < b->count; i++) {
        il_spread v;
        if (il_bench_against_ratio(&v, a, &b->stages[i]))
            fprintf(to, "%-22s %.3g [%.3g to %.3g]\n", b->stages[i].name, v.median, v.low, v.high);
        else
            fprintf(to, "%-22s not measured there\n", b->stages[i].name);
    }
}

json_t *il_bench_against_json(const il_bench_against *a, const il_bench *b)
{
    char path[4200];
    copy_plain(path, sizeof path, a->path);
    json_t *list = json_array();
    bool bad = !list;
    for (size_t i = 0; i < b->count && !bad; i++) {
        il_spread v;
        if (il_bench_against_ratio(&v, a, &b->stages[i]))
            bad = json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f}", "name", b->stages[i].name, "median",
                                                        v.median, "low", v.low, "high", v.high)) != 0;
    }
    if (!bad)
        return json_pack("{s:s, s:s, s:O, s:o}", "file", path, "version", text(a, "version"), "title",
                         json_object_get(a->root, "title"), "times_the_speed", list);
    json_decref(list);
    return NULL;
}
