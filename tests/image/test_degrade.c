/* test_degrade.c - degraded pictures against the figures of data/degrade/make.py: Pillow, OpenCV, plain Python. */
#include <pthread.h>
#include <string.h>
#include "base/sha256.h"
#include "base/text.h"
#include "image/codec.h"
#include "image/degrade.h"
#include "support/figures.h"

static il_image picture(const char *name)
{
    char path[400];
    il_err e = { 0 };
    il_image image = { 0 };
    snprintf(path, sizeof path, TEST_DATA "/%s", name);
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    return image;
}

static il_image picture_of(json_t *figure)
{
    char name[200];
    snprintf(name, sizeof name, "images/%s", json_string_value(json_object_get(figure, "file")));
    return picture(name);
}

/* mask.png at the picture's size, nearest: most pictures have that size, the others a side of one pixel. */
static il_image mask_for(const il_image *image)
{
    il_image full = picture("images/mask.png"), mask = { 0 };
    cr_assert_eq(il_image_new(&mask, image->width, image->height, 1, NULL), IL_OK);
    for (int y = 0; y < mask.height; y++)
        for (int x = 0; x < mask.width; x++)
            mask.pixels[y * mask.width + x] = full.pixels[(int)((y + 0.5) * full.height / mask.height) * full.width +
                                                          (int)((x + 0.5) * full.width / mask.width)];
    il_image_free(&full);
    return mask;
}

static const char *hash_of(il_digest *d, const il_image *image)
{
    *d = il_sha256(image->pixels, (size_t)image->width * (size_t)image->height * (size_t)image->channels);
    return d->hex;
}

static il_degradation degradation(json_t *figure)
{
    il_degradation d = { .kind = il_degrade_find(json_string_value(json_object_get(figure, "kind"))),
                         .level = json_number_value(json_object_get(figure, "level")) };
    json_t *first = json_object_get(figure, "first");
    if (first) {
        d.first = (int)json_integer_value(first);
        d.shift = json_is_true(json_object_get(figure, "shift"));
    }
    cr_assert_neq(d.kind, IL_DEGRADE_NONE);
    return d;
}

static void expect_figure(json_t *figure)
{
    il_err e = { 0 };
    il_digest digest;
    il_image image = picture_of(figure), mask = mask_for(&image);
    il_degradation d = degradation(figure);
    il_digest before;
    hash_of(&before, &mask);
    cr_assert_eq(il_degrade_apply(&image, &mask, &d, json_string_value(json_object_get(figure, "file")), &e), IL_OK,
                 "%s", e.message);
    json_t *masked = json_object_get(figure, "mask");
    char *what = json_dumps(figure, JSON_COMPACT);
    cr_expect_eq(image.width, json_integer_value(json_object_get(figure, "width")), "%s", what);
    cr_expect_eq(image.height, json_integer_value(json_object_get(figure, "height")), "%s", what);
    cr_expect_str_eq(hash_of(&digest, &image), json_string_value(json_object_get(figure, "sha256")), "%s", what);
    cr_expect_str_eq(hash_of(&digest, &mask), masked ? json_string_value(masked) : before.hex, "the mask: %s", what);
    cr_expect(mask.width == image.width && mask.height == image.height);
    free(what);
    il_image_free(&image);
    il_image_free(&mask);
}

Test(degrade, bytes_are_those_of_pillow_and_opencv)
{
    json_t *root = figures_load("degrade/figures.json"), *list = json_object_get(root, "exact"), *figure;
    size_t i;
    cr_assert_geq(json_array_size(list), 180);
    json_array_foreach(list, i, figure) expect_figure(figure);
    json_decref(root);
}

Test(degrade, jpeg_files_are_as_large_as_pillows)
{
    json_t *root = figures_load("degrade/figures.json"), *figure;
    size_t i, seen = 0;
    json_array_foreach(json_object_get(root, "exact"), i, figure)
    {
        uint8_t *data = NULL;
        size_t size = 0;
        il_err e = { 0 };
        if (!json_object_get(figure, "bytes"))
            continue;
        il_image image = picture_of(figure);
        cr_assert_eq(il_image_jpeg_encode(&data, &size, &image,
                                          (int)json_integer_value(json_object_get(figure, "level")), "x", &e),
                     IL_OK, "%s", e.message);
        cr_expect_eq(size, json_integer_value(json_object_get(figure, "bytes")));
        free(data);
        il_image_free(&image);
        seen++;
    }
    cr_assert_eq(seen, 48);
    json_decref(root);
}

/* libwebp's encoder changes between versions (the figures' is 1.6): most values are equal, the mean difference small. */
Test(degrade, webp_is_near_to_pillows)
{
    json_t *root = figures_load("degrade/figures.json"), *list = json_object_get(root, "webp"), *figure;
    size_t i;
    cr_assert_eq(json_array_size(list), 8);
    json_array_foreach(list, i, figure)
    {
        char name[200];
        il_err e = { 0 };
        il_image image = picture_of(figure), none = { 0 };
        il_degradation d = { .kind = IL_DEGRADE_WEBP, .level = json_number_value(json_object_get(figure, "level")) };
        snprintf(name, sizeof name, "degrade/%s", json_string_value(json_object_get(figure, "expected")));
        il_image wanted = picture(name);
        cr_assert_eq(il_degrade_apply(&image, &none, &d, "x", &e), IL_OK, "%s", e.message);
        size_t n = (size_t)image.width * (size_t)image.height * 3;
        double sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += abs(image.pixels[k] - wanted.pixels[k]);
        cr_expect_lt(sum / (double)n, 0.5, "%s: mean difference %g", name, sum / (double)n);
        il_image_free(&image);
        il_image_free(&wanted);
    }
    json_decref(root);
}

