/* orientation.h - rotates and mirrors an image according to its EXIF orientation. */
#ifndef IL_IMAGE_ORIENTATION_H
#define IL_IMAGE_ORIENTATION_H

#include <inpaintlab/image.h>

/* Replaces *image; 1 changes nothing, 5 to 8 swap width and height. Needs memory for a second copy. */
int il_orientation_apply(il_image *image, int orientation, il_err *e);
/* What it does to a size. */
void il_orientation_turn_size(int *width, int *height, int orientation);

#endif
