/* cpu.h - the fused operations on the CPU, a part at a time: the shim spreads the parts over its threads. What they return
 * does not depend on how the work was cut into parts of the same size. */
#ifndef IL_TORCH_KERNELS_CPU_H
#define IL_TORCH_KERNELS_CPU_H

#include "torch/kernels/pixel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Floats of room that il_cpu_residual needs for so many rows. */
int64_t il_cpu_residual_room(int64_t width, int64_t rows);

/* The residual of rows [from, to) of one picture; out has the picture's layout. range NULL: the filters themselves. Else the
 * published form before its min-max, and the least and the largest value go to range[0] and [1]. */
void il_cpu_residual(float *out, float *range, const float *image, il_pixel_picture picture, int64_t from, int64_t to,
                     float *room);

/* Min-max of `count` numbers in place. */
void il_cpu_stretch(float *values, int64_t count, float low, float high);

/* The sum of the losses of `count` pixels. */
double il_cpu_focal_sum(const float *logit, const float *target, int64_t count, il_pixel_focal f);
/* Their derivatives times scale. */
void il_cpu_focal_slopes(float *out, const float *logit, const float *target, int64_t count, il_pixel_focal f,
                         float scale);

/* Adds `count` pixels of one picture to its counts [2][IL_SCORE_BINS]. */
void il_cpu_count(int64_t *cells, const float *logit, const float *target, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
