/* nccl.c - opens NCCL, sums twice, closes: for together.py, which has a library that takes notes. */
#include <stdio.h>
#include "parallel/nccl.h"

int main(void)
{
    il_err e = { 0 };
    il_ranks *ranks = NULL;
    il_nccl *n = NULL;
    double numbers[5] = { 0 };
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = il_ranks_open(&ranks, &e);
    if (!rc)
        rc = il_nccl_open(&n, ranks, &e);
    if (!rc)
        rc = il_nccl_sum(n, numbers, 3, IL_RANKS_F32, (void *)0x70, &e);
    if (!rc)
        rc = il_nccl_sum(n, numbers, 5, IL_RANKS_F64, (void *)0x71, &e);
    if (rc)
        printf("%s\n", e.message);
    il_nccl_close(n);
    il_ranks_close(ranks);
    return 0;
}
