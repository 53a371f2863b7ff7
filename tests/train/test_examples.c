/* test_examples.c - the pictures that a test keeps: which ones, what they hold, and that a test does not need them. */
#include <math.h>
#include "image/image_file.h"
#include "store/database.h"
#include "store/stats/histogram.h"
#include "support/lab.h"
#include "train/examples.h"

TestSuite(examples, .init = lab_open, .fini = lab_close);

enum { SIDE = 48, AREA = SIDE * SIDE };

static double number(il_store *s, const char *sql)
{
    il_err e = { 0 };
    il_rows rows = { 0 };
    LAB_OK(il_store_query(&rows, s, sql, NULL, &e), e);
    cr_assert_eq(rows.count, 1, "%s", sql);
    double value = rows.values[0] ? strtod(rows.values[0], NULL) : NAN;
    il_store_rows_free(&rows);
    return value;
}

static void script(il_store *s, const char *sql)
{
    il_err e = { 0 };
    LAB_OK(il_store_script(s, sql, &e), e);
}

static size_t kept(il_example out[IL_RANKS], il_store *s)
{
    il_err e = { 0 };
    size_t count = 0;
    LAB_OK(il_store_examples(out, &count, s, (int64_t)number(s, "SELECT MIN(id) FROM tests"), &e), e);
    return count;
}

static il_image decoded(il_blob from, int channels)
{
    il_err e = { 0 };
    il_image image = { 0 };
    il_image_file file = { .path = "example", .data = from.data, .size = from.size };
    LAB_OK(il_image_file_decode(&image, &file, &e), e);
    cr_assert(image.width == SIDE && image.height == SIDE && image.channels == channels, "%dx%dx%d", image.width,
              image.height, image.channels);
    return image;
}

/* What the sides of pictures must be multiples of, for the model of the test. */
static int multiple = 1;

/* (1,3,side,side): continued to the right and below by its mirror image. */
static il_tensor *grown(il_scope *s, const il_image *photo, int side)
{
    float *pixels = malloc((size_t)(3 * side * side) * sizeof *pixels);
    cr_assert_not_null(pixels);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++) {
                int u = x < SIDE ? x : 2 * (SIDE - 1) - x, v = y < SIDE ? y : 2 * (SIDE - 1) - y;
                pixels[(c * side + y) * side + x] = (float)photo->pixels[3 * (v * SIDE + u) + c] / 255.0f;
            }
    il_tensor *t = il_from_f32(s, pixels, 4, (int64_t[]){ 1, 3, side, side });
    free(pixels);
    return t;
}

/* Scores of the picture as the weights on the disk give them, independent of the loader. */
static void forward(float score[AREA], struct room *r, const char *id)
{
    il_err e = { 0 };
    il_job j = { 0 };
    il_model model = { 0 };
    il_scope *s = NULL;
    il_image photo = { 0 };
    char name[80];
    snprintf(name, sizeof name, "data/test/%s.realfake.png", id);
    LAB_OK(il_image_read(&photo, lab_path(name), &e), e);
    LAB_OK(il_job_open(&j, &r->plan->runs[0], r->store, &e), e);
    LAB_OK(il_model_open(&model, &r->plan->runs[0].model, (il_model_opts){ .seed = 1 }, &e), e);
    LAB_OK(il_model_load(&model, il_job_file(&j, r->opts.folder, "weights.safetensors").text, NULL, &e), e);
    LAB_OK(il_scope_open(&s, NULL, &e), e);
    il_tensor *image = grown(s, &photo, (SIDE + multiple - 1) / multiple * multiple);
    il_tensor *p = il_sigmoid(s, il_model_forward(&model, s, image, NULL));
    p = il_slice(s, il_slice(s, p, 2, 0, SIDE), 3, 0, SIDE);
    LAB_OK(il_scope_status(s, &e), e);
    LAB_OK(il_read_f32(p, score, AREA, &e), e);
    il_scope_close(s);
    il_model_close(&model);
    il_job_close(&j);
    il_image_free(&photo);
}

