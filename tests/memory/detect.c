/* detect.c - what examining a photo needs besides tensors: inputs, regions, tiles, verdicts, calibrations, findings as JSON. */
#include <math.h>
#include <unistd.h>
#include "detect/calibration.h"
#include "detect/finding_json.h"
#include "detect/input_image.h"
#include "detect/input_list.h"
#include "detect/select_run.h"
#include "image/heatmap.h"
#include "image/image_file.h"
#include "memory/failing.h"
#include "plugin/made_by.h"
#include "plugin/tiles.h"
#include "support/results.h"

static const il_calibration_of of = {
    .weights_sha256 = "ab12", .tile = 256, .overlap = 64, .threshold = 0.5, .least = 64
};

/* ---- inputs ---- */

static void prepare_inputs(const char *folder)
{
    char text[700];
    snprintf(
        text, sizeof text,
        "cd '%s' && mkdir -p a/b out && cp %s/images/rgb.jpg a/1.jpg && cp %s/images/alpha.webp a/b/2.webp && "
        "cp %s/images/palette.png a/b/3 && cp %s/detect/turn-6.jpg 4.jpg && echo text > a/5.txt && cp a/1.jpg out/",
        folder, TEST_DATA, TEST_DATA, TEST_DATA, TEST_DATA);
    cr_assert_eq(system(text), 0);
}

static int examine(FILE *out, const char *folder, const char *path, il_err *e)
{
    il_input_image s = { 0 };
    int rc = il_input_image_open(&s, path, e);
    if (!rc)
        rc = il_input_image_decode(&s, e);
    if (!rc)
        fprintf(out, "%s %s %.16s %dx%d %d %d %.16s\n", path + strlen(folder), s.header.format, s.sha256.hex, s.width,
                s.height, s.header.orientation, s.header.lossy,
                il_sha256(s.image.pixels, (size_t)s.width * (size_t)s.height * 3).hex);
    il_input_image_close(&s);
    return rc;
}

static int inputs(const char *folder, FILE *out, il_err *e)
{
    const char *const words[] = { failing_path(folder, "a"),    failing_path(folder, "*.jpg"),
                                  failing_path(folder, "none"), failing_path(folder, "*.gif"),
                                  failing_path(folder, "out"),  "-" };
    il_input_list g = { 0 };
    il_result_names names = { 0 };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < sizeof words / sizeof *words; i++)
        rc = il_input_list_add(&g, words[i], failing_path(folder, "out"), e);
    for (size_t i = 0; !rc && i < g.count; i++) {
        char *stem = NULL;
        if (g.list[i].why) {
            fprintf(out, "%s: %s\n", g.list[i].path + strlen(folder), g.list[i].why);
            continue;
        }
        rc = il_result_names_next(&stem, &names, "somewhere", g.list[i].path, e);
        if (!rc)
            fprintf(out, "%s\n", stem);
        if (!rc && strcmp(g.list[i].path, "-") != 0)
            rc = examine(out, folder, g.list[i].path, e);
        free(stem);
    }
    il_result_names_free(&names);
    il_input_list_free(&g);
    return rc;
}

/* ---- pixels ---- */

static int pixels(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    il_image mask = { 0 }, score = { 0 }, photo = { 0 }, heat = { 0 };
    il_regions regions = { 0 };
    il_axis axis = { 0 };
    int rc = il_image_read(&mask, TEST_DATA "/detect/regions-blobs-35-mask.png", e);
    if (!rc)
        rc = il_image_read(&score, TEST_DATA "/detect/regions-blobs-35-score.png", e);
    if (!rc)
        rc = il_regions_find(&regions, &mask, &score, (il_regions_opts){ .least = 2, .most = 5 }, e);
    if (!rc)
        rc = il_tiles_axis(&axis, 900, 256, 64, e);
    if (!rc)
        rc = il_image_new(&photo, score.width, score.height, 3, e);
    if (!rc)
        memset(photo.pixels, 99, (size_t)photo.width * (size_t)photo.height * 3);
    if (!rc)
        rc = il_heatmap_scores(&heat, &score, e);
    if (!rc)
        rc = il_heatmap_overlay(&photo, &mask, e);
    double value = 0;
    if (!rc)
        rc = il_verdict_score(&value, &score, e);
    if (!rc) {
        fprintf(out, "%zu regions, %zu listed, %d tiles, score %g\n", regions.count, regions.listed, axis.count, value);
        for (size_t i = 0; i < regions.listed; i++)
            fprintf(out, "%d %d %lld %g\n", regions.list[i].left, regions.list[i].top, (long long)regions.list[i].area,
                    regions.list[i].score);
    }
    il_image_free(&heat);
    il_image_free(&photo);
    il_tiles_free(&axis);
    il_regions_free(&regions);
    il_image_free(&score);
    il_image_free(&mask);
    return rc;
}

