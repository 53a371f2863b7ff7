/* heatmap.c: lightness rises with the score; the overlay changes the marked pixels and a line around them, nothing else. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include "image/heatmap.h"

static double linear(uint8_t v)
{
    double u = v / 255.0;
    return u <= 0.04045 ? u / 12.92 : pow((u + 0.055) / 1.055, 2.4);
}

/* CIE L*, by another way than the map was made. */
static double lightness(const uint8_t *rgb)
{
    double y = 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
    return y > 216.0 / 24389 ? 116 * cbrt(y) - 16 : y * 24389 / 27;
}

Test(show, heat_rises_evenly)
{
    il_image score = { 0 }, heat = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_new(&score, 256, 1, 1, &e), IL_OK);
    for (int i = 0; i < 256; i++)
        score.pixels[i] = (uint8_t)i;
    cr_assert_eq(il_heatmap_scores(&heat, &score, &e), IL_OK);
    cr_assert(heat.channels == 3 && heat.width == 256);
    for (int i = 8; i < 256; i++) {
        double step = lightness(heat.pixels + 3 * i) - lightness(heat.pixels + 3 * (i - 8));
        cr_expect(step > 0.5 && step < 6, "from %d to %d: %g", i - 8, i, step);
    }
    cr_expect(lightness(heat.pixels) < 10);
    cr_expect(lightness(heat.pixels + 3 * 255) > 85);
    il_image_free(&score);
    il_image_free(&heat);
}

Test(show, overlay_leaves_the_rest_alone)
{
    il_image photo = { 0 }, mask = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_image_new(&photo, 60, 40, 3, &e), IL_OK);
    cr_assert_eq(il_image_new(&mask, 60, 40, 1, &e), IL_OK);
    memset(photo.pixels, 100, 60 * 40 * 3);
    memset(mask.pixels, 0, 60 * 40);
    il_image_rectangle(&mask, 20, 10, 39, 29);
    mask.pixels[35 * 60 + 50] = 255; /* a speck is tinted, without a line */
    cr_assert_eq(il_heatmap_overlay(&photo, &mask, &e), IL_OK);
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 60; x++) {
            const uint8_t *p = photo.pixels + 3 * (y * 60 + x);
            bool inside = x >= 20 && x < 40 && y >= 10 && y < 30;
            bool line = !inside && x >= 19 && x < 41 && y >= 9 && y < 31;
            bool far = x < 18 || x >= 42 || y < 8 || y >= 32;
            if (inside || (x == 50 && y == 35))
                cr_assert(p[0] > 130 && p[1] < 80, "%d %d: %d %d", x, y, p[0], p[1]);
            else if (line)
                cr_assert(p[0] == 255 && p[1] == 240 && p[2] == 0, "%d %d", x, y);
            else if (far)
                cr_assert(p[0] == 100 && p[1] == 100 && p[2] == 100, "%d %d", x, y);
        }
    il_image_free(&photo);
    il_image_free(&mask);
}
