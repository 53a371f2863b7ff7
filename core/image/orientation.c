/* orientation.c - the eight EXIF orientations. */
#include <stdbool.h>
#include <string.h>
#include "image/orientation.h"

/* How the upright image is read from the stored one. */
struct turn {
    bool swap;          /* rows are stored as columns */
    bool right, bottom; /* the stored column (row) is reversed */
};

static const struct turn turns[9] = {
    [2] = { false, true, false }, [3] = { false, true, true }, [4] = { false, false, true },
    [5] = { true, false, false }, [6] = { true, false, true }, [7] = { true, true, true },
    [8] = { true, true, false },
};

void il_orientation_turn_size(int *width, int *height, int orientation)
{
    int stored = *width;
    if (orientation < 5 || orientation > 8)
        return;
    *width = *height;
    *height = stored;
}

int il_orientation_apply(il_image *image, int orientation, il_err *e)
{
    if (orientation < 2 || orientation > 8)
        return IL_OK;
    struct turn t = turns[orientation];
    il_image out = { 0 };
    int rc = il_image_new(&out, t.swap ? image->height : image->width, t.swap ? image->width : image->height,
                          image->channels, e);
    if (rc)
        return rc;
    size_t channels = (size_t)image->channels;
    uint8_t *to = out.pixels;
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++, to += channels) {
            int column = t.swap ? y : x, row = t.swap ? x : y;
            if (t.right)
                column = image->width - 1 - column;
            if (t.bottom)
                row = image->height - 1 - row;
            memcpy(to, image->pixels + ((size_t)row * (size_t)image->width + (size_t)column) * channels, channels);
        }
    il_image_free(image);
    *image = out;
    return IL_OK;
}
