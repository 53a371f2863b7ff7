/* test_mask.c - grey, maximum, rectangles and OpenCV's resize against the figures of data/image_shapes/make.py. */
#include <string.h>
#include <inpaintlab/image.h>
#include "base/sha256.h"
#include "base/text.h"
#include "support/figures.h"

static json_t *list(json_t *root, const char *key, size_t least)
{
    json_t *found = json_object_get(root, key);
    cr_assert_geq(json_array_size(found), least, "%s: too few figures", key);
    return found;
}

static il_image picture(json_t *figure)
{
    char path[400];
    il_err e = { 0 };
    il_image image = { 0 };
    snprintf(path, sizeof path, TEST_DATA "/images/%s", json_string_value(json_object_get(figure, "file")));
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    json_t *crop = json_object_get(figure, "crop");
    if (crop) {
        il_image part = { 0 };
        cr_assert_eq(il_image_crop(&part, &image, 0, 0, (int)json_integer_value(json_array_get(crop, 0)),
                                   (int)json_integer_value(json_array_get(crop, 1)), &e),
                     IL_OK);
        il_image_free(&image);
        image = part;
    }
    return image;
}

static void expect_bytes(const il_image *image, json_t *figure, const char *what)
{
    size_t size = (size_t)image->width * (size_t)image->height * (size_t)image->channels;
    char *text = json_dumps(figure, JSON_COMPACT);
    cr_expect_str_eq(il_sha256(image->pixels, size).hex, json_string_value(json_object_get(figure, "sha256")),
                     "%s: other bytes for %s", what, text);
    free(text);
}

static int whole(json_t *figure, const char *key)
{
    return (int)json_integer_value(json_object_get(figure, key));
}

Test(image_shapes, grey_as_pillow)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i;
    json_array_foreach(list(root, "greys", 3), i, figure)
    {
        il_err e = { 0 };
        il_image in = picture(figure), out = { 0 };
        cr_assert_eq(il_image_to_grey(&out, &in, &e), IL_OK, "%s", e.message);
        cr_expect(out.channels == 1 && out.width == in.width && out.height == in.height);
        expect_bytes(&out, figure, "grey");
        il_image_free(&in);
        il_image_free(&out);
    }
    json_decref(root);
}

Test(image_shapes, maximum_as_scipy)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i;
    json_array_foreach(list(root, "maxima", 30), i, figure)
    {
        il_err e = { 0 };
        il_image in = picture(figure), out = { 0 };
        cr_assert_eq(il_image_maximum(&out, &in, whole(figure, "size"), &e), IL_OK, "%s", e.message);
        expect_bytes(&out, figure, "maximum");
        il_image_free(&in);
        il_image_free(&out);
    }
    json_decref(root);
}

Test(image_shapes, plain_resize_as_opencv)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i;
    json_array_foreach(list(root, "resizes", 60), i, figure)
    {
        il_err e = { 0 };
        il_image in = picture(figure), out = { 0 };
        cr_assert_eq(il_image_resize_plain(&out, &in, whole(figure, "width"), whole(figure, "height"), &e), IL_OK, "%s",
                     e.message);
        cr_expect(out.width == whole(figure, "width") && out.height == whole(figure, "height"));
        expect_bytes(&out, figure, "resize");
        il_image_free(&in);
        il_image_free(&out);
    }
    json_decref(root);
}

/* The mask is 255 within box (both ends inclusive; none: JSON null) and 0 elsewhere. */
static void expect_box(const il_image *mask, json_t *box, const char *what)
{
    int left = mask->width, top = mask->height, right = -1, bottom = -1;
    if (!json_is_null(box)) {
        left = (int)json_integer_value(json_array_get(box, 0));
        top = (int)json_integer_value(json_array_get(box, 1));
        right = (int)json_integer_value(json_array_get(box, 2));
        bottom = (int)json_integer_value(json_array_get(box, 3));
    }
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++) {
            int want = x >= left && x <= right && y >= top && y <= bottom ? 255 : 0;
            int got = mask->pixels[y * mask->width + x];
            cr_assert_eq(got, want, "%s: %d at (%d, %d), expected %d", what, got, x, y, want);
        }
}

