/* test_augment.c - what training changes in its pictures, against the figures of data/augment/make.py: torchvision, Pillow, numpy,
 * and the rule of the draws written down a second time. Byte for byte: in pictures of less than 2^24 / 255 pixels also the mean of
 * torch's contrast is exact, since it adds whole numbers in float32. */
#include <string.h>
#include "base/sha256.h"
#include "image/augment.h"
#include "image/degrade.h"
#include "loader/sampling.h"
#include "support/figures.h"

static il_image picture(const char *name)
{
    char path[400];
    il_err e = { 0 };
    il_image image = { 0 };
    snprintf(path, sizeof path, TEST_DATA "/images/%s", name);
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    return image;
}

static il_digest hash_of(const il_image *image)
{
    return il_sha256(image->pixels, (size_t)image->width * (size_t)image->height * (size_t)image->channels);
}

static const char *text(json_t *figure, const char *key)
{
    return json_string_value(json_object_get(figure, key));
}

static double number(json_t *figure, const char *key)
{
    return json_number_value(json_object_get(figure, key));
}

static int colour(const char *name)
{
    const il_param_spec *s = il_degrade_spec_of(IL_DEGRADE_JITTER)->settings;
    int i = 0;
    while (s[i].name && strcmp(s[i].name, name) != 0)
        i++;
    cr_assert_lt(i, IL_JITTER_KINDS);
    return i;
}

static void change(il_image *image, il_image *mask, const il_degradation *d)
{
    il_err e = { 0 };
    cr_assert_eq(il_degrade_seeded(image, mask, d, 0, "x", &e), IL_OK, "%s", e.message);
}

Test(augment, colours_are_those_of_torchvision)
{
    json_t *root = figures_load("augment/figures.json"), *list = json_object_get(root, "colours"), *figure, *step;
    size_t i, k;
    cr_assert_eq(json_array_size(list), 66);
    json_array_foreach(list, i, figure)
    {
        il_image image = picture(text(figure, "file")), none = { 0 };
        il_degradation d = { .kind = IL_DEGRADE_JITTER };
        json_array_foreach(json_object_get(figure, "steps"), k, step)
        {
            int which = colour(json_string_value(json_array_get(step, 0)));
            d.jitter.factor[which] = json_number_value(json_array_get(step, 1));
            d.jitter.order[d.jitter.count++] = which;
        }
        change(&image, &none, &d);
        cr_expect_str_eq(hash_of(&image).hex, text(figure, "sha256"), "%s: %s", text(figure, "file"),
                         il_degrade_shown(&d).text);
        il_image_free(&image);
    }
    json_decref(root);
}

Test(augment, moves_are_those_of_pillow)
{
    json_t *root = figures_load("augment/figures.json"), *list = json_object_get(root, "moves"), *figure;
    size_t i;
    cr_assert_eq(json_array_size(list), 20);
    json_array_foreach(list, i, figure)
    {
        const char *move = text(figure, "move");
        il_image image = picture(text(figure, "file")), mask = picture(text(figure, "file"));
        il_degradation d = strncmp(move, "flip", 4) == 0
                               ? (il_degradation){ .kind = IL_DEGRADE_FLIP, .upright = strstr(move, "vertical") }
                               : (il_degradation){ .kind = IL_DEGRADE_ROTATE, .level = atoi(move + 7) };
        change(&image, &mask, &d);
        cr_expect_str_eq(il_degrade_shown(&d).text, move);
        cr_expect_str_eq(hash_of(&image).hex, text(figure, "sha256"), "%s: %s", text(figure, "file"), move);
        cr_expect_str_eq(hash_of(&mask).hex, text(figure, "sha256"), "the mask of %s: %s", text(figure, "file"), move);
        il_image_free(&image);
        il_image_free(&mask);
    }
    json_decref(root);
}

/* ---- lists ---- */

static il_augment list_of(json_t *list)
{
    il_augment a = { .list = calloc(json_array_size(list), sizeof *a.list), .count = json_array_size(list) };
    json_t *one;
    size_t i;
    cr_assert_not_null(a.list);
    json_array_foreach(list, i, one)
    {
        a.list[i] = (il_augmentation){ .plain = { .kind = il_degrade_find(text(one, "kind")),
                                                  .first = (int)number(one, "first"),
                                                  .upright = json_is_true(json_object_get(one, "upright")) },
                                       .low = number(one, "low"),
                                       .high = number(one, "high"),
                                       .p = number(one, "p") };
        cr_assert_neq(a.list[i].plain.kind, IL_DEGRADE_NONE);
        for (size_t k = 0; k < IL_JITTER_KINDS; k++)
            a.list[i].spread[k] = json_number_value(json_array_get(json_object_get(one, "spread"), k));
    }
    return a;
}

static void expect_pixels(json_t *figure, const il_augment *a, uint64_t stream)
{
    il_err e = { 0 };
    il_image image = picture(text(figure, "file")), mask = picture("mask.png");
    cr_assert_eq(il_augment_apply(&image, &mask, a, stream, "x", &e), IL_OK, "%s", e.message);
    cr_expect_eq(image.width, (int)number(figure, "width"));
    cr_expect_eq(image.height, (int)number(figure, "height"));
    cr_expect_str_eq(hash_of(&image).hex, text(figure, "sha256"), "%s", text(figure, "shown"));
    cr_expect_str_eq(hash_of(&mask).hex, text(figure, "mask"), "the mask: %s", text(figure, "shown"));
    il_image_free(&image);
    il_image_free(&mask);
}

