/* finding_json.c - the finding, the detector and its settings as one JSON object. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "detect/finding_json.h"

enum { DIGITS = 8 };

/* A file name may hold any bytes; invalid UTF-8 becomes the replacement character. NULL is null. */
static json_t *text(const char *s)
{
    if (!s)
        return json_null();
    json_t *plain = json_string(s);
    if (plain)
        return plain;
    il_text t = { 0 };
    size_t size = strlen(s);
    for (size_t i = 0, used; i < size; i += used) {
        bool good = il_utf8_next(s + i, size - i, &used) >= 0;
        il_text_add(&t, "%.*s", good ? (int)used : 3, good ? s + i : "\xef\xbf\xbd");
    }
    if (t.failed)
        il_json_lacks();
    json_t *result = json_string(t.data ? t.data : "");
    il_text_free(&t);
    return result;
}

static json_t *real(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *json_of_regions(const il_finding *f)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->regions.listed; i++) {
        const il_region *r = &f->regions.list[i];
        json_array_append_new(list, json_pack("{s:{s:i, s:i, s:i, s:i}, s:I, s:o}", "box", "left", r->left, "top",
                                              r->top, "width", r->width, "height", r->height, "area",
                                              (json_int_t)r->area, "mean_score", real(r->score)));
    }
    return list;
}

static json_t *json_of_warnings(const il_finding *f, const il_detector *d)
{
    json_t *list = json_array();
    char said[IL_DETECT_TEXT];
    for (int w = 0; w < IL_WARNINGS; w++) {
        if (!(f->warnings & 1u << w))
            continue;
        il_detect_warning_text(said, sizeof said, f, d, (il_warning)w);
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "kind", il_detect_warning_name((il_warning)w), "text", text(said)));
    }
    return list;
}

static json_t *json_of_alarms(const il_false_alarms *a)
{
    if (!a->pictures)
        return json_null();
    il_share_interval w = il_verdict_wilson(a->alarms, a->pictures);
    json_t *o = json_pack("{s:I, s:I, s:o, s:[o,o], s:o, s:o}", "authentic_pictures", (json_int_t)a->pictures, "alarms",
                          (json_int_t)a->alarms, "rate", real((double)a->alarms / (double)a->pictures), "interval_95",
                          real(w.low), real(w.high), "mean_share_marked", real(a->marked), "measure", text(a->measure));
    il_alarm_density per = il_calibration_density(a);
    json_object_set_new(o, "mean_megapixels", real(1e-6 * (double)a->pixels / (double)a->pictures));
    json_object_set_new(o, "per_megapixel", real(per.value));
    json_object_set_new(o, "per_megapixel_interval_95", json_pack("[o,o]", real(per.low), real(per.high)));
    return o;
}

/* What is known of false alarms on images like this one. */
static json_t *json_of_known_alarms(const il_finding *f, const il_detector *d)
{
    const il_false_alarms *a = il_detect_alarms(f, d);
    json_t *o = json_of_alarms(a);
    if (!a->pictures)
        return o;
    json_object_set_new(o, "times_larger", real(il_calibration_times(a, il_detect_pixels(f))));
    json_object_set_new(o, "holds_for_this_size", json_boolean(il_calibration_like(a, il_detect_pixels(f))));
    json_object_set_new(o, "expected_rate", real(il_calibration_expected(a, il_detect_pixels(f))));
    return o;
}

static json_t *json_of_calibration(const il_calibration *k)
{
    json_t *o = json_object();
    for (int c = 0; c < IL_COMPRESSIONS && !k->none && !k->old; c++) {
        const il_threshold *b = &k->bars[c];
        json_t *bar = b->measured.pictures ? json_pack("{s:I, s:o, s:o}", "chosen_on", (json_int_t)b->chosen_on,
                                                       "found_above", b->chosen_on ? real(b->score) : json_null(),
                                                       "false_alarms", json_of_alarms(&b->measured))
                                           : json_null();
        json_object_set_new(o, il_calibration_name((il_compression)c), bar);
    }
    return o;
}