/* The bin that holds the score, by its definition. */
static int bin_of(float score)
{
    int b = 0;
    while (b < 255 && (double)score > (b + 1) / 256.0)
        b++;
    return b;
}

static void check_example(struct room *r, const il_example *x)
{
    float score[AREA];
    int64_t tp = 0, fp = 0, fn = 0;
    char sql[400];
    il_image photo = decoded(x->photo, 3), truth = decoded(x->truth, 1), map = decoded(x->score, 1);
    forward(score, r, x->id);
    for (int i = 0; i < AREA; i++) {
        cr_assert_eq(map.pixels[i], bin_of(score[i]), "%s, pixel %d: %d for score %.9g", x->id, i, map.pixels[i],
                     (double)score[i]);
        tp += map.pixels[i] >= 128 && truth.pixels[i];
        fp += map.pixels[i] >= 128 && !truth.pixels[i];
        fn += map.pixels[i] < 128 && truth.pixels[i];
    }
    snprintf(sql, sizeof sql, "SELECT tp = %lld AND fp = %lld AND fn = %lld FROM images WHERE id = '%s'", (long long)tp,
             (long long)fp, (long long)fn, x->id);
    cr_assert_eq(number(r->store, sql), 1, "%s: the maps do not give the counts of the test", x->id);
    cr_assert_float_eq(x->iou, (double)tp / (double)(tp + fp + fn), 1e-12);

    char name[80];
    il_image original = { 0 };
    il_err e = { 0 };
    double error = 0;
    snprintf(name, sizeof name, "data/test/%s.realfake.png", x->id);
    LAB_OK(il_image_read(&original, lab_path(name), &e), e);
    for (int i = 0; i < 3 * AREA; i++)
        error += abs(original.pixels[i] - photo.pixels[i]);
    cr_assert_lt(error / (3 * AREA), 8, "the photo is another one");
    il_image_free(&original);
    il_image_free(&photo);
    il_image_free(&truth);
    il_image_free(&map);
}

Test(examples, a_test_keeps_three_and_their_maps_are_those_of_the_test)
{
    struct room r = { 0 };
    il_example x[IL_RANKS];
    open_room(&r, lab_grid("keeps", "", ""));
    il_run_outcome o = run_first(&r);
    cr_assert_eq(o.failure.code, IL_OK, "%s", o.failure.message);
    cr_assert_eq(o.examples, 3);
    cr_assert_eq(kept(x, r.store), 3);
    for (int i = 0; i < IL_RANKS; i++) {
        cr_assert_eq(x[i].rank, (il_rank)i);
        check_example(&r, &x[i]);
    }
    cr_assert(x[IL_BEST].iou >= x[IL_MEDIAN].iou && x[IL_MEDIAN].iou >= x[IL_WORST].iou);
    cr_assert_eq(number(r.store,
                        "SELECT COUNT(*) FROM examples JOIN (SELECT MAX(il_iou(tp, fp, fn)) AS best,"
                        " il_median(il_iou(tp, fp, fn)) AS median, MIN(il_iou(tp, fp, fn)) AS worst FROM images)"
                        " WHERE iou = CASE rank WHEN 'best' THEN best WHEN 'median' THEN median ELSE worst END"),
                 3);
    il_store_examples_free(x, 3);
    close_room(&r);
}

Test(examples, are_filled_for_older_tests_only_when_asked_and_once)
{
    struct room r = { 0 };
    il_example x[IL_RANKS];
    open_room(&r, lab_grid("older", "", ""));
    run_first(&r);
    script(r.store, "DELETE FROM examples");
    il_run_outcome o = run_first(&r);
    cr_assert_eq(o.examples + kept(x, r.store), 0);
    r.opts.examples = true;
    o = run_first(&r);
    cr_assert(o.examples == 3 && o.tested == 0 && !o.trained);
    cr_assert_eq(kept(x, r.store), 3);
    check_example(&r, &x[0]);
    il_store_examples_free(x, 3);
    o = run_first(&r);
    cr_assert_eq(o.examples, 0);
    close_room(&r);
}

