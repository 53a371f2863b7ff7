/* bench_print.h - a benchmark's figures as a table or as JSON. */
#ifndef IL_BENCH_BENCH_PRINT_H
#define IL_BENCH_BENCH_PRINT_H

#include <stdio.h>
#include "bench/against.h"

/* against: figures to compare with; NULL: none. */
int il_bench_print(FILE *to, const il_bench *b, const il_bench_opts *o, const il_bench_against *against, bool json,
                   il_err *e);

#endif
