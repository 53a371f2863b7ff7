#include <math.h>
#include <string.h>
#include <inpaintlab/convert.h>
#include "support/figures.h"

Test(convert, bytes_become_planes_of_hundredths)
{
    il_image image = { 0 };
    float values[24];
    cr_assert_eq(il_image_new(&image, 4, 2, 3, NULL), IL_OK);
    for (int i = 0; i < 24; i++)
        image.pixels[i] = (uint8_t)(i * 11);
    il_scope *s = figures_scope(false, false);
    il_tensor *t = il_convert_to_tensor(s, &image);
    cr_assert_not_null(t);
    cr_assert(il_ndim(t) == 4 && il_dim(t, 0) == 1 && il_dim(t, 1) == 3 && il_dim(t, 2) == 2 && il_dim(t, 3) == 4);
    cr_assert_eq(il_read_f32(t, values, 24, NULL), IL_OK);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 8; i++)
            cr_assert_eq(values[c * 8 + i], (float)((i * 3 + c) * 11) / 255.0F, "channel %d, pixel %d", c, i);
    il_scope_close(s);
    il_image_free(&image);
}

/* Every byte survives both ways, grey and RGB. */
Test(convert, there_and_back)
{
    for (int channels = 1; channels <= 3; channels += 2) {
        il_image image = { 0 }, back = { 0 };
        il_err e = { 0 };
        cr_assert_eq(il_image_new(&image, 32, 8, channels, &e), IL_OK);
        for (int i = 0; i < 256 * channels; i++)
            image.pixels[i] = (uint8_t)(i * 7 + i / 256);
        il_scope *s = figures_scope(false, false);
        cr_assert_eq(il_convert_to_image(&back, il_convert_to_tensor(s, &image), 0, &e), IL_OK, "%s", e.message);
        cr_assert(back.width == 32 && back.height == 8 && back.channels == channels);
        cr_assert_eq(memcmp(back.pixels, image.pixels, (size_t)(256 * channels)), 0);
        il_scope_close(s);
        il_image_free(&image);
        il_image_free(&back);
    }
}

Test(convert, rounds_as_numpy)
{
    json_t *root = figures_load("image_shapes/figures.json"), *figures = json_object_get(root, "tensors");
    json_t *given = json_object_get(figures, "values"), *wanted = json_object_get(figures, "bytes");
    int n = (int)json_array_size(given);
    float values[64];
    cr_assert(n >= 12 && n <= 64);
    for (int i = 0; i < n; i++)
        values[i] = (float)json_number_value(json_array_get(given, (size_t)i));
    il_scope *s = figures_scope(false, false);
    il_image out = { 0 };
    il_err e = { 0 };
    il_tensor *t = il_from_f32(s, values, 4, (int64_t[]){ 1, 1, 1, n });
    cr_assert_eq(il_convert_to_image(&out, t, 0, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < n; i++)
        cr_expect_eq(out.pixels[i], json_integer_value(json_array_get(wanted, (size_t)i)), "%g became %d",
                     (double)values[i], out.pixels[i]);
    il_image_free(&out);
    il_scope_close(s);
    json_decref(root);
}

/* Picture 1 of two, in half precision, with values beyond the range. */
Test(convert, one_of_a_batch)
{
    const float values[] = { 0, 0, 0, 0, 0, 0, 1, 0.5F, -3, INFINITY, 0.25F, 0 };
    const uint8_t wanted[] = { 255, 0, 64, 128, 255, 0 }; /* two pixels of RGB */
    il_scope *s = figures_scope(false, false);
    il_image out = { 0 };
    il_err e = { 0 };
    il_tensor *t = il_to(s, il_from_f32(s, values, 4, (int64_t[]){ 2, 3, 1, 2 }), IL_DTYPE_F16);
    cr_assert_eq(il_convert_to_image(&out, t, 1, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < 6; i++)
        cr_expect_eq(out.pixels[i], wanted[i], "byte %d is %d", i, out.pixels[i]);
    il_image_free(&out);
    il_scope_close(s);
}

Test(convert, refusals)
{
    const float values[] = { 0, 1, NAN, 0 };
    il_scope *s = figures_scope(false, false);
    il_image out = { 0 };
    il_err e = { 0 };
    il_tensor *nan = il_from_f32(s, values, 4, (int64_t[]){ 1, 1, 2, 2 });
    cr_expect_eq(il_convert_to_image(&out, nan, 0, &e), IL_EFORMAT);
    cr_expect_str_eq(e.message, "image 0 has NaN at column 0, row 1, channel 0");
    cr_expect_eq(il_convert_to_image(&out, nan, 1, &e), IL_EPARAM);
    cr_expect(strstr(e.message, "has no image 1"), "%s", e.message);
    cr_expect_eq(il_convert_to_image(&out, il_from_f32(s, values, 2, (int64_t[]){ 2, 2 }), 0, &e), IL_EPARAM);
    cr_expect_eq(il_convert_to_image(&out, il_from_f32(s, values, 4, (int64_t[]){ 1, 4, 1, 1 }), 0, &e), IL_EPARAM);
    cr_expect_eq(il_convert_to_image(&out, NULL, 0, &e), IL_EPARAM);
    cr_expect_null(out.pixels);
    cr_expect_null(il_convert_to_tensor(s, &out));
    cr_expect_eq(il_scope_status(s, &e), IL_EPARAM);
    cr_expect(strstr(e.message, "the picture is empty"), "%s", e.message);
    cr_expect_null(il_convert_to_tensor(NULL, &out));
    il_scope_close(s);
}