/* ---- calibration ---- */

static void show(FILE *out, const il_calibration *k, const il_tested *t)
{
    for (int c = 0; c < IL_COMPRESSIONS; c++)
        fprintf(out, "%lld %.17g %lld %lld %.17g\n", (long long)k->bars[c].chosen_on, k->bars[c].score,
                (long long)k->bars[c].measured.pictures, (long long)k->bars[c].measured.alarms,
                k->bars[c].measured.marked);
    fprintf(out, "%.17g %lld %lld\n", t->iou, (long long)t->alarms.pictures, (long long)t->alarms.alarms);
}

static int calibrate(const char *folder, FILE *out, il_err *e)
{
    il_authentic list[200];
    il_calibration k = { 0 }, back = { 0 };
    il_tested t = { 0.75, { .pictures = 100, .alarms = 3, .pixels = 1638400, .marked = 0.01 } }, read = { .iou = NAN };
    il_text path = { 0 }, other = { 0 };
    il_calibration_fit fit = IL_CALIBRATION_OTHER;
    bool done = false;
    for (int i = 0; i < 200; i++)
        list[i] = (il_authentic){
            .score = (i * 37 % 100) / 100.0, .share = 0.25, .pixels = 16384, .marked = true, .compression = i % 2
        };
    int rc = il_calibration_choose(&k.bars[IL_LOSSLESS], list, 200, IL_LOSSLESS, e);
    if (!rc)
        rc = il_calibration_measure(&k.bars[IL_LOSSY], list, 200, IL_LOSSY, e);
    if (!rc)
        rc = il_calibration_path(&path, failing_path(folder, "w.safetensors"), e);
    if (!rc)
        rc = il_calibration_write(&k, &t, path.data, of, e);
    if (!rc)
        rc = il_calibration_read(&back, &read, &fit, path.data, of, e);
    if (!rc)
        rc = il_calibration_carry(&done, failing_path(folder, "w.safetensors"), "ab12",
                                  failing_path(folder, "copy.safetensors"), "cd34", &t, e);
    if (!rc)
        rc = il_calibration_path(&other, failing_path(folder, "copy.safetensors"), e);
    il_calibration_of copied = of;
    copied.weights_sha256 = "cd34";
    il_calibration again = { 0 };
    if (!rc) {
        fprintf(out, "%d %d\n", (int)fit, done);
        show(out, &back, &read);
        rc = il_calibration_read(&again, &read, &fit, other.data, copied, e);
    }
    if (!rc)
        show(out, &again, &read);
    il_text_free(&other);
    il_text_free(&path);
    return rc;
}

/* ---- what is told ---- */

static const il_plugin plugin = { .abi = IL_ABI, .kind = IL_KIND_MODEL, .name = "unet", .revision = 2 };

static int tell(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static char name[] = "seed=1", model[] = "unet", dataset[] = "d", kind[] = "realfake", policy[] = "full",
                settings[] = "{\"fine\":\"4\"}";
    il_region regions[] = { { 1, 2, 30, 40, 500, 0.75 }, { 5, 6, 7, 8, 9, 0.5 } };
    il_finding f = { .path = "a b \xff.png",
                     .header = { .format = "webp", .orientation = 6, .lossy = true },
                     .sha256 = "00ff",
                     .width = 640,
                     .height = 480,
                     .marked = 500,
                     .share = 0.1,
                     .score = 0.875,
                     .verdict = IL_VERDICT_REGION,
                     .regions = { .list = regions, .listed = 2, .count = 3 },
                     .warnings = 1u << IL_WARN_LOSSY | 1u << IL_WARN_SIZE | 1u << IL_WARN_WEAK |
                                 1u << IL_WARN_UNCERTAIN };
    il_detector d = { .choice = { .plugin = &plugin },
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
                                .tested = { 0.2, { .pictures = 100, .alarms = 3, .marked = 0.01, .measure = "m" } } } };
    il_detect_opts o = { .tile = 256, .overlap = 64, .threshold = 0.5, .least = 64 };
    int rc = IL_OK;
    d.calibration.bars[IL_LOSSY] = (il_threshold){ 20, 0.5, { .pictures = 20, .alarms = 9 } };
    for (int pretty = 0; !rc && pretty < 2; pretty++) {
        char *text = NULL;
        rc = il_finding_json(&text, &f, &d, o, pretty ? "out/a" : NULL, pretty, e);
        if (!rc)
            fprintf(out, "%s", text);
        free(text);
        d.card.run = 0;
        d.card.tested = (il_tested){ .iou = NAN };
    }
    return rc;
}

