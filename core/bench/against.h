/* against.h - a benchmark beside the figures of an earlier one, as `bench --json` printed them. */
#ifndef IL_BENCH_AGAINST_H
#define IL_BENCH_AGAINST_H

#include <stdio.h>
#include "base/json.h"
#include "bench/bench.h"

typedef struct il_bench_against {
    const char *path; /* of the file; must outlive it */
    json_t *root;     /* NULL: nothing to compare with */
} il_bench_against;

/* Reads the file and refuses one that did other work than `o` asks for (model and its settings, batch, size, crop,
 * precision). Start with {0}; free it in any case. */
int il_bench_against_read(il_bench_against *out, const char *path, const il_bench_opts *o, il_err *e);
void il_bench_against_free(il_bench_against *a);

/* The speed of a stage divided by the earlier one: medians; low and high are the slowest now by the fastest then and the
 * other way round. False where the file lacks the stage. */
bool il_bench_against_ratio(il_spread *out, const il_bench_against *a, const il_bench_stage *stage);

/* Where a stage lies on a roofline: counted operations for each byte, and per second. */
typedef struct il_bench_point {
    double intensity, rate;
} il_bench_point;

/* Zeros where the file lacks the stage or its counts, or a is NULL. */
il_bench_point il_bench_against_point(const il_bench_against *a, const char *stage);

void il_bench_against_print(FILE *to, const il_bench_against *a, const il_bench *b, const il_bench_opts *o);
json_t *il_bench_against_json(const il_bench_against *a, const il_bench *b); /* NULL: out of memory */

#endif
