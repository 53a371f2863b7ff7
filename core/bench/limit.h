/* limit.h - what bounds the speed of a measured stage: a roofline's two sides, and the pictures that an epoch waits for. */
#ifndef IL_BENCH_LIMIT_H
#define IL_BENCH_LIMIT_H

#include "bench/bench.h"

/* Of one repeat: the counted operations at the device's peak, and the counted bytes at its bandwidth, in seconds. No
 * program that makes the same tensors is faster than the longer one. 0: not counted. */
typedef struct il_bench_limit {
    double compute, memory;
    double share; /* of the longer one in the measured time */
} il_bench_limit;

il_bench_limit il_bench_limit_of(const il_bench *b, const il_bench_stage *stage);

/* NULL: the longer one is not known. */
const char *il_bench_limit_name(il_bench_limit limit);

/* The share of an epoch on files in which steps were not running, as they do on one batch; NAN: not measured. */
double il_bench_waiting(const il_bench *b);

const il_bench_stage *il_bench_stage_named(const il_bench *b, const char *name); /* NULL: not measured */

#endif
