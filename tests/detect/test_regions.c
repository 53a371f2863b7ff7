/* regions.c and verdict.c against scipy and numpy. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "detect/verdict.h"

static json_t *figures(const char *key)
{
    json_error_t why;
    json_t *root = json_load_file(TEST_DATA "/detect/figures.json", 0, &why);
    cr_assert_not_null(root, "%s", why.text);
    json_t *part = json_incref(json_object_get(root, key));
    json_decref(root);
    return part;
}

static il_image picture(const char *name, const char *kind)
{
    char path[400];
    il_image image = { 0 };
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/detect/regions-%s-%s.png", TEST_DATA, name, kind);
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(image.channels, 1);
    return image;
}

static double at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

static void check(const json_t *figure)
{
    const char *name = json_string_value(json_object_get(figure, "name"));
    const json_t *want = json_object_get(figure, "regions");
    il_image mask = picture(name, "mask"), score = picture(name, "score");
    il_regions r = { 0 };
    il_err e = { 0 };
    il_regions_opts o = { .least = json_integer_value(json_object_get(figure, "least")), .most = 100 };
    cr_assert_eq(il_regions_find(&r, &mask, &score, o, &e), IL_OK);
    cr_expect_eq(r.count, (size_t)json_integer_value(json_object_get(figure, "count")), "%s: %zu", name, r.count);
    cr_assert_eq(r.listed, json_array_size(want), "%s: %zu listed", name, r.listed);
    for (size_t i = 0; i < r.listed; i++) {
        const json_t *w = json_array_get(want, i);
        const il_region *g = &r.list[i];
        cr_assert(g->area == at(w, 0) && g->top == at(w, 1) && g->left == at(w, 2) && g->width == at(w, 3) &&
                      g->height == at(w, 4),
                  "%s: region %zu: %lld pixels in %dx%d+%d+%d", name, i, (long long)g->area, g->width, g->height,
                  g->left, g->top);
        cr_assert(fabs(g->score - at(w, 5)) < 1e-12, "%s: region %zu: %g", name, i, g->score);
    }
    il_regions_free(&r);
    o.least = 1;
    cr_assert_eq(il_regions_find(&r, &mask, &score, o, &e), IL_OK);
    cr_expect_eq(r.count, (size_t)json_integer_value(json_object_get(figure, "all")), "%s: %zu in all", name, r.count);
    il_regions_free(&r);
    o.most = 3;
    cr_assert_eq(il_regions_find(&r, &mask, &score, o, &e), IL_OK);
    for (size_t i = 0; i < r.listed && i < json_array_size(want); i++)
        cr_expect_eq(r.list[i].area, at(json_array_get(want, i), 0), "%s: the largest 3", name);
    il_regions_free(&r);
    double value = 0, wanted = json_number_value(json_object_get(figure, "image_score"));
    cr_assert_eq(il_verdict_score(&value, &score, &e), IL_OK);
    cr_expect(fabs(value - wanted) < 1e-12, "%s: image score %.12f, expected %.12f", name, value, wanted);
    il_image_free(&mask);
    il_image_free(&score);
}

Test(regions, as_scipy_labels_them)
{
    json_t *all = figures("regions");
    cr_assert_eq(json_array_size(all), 20);
    for (size_t i = 0; i < json_array_size(all); i++)
        check(json_array_get(all, i));
    json_decref(all);
}

/* The same 62x63 pixels in a tile, a small photo, one of 6 million pixels, and alone. */
Test(verdict, a_score_does_not_depend_on_the_size)
{
    json_t *all = figures("pasted");
    il_image region = { 0 };
    il_err e = { 0 };
    double first = 0;
    cr_assert_eq(il_image_read(&region, TEST_DATA "/detect/pasted-region.png", &e), IL_OK, "%s", e.message);
    cr_assert_eq(json_array_size(all), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *w = json_array_get(all, i);
        int width = (int)at(w, 0), height = (int)at(w, 1);
        il_image score = { 0 };
        double value = 0;
        cr_assert_eq(il_image_new(&score, width, height, 1, &e), IL_OK);
        memset(score.pixels, 12, (size_t)width * (size_t)height);
        for (int y = 0; y < region.height; y++)
            memcpy(score.pixels + ((size_t)at(w, 3) + (size_t)y) * (size_t)width + (size_t)at(w, 2),
                   region.pixels + (size_t)y * (size_t)region.width, (size_t)region.width);
        cr_assert_eq(il_verdict_score(&value, &score, &e), IL_OK);
        cr_expect(fabs(value - at(w, 4)) < 1e-12, "%dx%d: %.12f, numpy has %.12f", width, height, value, at(w, 4));
        first = i ? first : value;
        cr_expect_eq(value, first, "%dx%d", width, height);
        il_image_free(&score);
    }
    cr_expect_gt(first, 0.8);
    il_image_free(&region);
    json_decref(all);
}

Test(verdict, wilson_as_scipy)
{
    json_t *all = figures("wilson");
    cr_assert(json_array_size(all) > 5);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *w = json_array_get(all, i);
        il_share_interval got = il_verdict_wilson((int64_t)at(w, 0), (int64_t)at(w, 1));
        cr_expect(fabs(got.low - at(w, 2)) < 1e-9 && fabs(got.high - at(w, 3)) < 1e-9, "%g of %g: %g to %g", at(w, 0),
                  at(w, 1), got.low, got.high);
    }
    json_decref(all);
    il_share_interval none = il_verdict_wilson(0, 0);
    cr_assert(none.low == 0 && none.high == 1);
}

Test(verdict, what_is_said)
{
    cr_assert_str_eq(il_verdict_text(il_verdict_of(0, 0)), "nothing found");
    cr_assert_str_eq(il_verdict_text(il_verdict_of(0.02, 0)), "nothing found");
    cr_assert_str_eq(il_verdict_text(il_verdict_of(0.02, 1)), "region");
    cr_assert_str_eq(il_verdict_text(il_verdict_of(0.9, 3)), "region");
    cr_assert_str_eq(il_verdict_text(il_verdict_of(0.901, 3)), "whole image");
}
