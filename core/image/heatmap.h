/* heatmap.h - scores and masks as images for people. */
#ifndef IL_IMAGE_HEATMAP_H
#define IL_IMAGE_HEATMAP_H

#include <inpaintlab/image.h>

/* Scores (one channel) in colours from dark violet over red to light yellow, of evenly rising lightness. */
int il_heatmap_scores(il_image *out, const il_image *score, il_err *e);

/* Tints the marked pixels of an RGB photo and outlines them, in place. mask: one channel, 0 or 255. */
int il_heatmap_overlay(il_image *photo, const il_image *mask, il_err *e);

#endif
