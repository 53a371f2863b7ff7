/* patch_hole.h - a rough fill, for a generator to blend in. */
#ifndef PATCH_HOLE_H
#define PATCH_HOLE_H

#include <inpaintlab/image.h>

/* Fills the mask's 255s in the RGB picture, in place, with a copy from that side of their bounding box that fits best. A
 * side narrower than the hole is repeated; a picture without 16 pixels on any side stays as it is. */
void patch_hole(il_image *picture, const il_image *mask);

#endif
