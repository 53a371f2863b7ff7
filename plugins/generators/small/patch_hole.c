/* patch_hole.c - gives a hole the texture of what lies beside it; for rectangles byte for byte as
 * patch_hole of tools/train-generators. */
#include "patch_hole.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE = 6, LEAST_STEP = 16 };

struct box {
    int top, bottom, left, right;
};

static uint8_t *pixel(const il_image *p, int x, int y)
{
    return p->pixels + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
}

/* Adds how much row y, columns [from, to), differs from its source (dy, dx) further on, where that lies outside hole. */
static void add_difference(int64_t cost[2], const il_image *p, struct box hole, int y, int from, int to, int dy, int dx)
{
    int sy = y + dy;
    if (sy < 0 || sy >= p->height)
        return;
    for (int x = from < 0 ? 0 : from; x < to && x < p->width; x++) {
        int sx = x + dx;
        bool in_hole = sy >= hole.top && sy < hole.bottom && sx >= hole.left && sx < hole.right;
        if (sx < 0 || sx >= p->width || in_hole)
            continue;
        const uint8_t *a = pixel(p, x, y), *b = pixel(p, sx, sy);
        cost[0] += abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]);
        cost[1]++;
    }
}

/* Over the frame of EDGE pixels around the hole: total difference, and pixels compared. */
static void frame_cost(int64_t cost[2], const il_image *p, struct box hole, int dy, int dx)
{
    cost[0] = cost[1] = 0;
    for (int y = hole.top - EDGE; y < hole.bottom + EDGE; y++) {
        if (y < 0 || y >= p->height)
            continue;
        if (y < hole.top || y >= hole.bottom) {
            add_difference(cost, p, hole, y, hole.left - EDGE, hole.right + EDGE, dy, dx);
        } else {
            add_difference(cost, p, hole, y, hole.left - EDGE, hole.left, dy, dx);
            add_difference(cost, p, hole, y, hole.right, hole.right + EDGE, dy, dx);
        }
    }
}

/* The step to the best of the four sides; false if none offers LEAST_STEP pixels. */
static bool choose_step(int *dy, int *dx, const il_image *p, struct box hole)
{
    int height = hole.bottom - hole.top, width = hole.right - hole.left;
    const int room[4] = { hole.top, p->height - hole.bottom, hole.left, p->width - hole.right };
    static const int sign[4] = { -1, 1, -1, 1 };
    int64_t best[2] = { 0, 0 };
    for (int i = 0; i < 4; i++) {
        int extent = i < 2 ? height : width, length = extent < room[i] ? extent : room[i];
        int64_t cost[2];
        if (length < LEAST_STEP)
            continue;
        int y = i < 2 ? sign[i] * length : 0, x = i < 2 ? 0 : sign[i] * length;
        frame_cost(cost, p, hole, y, x);
        if (!cost[1] || (best[1] && cost[0] * best[1] >= best[0] * cost[1]))
            continue;
        memcpy(best, cost, sizeof best);
        *dy = y;
        *dx = x;
    }
    return best[1] > 0;
}

/* Bounding box of the pixels that are 255. */
static struct box hole_of(const il_image *mask)
{
    struct box b = { mask->height, 0, mask->width, 0 };
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            if (mask->pixels[y * mask->width + x] == 255) {
                b.top = y < b.top ? y : b.top;
                b.bottom = y + 1;
                b.left = x < b.left ? x : b.left;
                b.right = x + 1 > b.right ? x + 1 : b.right;
            }
    return b;
}

void patch_hole(il_image *p, const il_image *mask)
{
    struct box hole = hole_of(mask);
    int dy = 0, dx = 0;
    if (!hole.bottom || !choose_step(&dy, &dx, p, hole))
        return;
    int height = hole.bottom - hole.top, width = hole.right - hole.left;
    for (int i = 0; i < height; i++) { /* begin where the source lies: what is read is known, or filled before */
        int y = dy > 0 ? hole.bottom - 1 - i : hole.top + i;
        for (int j = 0; j < width; j++) {
            int x = dx > 0 ? hole.right - 1 - j : hole.left + j;
            if (mask->pixels[y * mask->width + x] == 255)
                memcpy(pixel(p, x, y), pixel(p, x + dx, y + dy), 3);
        }
    }
}