/* ---- random choices ---- */

static il_digest degraded(const char *id, il_degrade_kind kind, double level)
{
    il_err e = { 0 };
    il_digest digest;
    il_image image = picture("images/rgb.png"), none = { 0 };
    il_degradation d = { .kind = kind, .level = level };
    cr_assert_eq(il_degrade_apply(&image, &none, &d, id, &e), IL_OK, "%s", e.message);
    hash_of(&digest, &image);
    il_image_free(&image);
    return digest;
}

Test(degrade, chance_is_a_function_of_picture_kind_and_level)
{
    il_digest a = degraded("a", IL_DEGRADE_NOISE, 3), again = degraded("a", IL_DEGRADE_NOISE, 3);
    cr_expect_str_eq(a.hex, again.hex);
    cr_expect_str_neq(a.hex, degraded("b", IL_DEGRADE_NOISE, 3).hex);
    cr_expect_str_neq(a.hex, degraded("a", IL_DEGRADE_NOISE, 3.5).hex);
    cr_expect_str_neq(degraded("a", IL_DEGRADE_CROP, 0.5).hex, degraded("b", IL_DEGRADE_CROP, 0.5).hex);
}

struct job {
    pthread_t thread;
    il_digest digests[6];
};

static void *degrade_all(void *data)
{
    struct job *j = data;
    char id[2] = "a";
    for (int i = 0; i < 6; i++, id[0]++)
        j->digests[i] = degraded(id, i % 2 ? IL_DEGRADE_NOISE : IL_DEGRADE_JPEG, 20 + i);
    return NULL;
}

Test(degrade, threads_do_not_matter)
{
    struct job alone, jobs[4];
    degrade_all(&alone);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&jobs[i].thread, NULL, degrade_all, &jobs[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(jobs[i].thread, NULL);
        for (int k = 0; k < 6; k++)
            cr_expect_str_eq(jobs[i].digests[k].hex, alone.digests[k].hex);
    }
}

/* ---- errors and words ---- */

Test(degrade, a_picture_that_no_jpeg_holds_is_named_and_left)
{
    il_err e = { 0 };
    il_image wide = { 0 }, none = { 0 };
    cr_assert_eq(il_image_new(&wide, 70000, 1, 1, &e), IL_OK);
    memset(wide.pixels, 7, 70000);
    il_degradation d = { .kind = IL_DEGRADE_JPEG, .level = 90 };
    cr_expect_eq(il_degrade_apply(&wide, &none, &d, "photo-7", &e), IL_EIO);
    cr_expect(strstr(e.message, "degraded by jpeg 90: cannot write photo-7 as JPEG: Maximum supported image"), "%s",
              e.message);
    cr_expect_eq(wide.width, 70000);
    d.kind = IL_DEGRADE_WEBP;
    cr_expect_eq(il_degrade_apply(&wide, &none, &d, "photo-7", &e), IL_EPARAM);
    cr_expect(strstr(e.message, "WebP cannot store 70000x1 pixels"), "%s", e.message);
    il_image_free(&wide);
}

Test(degrade, words)
{
    il_degradation none = { 0 }, noise = { .kind = IL_DEGRADE_NOISE, .level = 2.5 };
    il_degradation twice = { .kind = IL_DEGRADE_DOUBLE_JPEG, .level = 90, .first = 75, .shift = true };
    cr_expect_str_eq(il_degrade_shown(&none).text, "");
    cr_expect_null(il_degrade_name(&none));
    cr_expect_str_eq(il_degrade_shown(&noise).text, "noise 2.5");
    cr_expect_str_eq(il_degrade_settings(&noise).text, "");
    cr_expect_str_eq(il_degrade_settings(&twice).text, "{\"first\":75,\"shift\":true}");
    il_degradation other = twice;
    other.first = 76;
    cr_expect_str_neq(il_degrade_identity(&twice).text, il_degrade_identity(&other).text);
    cr_expect_eq(il_degrade_find("jpg"), IL_DEGRADE_NONE);
}

Test(degrade, default_levels_are_within_bounds_and_differ)
{
    for (int kind = IL_DEGRADE_NONE + 1; kind < IL_DEGRADE_KINDS; kind++) {
        const il_degrade_spec *spec = il_degrade_spec_of((il_degrade_kind)kind);
        cr_expect_gt(spec->fallback[0], 0);
        for (int i = 0; i < IL_DEGRADE_LEVELS && spec->fallback[i] > 0; i++) {
            cr_expect(spec->fallback[i] >= spec->level->min && spec->fallback[i] <= spec->level->max, "%s", spec->name);
            cr_expect(!spec->odd || (int)spec->fallback[i] % 2 == 1, "%s", spec->name);
            for (int k = 0; k < i; k++)
                cr_expect_neq(spec->fallback[i], spec->fallback[k]);
        }
    }
}
