/* tiled_inference.h - a model applied to a whole image, tile by tile. */
#ifndef IL_PLUGIN_TILED_INFERENCE_H
#define IL_PLUGIN_TILED_INFERENCE_H

#include <inpaintlab/image.h>
#include "plugin/model.h"

typedef struct il_tiled_inference_opts {
    int tile, overlap;                                   /* pixels */
    int batch;                                           /* tiles per forward pass */
    double threshold;                                    /* in (0, 1): pixels with higher scores are marked */
    void (*progress)(void *context, int done, int rows); /* after each row of tiles; NULL: none */
    void *context;
} il_tiled_inference_opts;

typedef struct il_tiled_inference_result {
    il_image score; /* one channel: probability * 255, rounded */
    il_image mask;  /* one channel: 255 where marked, thresholded before rounding */
    int64_t marked; /* pixels above the threshold */
} il_tiled_inference_result;

/* photo is RGB. Logits are blended where tiles overlap; a side shorter than a tile is padded with black, as in training. */
int il_tiled_inference_run(il_tiled_inference_result *out, const il_model *m, const il_image *photo,
                           il_tiled_inference_opts o, il_err *e);
void il_tiled_inference_free(il_tiled_inference_result *r);

/* Memory that il_tiled_inference_run needs besides result and model, in bytes. */
int64_t il_tiled_inference_bytes(int width, il_tiled_inference_opts o);

#endif
