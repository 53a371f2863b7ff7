/* finding_json.c: the JSON says what the finding holds, whatever bytes a file's name has. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "detect/finding_json.h"

static char name[] = "seed=1", model[] = "unet", dataset[] = "d", kind[] = "realfake", policy[] = "full",
            settings[] = "{\"fine\":\"4\"}";
static const il_plugin plugin = { .abi = IL_ABI, .kind = IL_KIND_MODEL, .name = "unet", .revision = 2 };

static il_detector detector(void)
{
    return (il_detector){ .choice = { .plugin = &plugin },
                          .card = { .run = 7,
                                    .name = name,
                                    .model = model,
                                    .settings = settings,
                                    .dataset = dataset,
                                    .trained_on = kind,
                                    .mask_policy = policy,
                                    .has_seed = true,
                                    .seed = 3,
                                    .size = 256,
                                    .sha256 = "ff00",
                                    .tested = { .iou = NAN } } };
}

static const il_detect_opts how = { .tile = 256, .overlap = 64, .threshold = 0.5, .least = 64 };

static json_t *told(const il_finding *f, const il_detector *d, const char *stem, bool pretty)
{
    char *text = NULL;
    il_err e = { 0 };
    json_error_t why;
    cr_assert_eq(il_finding_json(&text, f, d, how, stem, pretty, &e), IL_OK, "%s", e.message);
    size_t lines = 0;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    cr_assert(pretty ? lines > 10 : lines == 1);
    json_t *o = json_loads(text, 0, &why);
    cr_assert_not_null(o, "%s", why.text);
    free(text);
    return o;
}

Test(tell, all_that_was_found)
{
    il_region regions[] = { { 1, 2, 30, 40, 500, 0.75 } };
    il_finding f = { .path = "a b.png",
                     .header = { .format = "webp", .orientation = 6, .lossy = true },
                     .sha256 = "00ff",
                     .width = 640,
                     .height = 480,
                     .marked = 500,
                     .share = 500.0 / 640 / 480,
                     .score = 0.875,
                     .verdict = IL_VERDICT_REGION,
                     .regions = { .list = regions, .listed = 1, .count = 1 },
                     .warnings = 1u << IL_WARN_LOSSY | 1u << IL_WARN_SIZE };
    il_detector d = detector();
    for (int pretty = 0; pretty < 2; pretty++) {
        json_t *o = told(&f, &d, "out/a b", pretty);
        const char *file, *verdict, *convention, *overlay, *first, *trained, *sha256;
        double share, score, mean;
        int width, whole, left, top, wide, high, area, run, orientation;
        cr_assert_eq(json_unpack(o, "{s:s, s:s, s:i, s:i, s:b, s:F, s:{s:F, s:s}, s:{s:s}}", "file", &file, "verdict",
                                 &verdict, "width", &width, "orientation", &orientation, "whole_image", &whole, "share",
                                 &share, "image_score", "value", &score, "convention", &convention, "files", "overlay",
                                 &overlay),
                     0);
        cr_assert_eq(json_unpack(o, "{s:[{s:{s:i, s:i, s:i, s:i}, s:i, s:F}], s:[{s:s}, {s:s}]}", "regions", "box",
                                 "left", &left, "top", &top, "width", &wide, "height", &high, "area", &area,
                                 "mean_score", &mean, "warnings", "kind", &first, "kind", &verdict),
                     0);
        cr_assert_eq(json_unpack(o, "{s:{s:i, s:{s:s}, s:s, s:n, s:n}}", "detector", "run", &run, "trained_on",
                                 "images", &trained, "weights_sha256", &sha256, "test_iou", "false_alarms"),
                     0);
        cr_expect_str_eq(file, "a b.png");
        cr_expect_str_eq(convention, IL_VERDICT_CONVENTION);
        cr_expect_str_eq(overlay, "out/a b.overlay.png");
        cr_expect_str_eq(first, "lossy");
        cr_expect_str_eq(verdict, "size");
        cr_expect_str_eq(trained, "realfake");
        cr_expect_str_eq(sha256, "ff00");
        cr_expect(fabs(share - f.share) < 1e-9 && score == 0.875 && mean == 0.75);
        cr_expect(width == 640 && !whole && left == 1 && top == 2 && wide == 30 && high == 40 && area == 500 &&
                  run == 7 && orientation == 6);
        cr_expect_not_null(json_object_get(json_object_get(o, "detector"), "false_alarms_note"));
        json_decref(o);
    }
}

Test(tell, names_of_any_bytes)
{
    il_finding f = { .path = "caf\xc3\xa9 \xff\xe2\x82.png", .header = { .format = "png" }, .width = 1, .height = 1 };
    il_detector d = detector();
    json_t *o = told(&f, &d, NULL, false);
    cr_expect_str_eq(json_string_value(json_object_get(o, "file")), "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd.png");
    cr_expect_null(json_object_get(o, "files"));
    json_decref(o);
}

Test(tell, measured_false_alarms)
{
    il_finding f = { .path = "-", .header = { .format = "png" }, .width = 1, .height = 1 };
    il_detector d = detector();
    d.card.tested.alarms = (il_false_alarms){ .pictures = 100, .alarms = 3, .marked = 0.01, .measure = "this" };
    json_t *o = told(&f, &d, NULL, false);
    double rate, low, high;
    cr_assert_eq(
        json_unpack(o, "{s:{s:{s:F, s:[F,F]}}}", "detector", "false_alarms", "rate", &rate, "interval_95", &low, &high),
        0);
    cr_expect(fabs(rate - 0.03) < 1e-9 && low > 0.01 && low < 0.0103 && high > 0.084 && high < 0.0846);
    cr_expect_null(json_object_get(json_object_get(o, "detector"), "false_alarms_note"));
    json_decref(o);
}

static struct text {
    char text[IL_DETECT_TEXT];
} warning(const il_finding *f, const il_detector *d, il_warning w)
{
    struct text t;
    il_detect_warning_text(t.text, sizeof t.text, f, d, w);
    return t;
}

/* What is said of an image that is larger than those that false alarms were measured on. */
Test(tell, alarms_that_hold_for_another_size)
{
    il_finding f = { .path = "-", .header = { .format = "png" }, .width = 3000, .height = 2000, .score = 0.75 };
    il_detector d = detector();
    double above, rate, low, high, times, expected;
    const char *knows;
    int holds;
    d.calibration.bars[IL_LOSSLESS] = (il_threshold){
        30, 0.5, { .pictures = 30, .alarms = 2, .pixels = 30 * 128 * 128, .measure = "this" }
    };
    d.card.generators = "small (a.safetensors)";
    json_t *o = told(&f, &d, NULL, false);
    cr_assert_eq(json_unpack(o, "{s:s, s:{s:F}, s:{s:F, s:[F,F], s:F, s:b, s:F}}", "knows_only", &knows, "image_score",
                             "found_above", &above, "false_alarms", "per_megapixel", &rate, "per_megapixel_interval_95",
                             &low, &high, "times_larger", &times, "holds_for_this_size", &holds, "expected_rate",
                             &expected),
                 0);
    cr_expect_str_eq(knows, "small (a.safetensors)");
    cr_expect(above == 0.5 && !holds && fabs(rate - 4.0690104) < 1e-6 && fabs(low - 1.1277480) < 1e-6 &&
              fabs(high - 13.014806) < 1e-6 && fabs(times - 366.21094) < 1e-4 && fabs(expected - 1) < 1e-9);
    json_decref(o);
    f.width = f.height = 128;
    d.card.generators = NULL;
    d.card.dataset = "pairs";
    o = told(&f, &d, NULL, false);
    cr_assert_eq(json_unpack(o, "{s:s, s:{s:b, s:F}}", "knows_only", &knows, "false_alarms", "holds_for_this_size",
                             &holds, "expected_rate", &expected),
                 0);
    cr_expect_str_eq(knows, "unknown generators (data set pairs)");
    cr_expect(holds && fabs(expected - 2.0 / 30) < 1e-8);
    json_decref(o);
    d.calibration.old = true;
    o = told(&f, &d, NULL, false);
    cr_expect(json_is_null(json_object_get(json_object_get(o, "image_score"), "found_above")));
    json_decref(o);
}

