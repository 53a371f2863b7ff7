/* mask_file.h - masks as data sets keep them: which pixels of a picture are inpainted. */
#ifndef IL_IMAGE_MASK_FILE_H
#define IL_IMAGE_MASK_FILE_H

#include <stdbool.h>
#include <inpaintlab/image.h>

/* Where in the file the mask is. */
typedef enum il_mask_channel { IL_MASK_AUTO, IL_MASK_RED, IL_MASK_GREEN, IL_MASK_BLUE, IL_MASK_ALPHA } il_mask_channel;

/* The setting of a data set that chooses it, and its words, in the order above. */
#define IL_MASK_CHANNEL "mask_channel"
#define IL_MASK_CHANNELS "auto|red|green|blue|alpha"
il_mask_channel il_mask_channel_of(const char *word);

/* Which grey levels a mask has: bit grey % 8 of byte grey / 8. */
typedef struct il_mask_levels {
    uint8_t bits[32];
} il_mask_levels;
il_mask_levels il_mask_levels_of(const il_image *mask);
bool il_mask_levels_has(const il_mask_levels *l, int grey);
bool il_mask_levels_two(const il_mask_levels *l); /* at most two */
int il_mask_levels_most(const il_mask_levels *l); /* the greatest; -1: none */

/* Reads a mask as one channel, upright as il_image_read. *changed (NULL allowed): the levels are not those that il_image_read
 * gives in its first channel. By IL_MASK_AUTO, grey levels are read as they are, except that
 *   a file with levels 0 and 1 alone is read as 0 and 255;
 *   16 bits whose values all fit in 8 are read as these;
 *   in a JPEG, levels within 32 of black or white are black or white: compression blurs them;
 *   of colours, the one channel is read that is not empty, or those that are equal everywhere.
 * Other colours, and a picture of one colour with varying transparency, are IL_EDATA: the message names the file and the
 * setting that says where the mask is. */
int il_mask_read(il_image *out, bool *changed, const char *path, il_mask_channel channel, il_err *e);

/* Resizes a mask with its picture: of two levels by the nearest pixel, as torchvision's and OpenCV's NEAREST; others as
 * il_image_resize. */
int il_mask_resize(il_image *out, const il_image *in, int width, int height, il_err *e);

/* Each output pixel takes one input pixel: at its centre (.5, as Pillow), or at its first corner (0, as OpenCV). */
int il_mask_resize_nearest(il_image *out, const il_image *in, int width, int height, double place, il_err *e);

/* Levels below 255 become 0, in a mask or in what is known of one. */
void il_mask_sharpen(il_image *mask);
void il_mask_levels_sharpen(il_mask_levels *l);

#endif
