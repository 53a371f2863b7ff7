/* options.h - what a benchmark measures. */
#ifndef IL_BENCH_OPTIONS_H
#define IL_BENCH_OPTIONS_H

#include "base/observer.h"
#include "plan/run.h"

enum { IL_BENCH_LOADING = 1, IL_BENCH_EVALUATION = 2, IL_BENCH_TRAINING = 4, IL_BENCH_EPOCH = 8, IL_BENCH_ALL = 15 };
enum { IL_BENCH_MOST_STAGES = 8, IL_BENCH_MOST_REPEATS = 1000, IL_BENCH_WARM_UPS = 2, IL_BENCH_WARM_UPS_GRAPH = 6 };

typedef struct il_bench_opts {
    const il_run *run; /* model, loss, data set, sizes, precision and so on: what is measured */
    il_device device;
    unsigned stages; /* IL_BENCH_… */
    int repeats, threads, loader_threads;
    const char *folder;   /* where a training may write its checkpoints */
    il_observer observer; /* only its stop is used: IL_ECANCEL */
} il_bench_opts;

#endif
