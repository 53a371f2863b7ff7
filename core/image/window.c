/* window.c - crops of images. */
#include <string.h>
#include "image/window.h"

static void copy_backwards(uint8_t *to, const uint8_t *from, size_t count, size_t step)
{
    for (size_t x = 0; x < count; x++)
        for (size_t c = 0; c < step; c++)
            to[(count - 1 - x) * step + c] = from[x * step + c];
}

void il_window_cut(uint8_t *to, int width, int height, const il_image *from, il_window w)
{
    int wide = from->width - w.left < width ? from->width - w.left : width;
    int high = from->height - w.top < height ? from->height - w.top : height;
    size_t step = (size_t)from->channels, line = (size_t)width * step, seen = (size_t)wide * step;
    for (int y = 0; y < height; y++, to += line) {
        if (y >= high) {
            memset(to, 0, line);
            continue;
        }
        const uint8_t *row = from->pixels + ((size_t)(w.top + y) * (size_t)from->width + (size_t)w.left) * step;
        memset(w.flip ? to : to + seen, 0, line - seen);
        if (w.flip)
            copy_backwards(to + line - seen, row, (size_t)wide, step);
        else
            memcpy(to, row, seen);
    }
}
