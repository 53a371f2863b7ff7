/* test_clusters.c - intervals and tests over photos, and over seeds, as NumPy and SciPy have them (tests/data/stats/photos.py). */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include "store/stats/clusters.h"

enum { MOST = 64 };

static json_t *figures;

static void set_up(void)
{
    figures = json_load_file(TEST_DATA "/stats/photos.json", 0, NULL);
    cr_assert_not_null(figures);
}

static void tear_down(void)
{
    json_decref(figures);
}

TestSuite(clusters, .init = set_up, .fini = tear_down);

static double at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

#define NEAR(a, b, bound) cr_assert_float_eq(a, b, bound, "%.15g, expected %.15g", (double)(a), (double)(b))

/* Both cells of a case; their number. */
static size_t read_case(il_clustered out[MOST], const json_t *c)
{
    const json_t *photo = json_object_get(c, "photo"), *truth = json_object_get(c, "truth");
    size_t n = json_array_size(photo);
    cr_assert(n > 0 && n <= MOST);
    for (size_t i = 0; i < n; i++) {
        double iou[2];
        for (size_t k = 0; k < 2; k++)
            iou[k] = at(json_array_get(json_object_get(c, "tp"), k), i) /
                     (at(truth, i) + at(json_array_get(json_object_get(c, "fp"), k), i));
        /* from the last to the first: their order is of no account */
        out[n - 1 - i] = (il_clustered){ json_string_value(json_array_get(photo, i)), iou[0], iou[1] };
    }
    return n;
}

Test(clusters, photos_are_resampled_and_paired)
{
    size_t i;
    const json_t *c;
    il_err e = { 0 };
    json_array_foreach(json_object_get(figures, "cases"), i, c)
    {
        il_clustered pictures[MOST];
        il_clusters sums = { 0 };
        il_interval many, one;
        double p;
        cr_assert_eq(il_clusters_gather(&sums, pictures, read_case(pictures, c), &e), IL_OK);
        il_series series = il_clusters_series(&sums);
        const il_boot how = { .level = 0.95 };
        cr_assert_eq(il_bootstrap_means(&many, &series, 1, how, &e), IL_OK);
        cr_assert_eq(il_bootstrap_ratio(&one, sums.x, sums.pictures, sums.n, how, &e), IL_OK);
        cr_assert(one.low == many.low && one.high == many.high);
        if (sums.n >= IL_PHOTOS_LEAST) {
            NEAR(many.low, at(json_array_get(json_object_get(c, "interval"), 0), 0), 1e-12);
            NEAR(many.high, at(json_array_get(json_object_get(c, "interval"), 0), 1), 1e-12);
            NEAR(many.low, at(json_object_get(c, "near"), 0), 0.01); /* other random numbers */
            NEAR(many.high, at(json_object_get(c, "near"), 1), 0.01);
        }
        il_clusters_average(&sums);
        cr_assert_eq(il_stats_wilcoxon(&p, sums.x, sums.y, sums.n, &e), IL_OK);
        NEAR(p, json_number_value(json_object_get(c, "wilcoxon")), 1e-12);
        NEAR(il_stats_ttest(sums.x, sums.y, sums.n), json_number_value(json_object_get(c, "ttest")), 1e-12);
        il_clusters_free(&sums);
    }
}

Test(clusters, seeds_have_students_t)
{
    size_t i;
    const json_t *s;
    json_array_foreach(json_object_get(figures, "seeds"), i, s)
    {
        const json_t *a = json_object_get(s, "a"), *b = json_object_get(s, "b");
        double x[4], y[4];
        for (size_t k = 0; k < json_array_size(a); k++)
            x[k] = at(a, k);
        for (size_t k = 0; k < json_array_size(b); k++)
            y[k] = at(b, k);
        il_interval t = il_stats_mean_interval(x, json_array_size(a), 0.95);
        NEAR(t.low, at(json_object_get(s, "interval"), 0), 1e-12);
        NEAR(t.high, at(json_object_get(s, "interval"), 1), 1e-12);
        NEAR(il_stats_welch(x, json_array_size(a), y, json_array_size(b)),
             json_number_value(json_object_get(s, "welch")), 1e-12);
        cr_assert(isnan(il_stats_welch(x, 1, y, 2)) && isnan(il_stats_mean_interval(x, 1, 0.95).low));
    }
}
