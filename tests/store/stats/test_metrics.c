/* test_metrics.c - IoU against scikit-learn, early stopping against the usual PyTorch loop (tests/data/metrics). */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "store/stats/metrics.h"

static json_t *figures(const char *name)
{
    json_error_t why;
    json_t *all = json_load_file(TEST_DATA "/metrics/figures.json", 0, &why);
    cr_assert_not_null(all, "%s: %s", why.source, why.text);
    json_t *part = json_incref(json_object_get(all, name));
    json_decref(all);
    cr_assert_gt(json_array_size(part), 3);
    return part;
}

static il_counts counts_of(const json_t *picture)
{
    const json_t *c = json_object_get(picture, "counts");
    return (il_counts){ json_integer_value(json_array_get(c, 0)), json_integer_value(json_array_get(c, 1)),
                        json_integer_value(json_array_get(c, 2)), json_integer_value(json_array_get(c, 3)) };
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

Test(metrics, iou_of_pictures_is_scikit_learns)
{
    json_t *runs = figures("runs"), *run, *picture;
    size_t i, j, undefined = 0;
    json_array_foreach(runs, i, run)
    {
        json_array_foreach(json_object_get(run, "pictures"), j, picture)
        {
            double iou = il_metrics_iou(counts_of(picture));
            if (json_is_null(json_object_get(picture, "iou"))) {
                cr_assert(isnan(iou), "run %zu, picture %zu: %g is not NAN", i, j, iou);
                undefined++;
            } else {
                cr_assert_float_eq(iou, number(picture, "iou"), 1e-15, "run %zu, picture %zu: %.17g", i, j, iou);
            }
        }
    }
    cr_assert_gt(undefined, 3);
    json_decref(runs);
}

Test(metrics, batch_mean_is_the_published_convention)
{
    json_t *runs = figures("runs"), *run, *picture;
    size_t i, j;
    json_array_foreach(runs, i, run)
    {
        size_t batch = (size_t)number(run, "batch"), count = json_array_size(json_object_get(run, "pictures"));
        il_batch_mean mean = { 0 };
        il_counts sum = { 0 }, all = { 0 };
        json_array_foreach(json_object_get(run, "pictures"), j, picture)
        {
            il_metrics_add(&sum, counts_of(picture));
            il_metrics_add(&all, counts_of(picture));
            if ((j + 1) % batch == 0 || j + 1 == count) {
                il_metrics_batch(&mean, sum);
                sum = (il_counts){ 0 };
            }
        }
        cr_assert_float_eq(il_metrics_batch_mean(mean), number(run, "published"), 1e-15, "run %zu: %.17g", i,
                           il_metrics_batch_mean(mean));
        cr_assert_float_eq(il_metrics_iou(all), number(run, "pooled"), 1e-15, "run %zu: %.17g", i, il_metrics_iou(all));
    }
    json_decref(runs);
}

Test(metrics, add_keeps_all_four_counts_apart)
{
    il_counts sum = { 1, 20, 300, 4000 };
    il_metrics_add(&sum, (il_counts){ 5, 50, 500, 1LL << 40 });
    cr_assert_eq(sum.tp, 6);
    cr_assert_eq(sum.fp, 70);
    cr_assert_eq(sum.fn, 800);
    cr_assert_eq(sum.tn, 4000 + (1LL << 40));
}

Test(metrics, mean_of_no_batches_is_undefined)
{
    cr_assert(isnan(il_metrics_batch_mean((il_batch_mean){ 0 })));
}

/* What is right is no collapse: nothing where there is nothing to be found, everything where all is inpainted. */
Test(metrics, a_collapse_marks_nothing_or_everything)
{
    static const struct {
        il_counts counts; /* tp, fp, fn, tn */
        il_collapse collapse;
        const char *name;
        double marked;
    } cases[] = {
        { { 0, 0, 5, 95 }, IL_COLLAPSE_NOTHING, "nothing", 0 },
        { { 5, 95, 0, 0 }, IL_COLLAPSE_EVERYTHING, "everything", 1 },
        { { 0, 9, 0, 0 }, IL_COLLAPSE_EVERYTHING, "everything", 1 },
        { { 5, 94, 0, 1 }, IL_COLLAPSE_NONE, NULL, .99 },
        { { 1, 0, 4, 95 }, IL_COLLAPSE_NONE, NULL, .01 },
        { { 0, 1, 5, 94 }, IL_COLLAPSE_NONE, NULL, .01 },
        { { 0, 0, 0, 7 }, IL_COLLAPSE_NONE, NULL, 0 },
        { { 7, 0, 0, 0 }, IL_COLLAPSE_NONE, NULL, 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_collapse c = il_metrics_collapse(cases[i].counts);
        cr_expect_eq(c, cases[i].collapse, "case %zu", i);
        cr_expect(cases[i].name ? strcmp(il_metrics_collapse_name(c), cases[i].name) == 0
                                : !il_metrics_collapse_name(c));
        cr_expect_float_eq(il_metrics_marked(cases[i].counts), cases[i].marked, 1e-15, "case %zu", i);
    }
    cr_expect_eq(il_metrics_collapse((il_counts){ 0 }), IL_COLLAPSE_NONE);
    cr_expect(isnan(il_metrics_marked((il_counts){ 0 })));
}

Test(metrics, early_stopping_follows_the_reference)
{
    json_t *courses = figures("courses"), *course, *loss;
    size_t i, epoch, stopped_courses = 0;
    json_array_foreach(courses, i, course)
    {
        int patience = (int)number(course, "patience"), best_seen = 0, last = 0;
        il_early w = il_metrics_early();
        bool stopped = false;
        json_array_foreach(json_object_get(course, "losses"), epoch, loss)
        {
            last = (int)epoch + 1;
            if (il_metrics_early_add(&w, last, json_is_null(loss) ? NAN : json_number_value(loss)))
                best_seen = last;
            stopped = il_metrics_early_stop(&w, patience);
            if (stopped)
                break;
        }
        cr_assert_eq(last, (int)number(course, "last_epoch"), "course %zu ended after epoch %d", i, last);
        cr_assert_eq(stopped, json_is_true(json_object_get(course, "stopped")), "course %zu", i);
        cr_assert_eq(w.best_epoch, (int)number(course, "best_epoch"), "course %zu: best %d", i, w.best_epoch);
        cr_assert_eq(best_seen, w.best_epoch, "course %zu: said %d", i, best_seen);
        stopped_courses += stopped;
    }
    cr_assert_gt(stopped_courses, 3);
    json_decref(courses);
}

Test(metrics, no_patience_never_stops)
{
    il_early w = il_metrics_early();
    for (int epoch = 1; epoch <= 100; epoch++)
        il_metrics_early_add(&w, epoch, 1.0);
    cr_assert_eq(w.waited, 99);
    cr_assert_not(il_metrics_early_stop(&w, 0));
    cr_assert(il_metrics_early_stop(&w, 99));
    cr_assert_not(il_metrics_early_stop(&w, 100));
}
