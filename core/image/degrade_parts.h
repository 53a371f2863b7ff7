/* degrade_parts.h - the single degradations, as degrade.c calls them: a new picture each. */
#ifndef IL_DEGRADE_PARTS_H
#define IL_DEGRADE_PARTS_H

#include <inpaintlab/image.h>
#include "image/degradation.h"

/* As Pillow's save(quality=) writes and open() reads it: baseline, 4:2:0; a grey picture stays grey. */
int il_degrade_jpeg(il_image *out, const il_image *in, int quality, const char *id, il_err *e);
/* Twice. With shift, the blocks of the first compression lie 0 to 7 pixels off, across and down. */
int il_degrade_double_jpeg(il_image *out, const il_image *in, const il_degradation *d, uint64_t seed, const char *id,
                           il_err *e);
/* As Pillow's save(quality=) writes it: lossy. */
int il_degrade_webp(il_image *out, const il_image *in, int quality, const char *id, il_err *e);

/* Gaussian blur as OpenCV's GaussianBlur(ksize, sigma 0) of 8-bit pictures: equal bytes. size is odd. */
int il_degrade_blur(il_image *out, const il_image *in, int size, il_err *e);
/* Adds independent Gaussian numbers of that deviation to every value, then rounds and clips. */
int il_degrade_noise(il_image *out, const il_image *in, double deviation, uint64_t seed, il_err *e);

/* Both keep the sides at one pixel or more. */
int il_degrade_resize(il_image *image, il_image *mask, double factor, il_err *e);
int il_degrade_crop(il_image *image, il_image *mask, double kept, uint64_t seed, il_err *e);

#endif
