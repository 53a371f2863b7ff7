/* test_patch_hole.c - what is filled, and from where. */
#include <criterion/criterion.h>
#include <string.h>
#include "patch_hole.h"

enum { SIDE = 64 };

static uint8_t pixels[SIDE * SIDE * 3], before[SIDE * SIDE * 3], greys[SIDE * SIDE];

/* Stripes along x, so that a strip from above or below fits without a difference. */
static void draw(int left, int top, int right, int bottom, bool hollow)
{
    memset(greys, 0, sizeof greys);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            bool in = x >= left && x < right && y >= top && y < bottom;
            bool edge = x < left + 3 || x >= right - 3 || y < top + 3 || y >= bottom - 3;
            greys[y * SIDE + x] = in && (edge || !hollow) ? 255 : in ? 254 : 0;
            for (int c = 0; c < 3; c++)
                pixels[(y * SIDE + x) * 3 + c] = in ? 9 : (uint8_t)(x * 4 + c);
        }
    memcpy(before, pixels, sizeof pixels);
}

static void fill(void)
{
    il_image picture = { SIDE, SIDE, 3, pixels }, mask = { SIDE, SIDE, 1, greys };
    patch_hole(&picture, &mask);
}

Test(patch_hole, fills_the_hole_with_what_fits)
{
    draw(10, 20, 30, 40, false);
    fill();
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            cr_assert_eq(pixels[(y * SIDE + x) * 3], x * 4, "%d %d", x, y);
}

/* The box around an irregular mask holds pixels that are not to be painted. */
Test(patch_hole, leaves_alone_what_is_not_masked)
{
    draw(10, 20, 30, 40, true);
    fill();
    for (size_t i = 0; i < SIDE * SIDE; i++)
        for (size_t c = 3 * i; c < 3 * i + 3; c++)
            cr_assert_eq(pixels[c], greys[i] == 255 ? (uint8_t)(i % SIDE * 4 + c % 3) : before[c]);
}

Test(patch_hole, no_hole_and_no_room)
{
    draw(0, 0, 0, 0, false);
    fill();
    cr_assert_eq(memcmp(pixels, before, sizeof pixels), 0);
    draw(2, 2, SIDE - 2, SIDE - 2, false);
    fill();
    cr_assert_eq(memcmp(pixels, before, sizeof pixels), 0);
}
