/* bench_peak.h - what the device can do at best: the two sides of a roofline. */
#ifndef IL_BENCH_BENCH_PEAK_H
#define IL_BENCH_BENCH_PEAK_H

#include "plugin/model.h"

/* Operations per second of the fastest of a few dense products and convolutions on the device. */
int il_bench_peak_flops(double *flops, il_model_opts how, il_err *e);

/* Bytes per second, read and written, of the fastest of a few additions of large tensors. */
int il_bench_peak_bandwidth(double *bytes, il_model_opts how, il_err *e);

#endif