Test(augment, lists_are_drawn_and_applied_by_their_rule)
{
    json_t *root = figures_load("augment/figures.json"), *list = json_object_get(root, "chains"), *figure;
    size_t i;
    cr_assert_eq(json_array_size(list), 24);
    json_array_foreach(list, i, figure)
    {
        il_augment a = list_of(json_object_get(figure, "list"));
        il_sampling s = { .seed = strtoull(text(figure, "seed"), NULL, 10), .epoch = (int)number(figure, "epoch") };
        uint64_t stream = il_sampling_stream(&s, text(figure, "name"), (size_t)number(figure, "crop"));
        il_text shown = { 0 };
        il_augment_show(&shown, &a, stream);
        cr_expect_eq(stream, strtoull(text(figure, "stream"), NULL, 10));
        cr_expect_str_eq(shown.data, text(figure, "shown"));
        cr_expect_eq(il_augment_any(&a, stream), strcmp(shown.data, "unchanged") != 0);
        if (text(figure, "file"))
            expect_pixels(figure, &a, stream);
        il_text_free(&shown);
        il_augment_free(&a);
    }
    json_decref(root);
}

/* ---- frequencies ---- */

enum { DRAWS = 6000 };

/* How often each level from low to high is drawn; the rest of DRAWS nothing happens. */
static void count_levels(size_t counts[101], il_degrade_kind kind, double low, double high, double p)
{
    il_augmentation one = { .plain = { .kind = kind }, .low = low, .high = high, .p = p };
    il_augment a = { &one, 1 };
    memset(counts, 0, 101 * sizeof *counts);
    for (uint64_t stream = 0; stream < DRAWS; stream++) {
        il_degradation d;
        uint64_t seed;
        if (il_augment_draw(&d, &seed, &a, 0, stream)) {
            cr_assert(d.level >= low && d.level <= high && (int)d.level <= 100);
            counts[(int)d.level]++;
        }
    }
}

/* Within five standard deviations. */
static void expect_share(size_t count, double share, const char *what, int level)
{
    double wanted = DRAWS * share;
    cr_expect_lt(fabs((double)count - wanted), 5 * sqrt(wanted * (1 - share)) + 1e-9, "%s %d: %zu of %d, expected %g",
                 what, level, count, DRAWS, wanted);
}

Test(augment, levels_are_equally_likely)
{
    size_t counts[101];
    count_levels(counts, IL_DEGRADE_JPEG, 91, 100, 0.5);
    for (int q = 0; q <= 100; q++)
        expect_share(counts[q], q >= 91 ? 0.05 : 0, "jpeg", q);
    count_levels(counts, IL_DEGRADE_BLUR, 3, 9, 1);
    for (int side = 0; side <= 100; side++)
        expect_share(counts[side], side >= 3 && side <= 9 && side % 2 ? 0.25 : 0, "blur", side);
    count_levels(counts, IL_DEGRADE_NOISE, 2, 12, 1);
    for (int level = 2; level < 12; level++)
        expect_share(counts[level], 0.1, "noise", level);
    count_levels(counts, IL_DEGRADE_WEBP, 70, 70, 1);
    cr_expect_eq(counts[70], DRAWS);
    count_levels(counts, IL_DEGRADE_WEBP, 70, 70, 0);
    cr_expect_eq(counts[70], 0);
}

/* A change's choices do not depend on what else is in the list but its place. */
Test(augment, changes_do_not_disturb_each_other)
{
    il_augmentation both[] = { { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 1, .high = 100, .p = 0.7 },
                               { .plain = { .kind = IL_DEGRADE_NOISE }, .low = 1, .high = 9, .p = 0.3 } };
    il_augmentation other[] = { { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 }, both[1] };
    il_augment a = { both, 2 }, b = { other, 2 }, first = { both, 1 };
    for (uint64_t stream = 0; stream < 100; stream++) {
        il_degradation x, y;
        uint64_t s, t;
        bool here = il_augment_draw(&x, &s, &a, 1, stream), there = il_augment_draw(&y, &t, &b, 1, stream);
        cr_assert(here == there && x.level == y.level && s == t);
        here = il_augment_draw(&x, &s, &a, 0, stream);
        there = il_augment_draw(&y, &t, &first, 0, stream);
        cr_assert(here == there && x.level == y.level && s == t);
    }
}

Test(augment, words)
{
    il_augmentation list[] = {
        { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 60, .high = 100, .p = 0.5 },
        { .plain = { .kind = IL_DEGRADE_DOUBLE_JPEG, .first = 75, .shift = true }, .low = 50, .high = 95, .p = 1 },
        { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.1, .high = 1.5, .p = 1 },
        { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 },
        { .plain = { .kind = IL_DEGRADE_WEBP }, .low = 90, .high = 90, .p = 1 },
        { .plain = { .kind = IL_DEGRADE_FLIP, .upright = true }, .p = 0.25 },
        { .plain = { .kind = IL_DEGRADE_JITTER }, .spread = { 0.2, 0, 1 }, .p = 1 },
    };
    il_augment a = { list, sizeof list / sizeof *list }, none = { 0 };
    il_text t = { 0 }, of_none = { 0 }, shown = { 0 };
    il_augment_describe(&t, &a);
    cr_expect_str_eq(t.data, "jpeg 60..100 p 0.5+double_jpeg 50..95 first 75 shift+resize 0.1..1.5+rotate"
                             "+webp 90+flip vertical p 0.25+jitter brightness 0.2 saturation 1");
    il_augment_describe(&of_none, &none);
    cr_expect_str_eq(of_none.data, "none");
    il_augment_show(&shown, &none, 1);
    cr_expect_str_eq(shown.data, "unchanged");
    cr_expect_not(il_augment_any(&none, 1));
    il_text_free(&t);
    il_text_free(&of_none);
    il_text_free(&shown);
}