static json_t *json_of_card(const il_detector *d)
{
    const il_card *c = &d->card;
    json_t *o = json_pack("{s:o, s:o, s:o, s:o}", "run", c->run ? json_integer((json_int_t)c->run) : json_null(),
                          "name", text(c->name), "model", text(c->model), "settings",
                          c->settings ? il_json_loads(c->settings, 0, NULL) : json_null());
    json_object_set_new(o, "trained_on",
                        c->given ? json_null()
                                 : json_pack("{s:o, s:o, s:o}", "dataset", text(c->dataset), "images",
                                             text(c->trained_on), "generators", text(c->generators)));
    if (c->given)
        json_object_set_new(o, "weights", text(c->trained_on));
    json_object_set_new(o, "mask_policy", text(c->mask_policy));
    json_object_set_new(o, "training_size", c->size ? json_integer(c->size) : json_null());
    json_object_set_new(o, "seed", c->has_seed ? json_integer((json_int_t)c->seed) : json_null());
    json_object_set_new(o, "weights_sha256", text(c->sha256));
    json_object_set_new(o, "test_iou", real(c->tested.iou));
    json_object_set_new(o, "test_iou_convention", isfinite(c->tested.iou) ? json_string("batch_mean") : json_null());
    json_object_set_new(o, "false_alarms", json_of_alarms(&c->tested.alarms));
    json_object_set_new(o, "calibration", json_of_calibration(&d->calibration));
    const il_threshold *bars = d->calibration.bars;
    if (!c->tested.alarms.pictures && !bars[IL_LOSSLESS].measured.pictures && !bars[IL_LOSSY].measured.pictures)
        json_object_set_new(o, "false_alarms_note",
                            json_string("not measured: this detector was not tested on "
                                        "authentic images; 'inpaintlab detect --calibrate "
                                        "FOLDER' measures false alarms"));
    return o;
}

static json_t *json_of_files(const char *stem)
{
    static const char *const kinds[] = { "mask", "heat", "overlay" };
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        il_text path = { 0 };
        il_text_add(&path, "%s.%s.png", stem, kinds[i]);
        if (path.failed)
            il_json_lacks();
        json_object_set_new(o, kinds[i], text(path.data));
        il_text_free(&path);
    }
    return o;
}

static json_t *json_of(const il_finding *f, const il_detector *d, il_detect_opts opts, const char *stem)
{
    const il_threshold *bar = il_detect_bar(f, d);
    char knows[IL_DETECT_TEXT];
    json_t *o = json_object();
    json_object_set_new(o, "file", text(f->path));
    json_object_set_new(o, "sha256", text(f->sha256));
    json_object_set_new(o, "format", text(f->header.format));
    json_object_set_new(o, "width", json_integer(f->width));
    json_object_set_new(o, "height", json_integer(f->height));
    json_object_set_new(o, "orientation", json_integer(f->header.orientation));
    json_object_set_new(o, "verdict", json_string(il_verdict_text(f->verdict)));
    json_object_set_new(o, "whole_image", json_boolean(f->verdict == IL_VERDICT_WHOLE));
    json_object_set_new(o, "share", real(f->share));
    json_object_set_new(o, "image_score",
                        json_pack("{s:o, s:s, s:o}", "value", real(f->score), "convention", IL_VERDICT_CONVENTION,
                                  "found_above", bar ? real(bar->score) : json_null()));
    json_object_set_new(o, "false_alarms", json_of_known_alarms(f, d));
    il_detect_knows(knows, sizeof knows, &d->card);
    json_object_set_new(o, "knows_only", text(knows));
    json_object_set_new(o, "region_count", json_integer((json_int_t)f->regions.count));
    json_object_set_new(o, "regions", json_of_regions(f));
    if (stem)
        json_object_set_new(o, "files", json_of_files(stem));
    json_object_set_new(o, "warnings", json_of_warnings(f, d));
    json_object_set_new(o, "settings",
                        json_pack("{s:i, s:i, s:o, s:i}", "tile", opts.tile, "overlap", opts.overlap, "threshold",
                                  real(opts.threshold), "least_region_pixels", opts.least));
    json_object_set_new(o, "detector", json_of_card(d));
    return o;
}

int il_finding_json(char **out, const il_finding *f, const il_detector *d, il_detect_opts o, const char *stem,
                    bool pretty, il_err *e)
{
    il_json_begin();
    json_t *all = json_of(f, d, o, stem);
    char *line = il_json_short() ? NULL
                                 : il_json_shown(all, JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(DIGITS) |
                                                          (pretty ? JSON_INDENT(2) : JSON_COMPACT));
    json_decref(all);
    il_text t = { 0 };
    if (line)
        il_text_add(&t, "%s\n", line);
    free(line);
    if (!line || t.failed) {
        il_text_free(&t);
        return il_fail_oom(e);
    }
    *out = t.data;
    return IL_OK;
}
