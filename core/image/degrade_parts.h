/* degrade_parts.h - the individual degradations, called by degrade.c. */
#ifndef IL_IMAGE_DEGRADE_PARTS_H
#define IL_IMAGE_DEGRADE_PARTS_H

#include <inpaintlab/image.h>
#include "image/degradation.h"

/* As Pillow's save(quality=) writes and open() reads it: baseline, 4:2:0; a grey image stays grey. */
int il_degrade_jpeg(il_image *out, const il_image *in, int quality, const char *id, il_err *e);
/* Compresses twice. With shift, the blocks of the first compression are shifted by 0 to 7 pixels in x and in y. */
int il_degrade_double_jpeg(il_image *out, const il_image *in, const il_degradation *d, uint64_t seed, const char *id,
                           il_err *e);
/* As Pillow's save(quality=) writes it: lossy. */
int il_degrade_webp(il_image *out, const il_image *in, int quality, const char *id, il_err *e);

/* Gaussian blur as OpenCV's GaussianBlur(ksize, sigma 0) on 8-bit images, byte for byte. size is odd. */
int il_degrade_blur(il_image *out, const il_image *in, int size, il_err *e);
/* Adds independent Gaussian noise of that standard deviation to every value, then rounds and clips. */
int il_degrade_noise(il_image *out, const il_image *in, double deviation, uint64_t seed, il_err *e);

/* In both, sides are rounded, and stay at least one pixel. */
int il_degrade_scaled(int side, double factor);
int il_degrade_resize(il_image *image, il_image *mask, double factor, il_err *e);
int il_degrade_crop(il_image *image, il_image *mask, double kept, uint64_t seed, il_err *e);

/* By quarters of a full turn to the left, as Pillow's transpose(ROTATE_90). */
int il_degrade_rotate(il_image *image, il_image *mask, int quarters, il_err *e);
/* Exchanges left and right, or, upright, top and bottom. */
int il_degrade_flip(il_image *image, il_image *mask, bool upright, il_err *e);

/* As torchvision.transforms.functional's adjust_brightness, adjust_contrast and adjust_saturation change tensors of 8 bits: computed
 * in float32, cut off, not rounded. The mean that contrast is measured from may differ from torch's in its last bit. */
void il_degrade_jitter(il_image *image, const il_jitter *jitter);

#endif
