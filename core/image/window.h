/* window.h - crops of images. */
#ifndef IL_IMAGE_WINDOW_H
#define IL_IMAGE_WINDOW_H

#include <stdbool.h>
#include <inpaintlab/image.h>

/* The position of a crop; flip reverses its columns. */
typedef struct il_window {
    int left, top;
    bool flip;
} il_window;

/* Copies all channels of a width x height window, interleaved; pixels outside the image are 0. */
void il_window_cut(uint8_t *to, int width, int height, const il_image *from, il_window w);

#endif