#define WARNS(w, wanted) cr_expect_str_eq(warning(&f, &d, w).text, wanted, "%s", warning(&f, &d, w).text)

Test(tell, why_it_is_uncertain_or_weak)
{
    il_finding f = { .path = "-", .header = { .format = "png" }, .score = 0.9 };
    il_detector d = detector();
    d.card.tested = (il_tested){ 0.1034, { .pictures = 24, .alarms = 24 } };
    WARNS(IL_WARN_UNCERTAIN,
          "the detector cannot tell: it finds something in 24 of 24 authentic images; --calibrate FOLDER "
          "chooses the score that counts as found");
    WARNS(IL_WARN_WEAK, "the detector is weak: IoU 0.103 in its own test, false alarms on 24 of 24 authentic images");
    d.calibration.bars[IL_LOSSLESS] = (il_threshold){ 20, 0.5, { .pictures = 20, .alarms = 9 } };
    WARNS(IL_WARN_UNCERTAIN, "the detector cannot tell: it finds something in 9 of 20 authentic images");
    d.calibration.bars[IL_LOSSLESS] = (il_threshold){ 20, 1, { .pictures = 20, .alarms = 0 } };
    WARNS(IL_WARN_UNCERTAIN, "the detector cannot tell: too many authentic images have the highest possible score");
    WARNS(IL_WARN_WEAK, "the detector is weak: IoU 0.103 in its own test");
    d.card.tested.iou = NAN;
    d.calibration.bars[IL_LOSSLESS].measured.alarms = 5;
    WARNS(IL_WARN_WEAK, "the detector is weak: false alarms on 5 of 20 authentic images");
    f.width = f.height = 256; /* four times the area */
    d.calibration.bars[IL_LOSSLESS] = (il_threshold){ 30, 0.5, { .pictures = 30, .alarms = 2, .pixels = 30 * 16384 } };
    WARNS(IL_WARN_UNCERTAIN,
          "the detector cannot tell: it finds something in 2 of 30 authentic images; this one is 4.0 "
          "times larger, and 24 % of authentic images of its size can be expected to alarm");
    WARNS(IL_WARN_AREA,
          "0.0655 megapixels are 4.0 times larger than the images that false alarms were measured on (30 of "
          "0.0164 megapixels): how often authentic images of this size alarm is not known (4.07 alarms per "
          "megapixel, 95 % interval 1.13 to 13); calibrate with images of like size");
    d.calibration.old = true;
    WARNS(IL_WARN_UNCERTAIN,
          "the detector cannot tell: its calibration was made by another version, which computed other "
          "scores; repeat --calibrate FOLDER");
    d.calibration.old = false;
    f.header.lossy = true;
    WARNS(IL_WARN_UNCERTAIN, "the detector cannot tell: it was not calibrated on authentic lossy images; use "
                             "--calibrate FOLDER, if possible with images from the same source");
}
