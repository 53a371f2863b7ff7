/* pixels.h - batches of bytes as tensors. */
#ifndef IL_TORCH_PIXELS_H
#define IL_TORCH_PIXELS_H

#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes through a table: pixels (n,height,width,channels), interleaved -> float32 (n,channels,height,width) of
 * table[byte], channels last in memory. pixels and table may be changed as soon as it returns; a GPU copies them from
 * page-locked memory, on a stream beside its computations. */
il_tensor *il_from_pixels(il_scope *s, const uint8_t *pixels, int64_t n, int64_t height, int64_t width, int channels,
                          const float table[256]);

#ifdef __cplusplus
}
#endif

#endif
