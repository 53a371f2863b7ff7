/* cuda.h - what libinpaintlab_cuda.so exports: the fused operations on a GPU. It is built when nvcc is there and loaded by
 * the shim when a GPU is. All pointers but tables are the device's; work is queued on the stream and not waited for. */
#ifndef IL_TORCH_KERNELS_CUDA_H
#define IL_TORCH_KERNELS_CUDA_H

#include "torch/kernels/pixel.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { IL_CUDA_VERSION = 2, IL_CUDA_PARTS = 256 };

/* Functions return 0 or CUDA's error code. */
typedef struct il_cuda_table {
    int version; /* first, and checked before anything is called */
    const char *(*explain)(int code);
    int (*usable)(int device); /* 0: these kernels can run there */

    /* (N,3,H,W); range NULL: the filters, else the published form, with 2 zeroed words of room per picture. */
    int (*residual)(float *out, uint32_t *range, const float *image, int64_t pictures, il_pixel_picture picture,
                    int device, void *stream);
    /* *out = mean of the losses; room of IL_CUDA_PARTS doubles. */
    int (*focal_mean)(float *out, double *room, const float *logit, const float *target, int64_t count,
                      il_pixel_focal f, int device, void *stream);
    /* The mean's derivatives times *scale. */
    int (*focal_slopes)(float *out, const float *scale, const float *logit, const float *target, int64_t count,
                        il_pixel_focal f, int device, void *stream);
    /* Adds to cells (pictures, 2, IL_SCORE_BINS). */
    int (*count)(int64_t *cells, const float *logit, const float *target, int64_t pictures, int64_t pixels, int device,
                 void *stream);
    /* out[i] = table[bytes[i]], table of 256 on the device. */
    int (*look_up)(float *out, const uint8_t *bytes, const float *table, int64_t count, int device, void *stream);
} il_cuda_table;

#ifdef __CUDACC__
extern __attribute__((visibility("default"))) const il_cuda_table il_cuda_kernels;
#endif

#ifdef __cplusplus
}
#endif

#endif
