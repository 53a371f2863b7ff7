/* roofline.h - a benchmark's stages under the device's roofline, as a drawing. */
#ifndef IL_BENCH_ROOFLINE_H
#define IL_BENCH_ROOFLINE_H

#include "base/text.h"
#include "bench/against.h"

/* Appends an SVG file: on logarithmic axes counted operations for each byte moved, and operations per second; the line is what the
 * device's peak and its bandwidth allow. Stages of which both are counted are points; with `against` (NULL: none) those of the
 * earlier figures are rings. IL_EDATA: there is no such stage. */
int il_bench_roofline(il_text *svg, const il_bench *b, const il_bench_opts *o, const il_bench_against *against,
                      il_err *e);

#endif
