/* bench.h - measures the speed of loading, evaluation, training and whole epochs on this machine. */
#ifndef IL_BENCH_BENCH_H
#define IL_BENCH_BENCH_H

#include "bench/options.h"

typedef struct il_bench_stage {
    const char *name; /* static */
    double *seconds;  /* of each repeat */
    size_t repeats;
    int64_t images;  /* of one repeat */
    int64_t flops;   /* of one repeat; 0: not counted */
    int64_t moved;   /* bytes: each tensor that a repeat makes, written and read once; 0: not counted */
    int64_t tensors; /* peak bytes of tensors besides the model; -1: not measured */
    int64_t process; /* peak resident bytes of the process; -1: not measured */
    int64_t growth;  /* increase of that over the state before */
} il_bench_stage;

typedef struct il_bench {
    il_bench_stage stages[IL_BENCH_MOST_STAGES];
    size_t count;
    double peak;      /* operations per second of the fastest dense product or convolution */
    double bandwidth; /* bytes per second that an addition of two large tensors reads and writes */
    int64_t parameters;
} il_bench;

int il_bench_run(il_bench *out, const il_bench_opts *o, il_err *e);
void il_bench_free(il_bench *b);

typedef struct il_spread {
    double median, low, high;
} il_spread;
il_spread il_bench_speed(const il_bench_stage *stage); /* images per second */

#endif