Test(image_shapes, rectangle_as_pillow)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i;
    json_array_foreach(list(root, "rectangles", 14), i, figure)
    {
        il_image mask = { 0 };
        json_t *corners = json_object_get(figure, "corners");
        int at[4];
        for (size_t k = 0; k < 4; k++)
            at[k] = (int)json_number_value(json_array_get(corners, k)); /* Pillow cuts to whole numbers too */
        cr_assert_eq(il_image_new(&mask, 20, 15, 1, NULL), IL_OK);
        memset(mask.pixels, 0, 300);
        il_image_rectangle(&mask, at[0], at[1], at[2], at[3]);
        char *what = json_dumps(corners, 0);
        expect_box(&mask, json_object_get(figure, "drawn"), what);
        free(what);
        il_image_free(&mask);
    }
    json_decref(root);
}

/* Pillow refuses such corners; here nothing is drawn. */
Test(image_shapes, reversed_rectangle_is_nothing)
{
    il_image mask = { 0 };
    json_t *none = json_null();
    cr_assert_eq(il_image_new(&mask, 8, 8, 1, NULL), IL_OK);
    memset(mask.pixels, 0, 64);
    il_image_rectangle(&mask, 5, 2, 3, 6);
    il_image_rectangle(&mask, 2, 6, 5, 3);
    expect_box(&mask, none, "reversed");
    il_image_free(&mask);
}

Test(image_shapes, random_rectangles_as_python)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i;
    json_array_foreach(list(root, "random", 200), i, figure)
    {
        il_err e = { 0 };
        il_image mask = { 0 };
        int64_t n[8];
        for (size_t k = 0; k < 8; k++)
            n[k] = json_integer_value(json_array_get(figure, k));
        cr_assert_eq(il_image_random_rectangle(&mask, (int)n[0], (int)n[1], (int)n[2], (uint64_t)n[3], &e), IL_OK, "%s",
                     e.message);
        json_t *box = json_pack("[I, I, I, I]", (json_int_t)n[4], (json_int_t)n[5], (json_int_t)n[6], (json_int_t)n[7]);
        char *what = json_dumps(figure, 0);
        cr_assert(mask.width == n[0] && mask.height == n[1] && mask.channels == 1, "%s", what);
        expect_box(&mask, box, what);
        free(what);
        json_decref(box);
        il_image_free(&mask);
    }
    json_decref(root);
}

Test(image_shapes, invert_is_its_own_inverse)
{
    json_t *figure = json_pack("{s:s}", "file", "noise.png");
    il_image image = picture(figure), same = picture(figure);
    il_image_invert(&image);
    for (int i = 0; i < 47 * 61 * 3; i++)
        cr_assert_eq(image.pixels[i], 255 - same.pixels[i]);
    il_image_invert(&image);
    cr_assert_eq(memcmp(image.pixels, same.pixels, 47 * 61 * 3), 0);
    il_image_free(&image);
    il_image_free(&same);
    json_decref(figure);
}

static void expect_refusal(int rc, int code, const il_err *e, const il_image *out, const char *part)
{
    cr_expect_eq(rc, code, "%d", rc);
    cr_expect(strstr(e->message, part), "%s", e->message);
    cr_expect_null(out->pixels);
}

Test(image_shapes, refuses_what_cannot_be)
{
    il_image in = { 0 }, empty = { 0 }, out = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_new(&in, 4, 4, 1, &e), IL_OK);
    memset(in.pixels, 0, 16);
    expect_refusal(il_image_maximum(&out, &in, 4, &e), IL_EPARAM, &e, &out, "size 4; expected an odd size");
    expect_refusal(il_image_maximum(&out, &in, -1, &e), IL_EPARAM, &e, &out, "size -1; expected an odd size");
    expect_refusal(il_image_maximum(&out, &empty, 3, &e), IL_EPARAM, &e, &out, "the image is empty");
    expect_refusal(il_image_to_grey(&out, &empty, &e), IL_EPARAM, &e, &out, "the image is empty");
    expect_refusal(il_image_resize_plain(&out, &empty, 2, 2, &e), IL_EPARAM, &e, &out, "the image is empty");
    expect_refusal(il_image_resize_plain(&out, &in, 0, 2, &e), IL_EPARAM, &e, &out, "0x2 pixels");
    expect_refusal(il_image_resize_plain(&out, &in, 2000000, 2000000, &e), IL_EPARAM, &e, &out, "2000000x2000000");
    expect_refusal(il_image_random_rectangle(&out, 127, 512, 64, 1, &e), IL_EDATA, &e, &out,
                   "127x512 pixels is too small for the random rectangle; expected at least 128 pixels a side");
    expect_refusal(il_image_random_rectangle(&out, 512, 90, 64, 1, &e), IL_EDATA, &e, &out, "512x90");
    il_image_free(&in);
}