/* A vision transformer wants sides that are multiples of 14, and 48 is none: pictures are continued by their mirror image, when
 * they are validated, in the test and for its examples, also where these are made alone. */
Test(examples, of_a_model_that_wants_multiples_are_those_of_its_test)
{
    static const char *const fits[] = { "native", "resize" };
    multiple = 14;
    for (int k = 0; k < 2; k++) {
        struct room r = { 0 };
        il_example x[IL_RANKS];
        const char *const set[] = { "model={name: vit, width: 12, depth: 1, heads: 2, grid: 3}", "train.crop=28",
                                    k ? "fit=resize" : "fit=native", NULL };
        open_room_set(&r, lab_grid(fits[k], "", ""), set);
        il_run_outcome o = run_first(&r);
        cr_assert_eq(o.failure.code, IL_OK, "%s", o.failure.message);
        for (int round = 0; round < 2; round++) {
            cr_assert_eq(o.examples, 3, "%s, round %d", fits[k], round);
            cr_assert_eq(kept(x, r.store), 3);
            for (int i = 0; i < IL_RANKS; i++)
                check_example(&r, &x[i]);
            il_store_examples_free(x, 3);
            script(r.store, "DELETE FROM examples");
            r.opts.examples = true;
            o = run_first(&r);
            cr_assert(o.tested == 0 && !o.trained);
        }
        close_room(&r);
        cr_assert_eq(unlink(lab_path("results.sqlite")), 0);
    }
}

/* Whatever ends the program between two rows, none of a test is there without the others. */
Test(examples, are_stored_with_their_test_or_neither_is)
{
    static const char *const last[] = { "examples", "experiment_cells", "test_metrics" };
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) {
        struct room r = { 0 };
        il_err e = { 0 };
        il_run_outcome o;
        il_job j;
        char sql[200];
        open_room(&r, lab_grid(last[i], "", ""));
        snprintf(sql, sizeof sql, "CREATE TRIGGER full BEFORE INSERT ON %s BEGIN SELECT RAISE(ABORT, 'is full'); END",
                 last[i]);
        script(r.store, sql);
        LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
        cr_assert_eq(il_run_job(&o, &j, r.store, &r.opts, &(il_observer){ 0 }, &e), IL_EDB);
        cr_assert(strstr(e.message, "is full"), "%s", e.message);
        cr_expect(o.trained && o.tested == 0 && o.examples == 0);
        cr_expect_eq(number(r.store, "SELECT (SELECT COUNT(*) FROM tests) + (SELECT COUNT(*) FROM examples)"
                                     " + (SELECT COUNT(*) FROM images) + (SELECT COUNT(*) FROM experiment_cells)"),
                     0);
        il_job_close(&j);
        script(r.store, "DROP TRIGGER full");
        o = run_first(&r);
        cr_expect(!o.trained && o.tested == 1 && o.examples == 3);
        cr_expect_eq(number(r.store, "SELECT COUNT(*) FROM cells WHERE status = 'done' AND iou IS NOT NULL"), 1);
        close_room(&r);
        cr_assert_eq(unlink(lab_path("results.sqlite")), 0);
    }
}

Test(examples, go_with_their_test)
{
    struct room r = { 0 };
    open_room(&r, lab_grid("gone", "", ""));
    run_first(&r);
    cr_assert_eq(number(r.store, "SELECT COUNT(*) FROM examples"), 3);
    script(r.store, "DELETE FROM tests");
    cr_assert_eq(number(r.store, "SELECT COUNT(*) FROM examples"), 0);
    close_room(&r);
}

/* ---- which ones ---- */

/* Made-up counts of the three pictures of the lab; a tp below 0 leaves nothing to be found or marked. Returns what is kept,
 * as "best p20, …". */
