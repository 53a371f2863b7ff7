/* orient.h - turns a picture the way its EXIF orientation says. */
#ifndef IL_DETECT_ORIENT_H
#define IL_DETECT_ORIENT_H

#include <inpaintlab/image.h>

/* In place; 1 changes nothing, 5 to 8 swap the sides. Needs room for a second copy. */
int il_orient_apply(il_image *image, int orientation, il_err *e);

#endif
