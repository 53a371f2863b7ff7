/* window.h - squares cut out of pictures. */
#ifndef IL_IMAGE_WINDOW_H
#define IL_IMAGE_WINDOW_H

#include <stdbool.h>
#include <inpaintlab/image.h>

/* A square cut out of a picture; columns may run backwards. */
typedef struct il_window {
    int left, top;
    bool flip;
} il_window;

/* All channels of a window of side x side, interleaved; what lies outside the picture is 0. */
void il_window_cut(uint8_t *to, int side, const il_image *from, il_window w);

#endif