static const char *chosen(const int tp[3], size_t count)
{
    static char text[200];
    static const char *const ids[] = { "p20", "p21", "p22" };
    struct room r = { 0 };
    il_err e = { 0 };
    il_job j = { 0 };
    il_model model = { 0 };
    il_image_row rows[3];
    int64_t test = 0;
    size_t n = 0;
    open_room(&r, lab_grid("chosen", ", weight_decay: 0", ""));
    r.plan->runs[0].training.epochs = 1;
    run_first(&r);
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    LAB_OK(il_model_open(&model, &r.plan->runs[0].model, (il_model_opts){ .seed = 1 }, &e), e);
    for (size_t i = 0; i < count; i++)
        rows[i] = (il_image_row){ ids[i], (int)i, { tp[i] < 0 ? 0 : tp[i], 0, tp[i] < 0 ? 0 : 100 - tp[i], 9 } };
    il_test_record t = { .fit = "native",
                         .padding = "none",
                         .dataset = "dataset1",
                         .images = "realfake",
                         .split = "test",
                         .digest = "made up",
                         .batch = 1,
                         .status = IL_RUN_DONE };
    LAB_OK(il_store_test(&test, r.store, (int64_t)number(r.store, "SELECT id FROM runs"), &t, rows, count, &e), e);
    il_examples_job job = { &model, j.tests[0].source, j.labels, { .batch = 2, .size = SIDE, .crops = 1 } };
    LAB_OK(il_examples_keep(&n, r.store, test, &job, &e), e);
    LAB_OK(il_examples_keep(&n, r.store, test, &job, &e), e); /* again: in their place */

    il_example x[IL_RANKS];
    size_t found = 0, used = 0;
    LAB_OK(il_store_examples(x, &found, r.store, test, &e), e);
    cr_assert_eq(n, 2 * found);
    text[0] = '\0';
    for (size_t i = 0; i < found; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", i ? ", " : "", il_store_rank(x[i].rank),
                                 x[i].id);
    il_store_examples_free(x, found);
    il_model_close(&model);
    il_job_close(&j);
    close_room(&r);
    return text;
}

Test(examples, ties_go_by_id)
{
    cr_assert_str_eq(chosen((int[]){ 50, 50, 50 }, 3), "best p20, median p21, worst p22");
}

Test(examples, ranks_go_by_iou)
{
    cr_assert_str_eq(chosen((int[]){ 10, 90, 50 }, 3), "best p21, median p22, worst p20");
}

Test(examples, two_with_an_iou_are_the_best_and_the_worst)
{
    cr_assert_str_eq(chosen((int[]){ -1, 20, 40 }, 3), "best p22, worst p21");
}

Test(examples, one_is_the_best)
{
    cr_assert_str_eq(chosen((int[]){ -1, -1, 0 }, 3), "best p22");
}

Test(examples, without_a_defined_iou_there_are_none)
{
    cr_assert_str_eq(chosen((int[]){ -1, -1, -1 }, 3), "");
}

Test(examples, a_picture_that_has_gone_is_told_of)
{
    struct room r = { 0 };
    il_err e = { 0 };
    il_job j = { 0 };
    il_model model = { 0 };
    size_t n = 0;
    open_room(&r, lab_grid("lost", "", ""));
    run_first(&r);
    LAB_OK(il_job_open(&j, &r.plan->runs[0], r.store, &e), e);
    LAB_OK(il_model_open(&model, &r.plan->runs[0].model, (il_model_opts){ .seed = 1 }, &e), e);
    cr_assert_eq(unlink(lab_path("data/test/p21.realfake.png")), 0);
    il_examples_job job = {
        &model, j.tests[0].source, j.labels, { .size = SIDE, .crops = 1, .missing = IL_MISSING_SKIP }
    };
    cr_assert_neq(il_examples_keep(&n, r.store, (int64_t)number(r.store, "SELECT MIN(id) FROM tests"), &job, &e),
                  IL_OK);
    cr_assert(strstr(e.message, "p21"), "%s", e.message);
    cr_assert_eq(number(r.store, "SELECT COUNT(*) FROM examples"), 3, "the old ones stay");
    il_model_close(&model);
    il_job_close(&j);
    close_room(&r);
}