/* ---- what made the training pictures; pictures that EXIF turns ---- */

static void prepare_made_by(const char *folder)
{
    char text[900];
    snprintf(
        text, sizeof text,
        "cd '%s' && cp %s/detect/turn-6.jpg t.jpg && echo '{\"identity\": \"ab\", \"source\": \"inpaint: [{name: a, "
        "root: x/y}, b]\\nreconstruct: c\"}' >recipe.json",
        folder, TEST_DATA);
    cr_assert_eq(system(text), 0);
}

static int made_by(const char *folder, FILE *out, il_err *e)
{
    il_made_by m = { 0 };
    il_digest d = { "" };
    const char *turned = failing_path(folder, "t.jpg");
    il_image picture = { .width = 32, .height = 48, .channels = 3 },
             mask = { .width = 48, .height = 32, .channels = 1 };
    int rc = il_made_by_read(&m, folder, "realfake+fakefake", e);
    if (!rc)
        rc = il_image_file_digest(&d, turned, e);
    if (!rc)
        fprintf(out, "%s %s %.16s\n", m.generators.data, m.identity, d.hex);
    il_made_by_free(&m);
    if (!rc)
        rc = il_image_file_check_mask(&picture, turned, &mask, "m.png", e);
    if (rc && rc != IL_ENOMEM) {
        fprintf(out, "%s\n", strstr(e->message, "which is"));
        rc = IL_OK;
    }
    return rc;
}

/* ---- which run ---- */

static void prepare_runs(const char *folder)
{
    il_store *s = NULL;
    GOOD(il_store_open(&s, failing_path(folder, "r.sqlite"), &e));
    int64_t x = experiment(s, "grid");
    for (int i = 0; i < 3; i++) {
        char hash[8], name[8];
        int64_t id = 0;
        snprintf(hash, sizeof hash, "h%d", i);
        snprintf(name, sizeof name, "run%d", i);
        il_run_record r = run_record(hash, name, "unet", "realfake");
        il_run_end end = { .status = IL_RUN_DONE, .weights_path = "w.safetensors", .weights_sha256 = "abc" };
        GOOD(il_store_begin_run(&id, s, &r, &e));
        GOOD(il_store_end_run(s, id, &end, &e));
        put_cell(s, x, id, put_test(s, id, "dataset2", "realfake", 20 * i), &r, "dataset2", "realfake", NULL);
        put_cell(s, x, id, put_test(s, id, "dataset2", "original", 2 * i), &r, "dataset2", "original", NULL);
    }
    il_store_close(s);
}

static int select_run(const char *folder, FILE *out, il_err *e)
{
    static const char *const wanted[] = { NULL, "2", "run1", "*0", "run?", "none" };
    il_store *s = NULL;
    int rc = il_store_open_readonly(&s, failing_path(folder, "r.sqlite"), e);
    for (size_t i = 0; !rc && i < sizeof wanted / sizeof *wanted; i++) {
        il_card c = { 0 };
        char *config = NULL, *params = NULL;
        rc = il_select_run(&c, &config, &params, s, wanted[i], e);
        if (!rc)
            fprintf(out, "%lld %s %s %s %s %g %s %s\n", (long long)c.run, c.name, c.weights, c.trained_on, c.sha256,
                    c.tested.iou, config, params ? params : "-");
        if (rc && rc != IL_ENOMEM) {
            fprintf(out, "%s\n", e->message);
            rc = IL_OK;
        }
        free(config);
        free(params);
        il_card_free(&c);
    }
    il_store_close(s);
    return rc;
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "detect inputs", .run = inputs, .prepare = prepare_inputs },
        { .name = "detect pixels", .run = pixels },
        { .name = "detect calibration", .run = calibrate, .changes = true },
        { .name = "detect finding", .run = tell },
        { .name = "detect made by", .run = made_by, .prepare = prepare_made_by },
        { .name = "detect run", .run = select_run, .prepare = prepare_runs },
    };
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
