/* window.h - square crops of images. */
#ifndef IL_IMAGE_WINDOW_H
#define IL_IMAGE_WINDOW_H

#include <stdbool.h>
#include <inpaintlab/image.h>

/* The position of a square crop; flip reverses its columns. */
typedef struct il_window {
    int left, top;
    bool flip;
} il_window;

/* Copies all channels of a side x side window, interleaved; pixels outside the image are 0. */
void il_window_cut(uint8_t *to, int side, const il_image *from, il_window w);

#endif
