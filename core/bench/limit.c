/* limit.c - what bounds the speed of a measured stage. */
#include <math.h>
#include <string.h>
#include "bench/limit.h"

il_bench_limit il_bench_limit_of(const il_bench *b, const il_bench_stage *s)
{
    il_bench_limit limit = { 0 };
    const double seconds = (double)s->images / il_bench_speed(s).median;
    if (s->flops > 0 && b->peak > 0)
        limit.compute = (double)s->flops / b->peak;
    if (s->moved > 0 && b->bandwidth > 0)
        limit.memory = (double)s->moved / b->bandwidth;
    if (seconds > 0)
        limit.share = fmax(limit.compute, limit.memory) / seconds;
    return limit;
}

const char *il_bench_limit_name(il_bench_limit limit)
{
    if (limit.compute <= 0 || limit.memory <= 0)
        return NULL;
    return limit.compute >= limit.memory ? "compute" : "memory";
}

const il_bench_stage *il_bench_stage_named(const il_bench *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++) {
        if (strcmp(b->stages[i].name, name) == 0)
            return &b->stages[i];
    }
    return NULL;
}

double il_bench_waiting(const il_bench *b)
{
    const il_bench_stage *files = il_bench_stage_named(b, "epoch on files, later");
    const il_bench_stage *steps = il_bench_stage_named(b, "epoch on one batch");
    if (!files || !steps)
        return NAN;
    return fmax(0, 1 - il_bench_speed(files).median / il_bench_speed(steps).median);
}
