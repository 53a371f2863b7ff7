/* nccl.c - opens NCCL, sums twice, closes: for together.py, which has a library that takes notes. */
#include <stdio.h>
#include "parallel/nccl.h"

int main(void)
{
    il_err e = { 0 };
    il_world *world = NULL;
    il_nccl *n = NULL;
    double numbers[5] = { 0 };
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = il_world_open(&world, &e);
    if (!rc)
        rc = il_nccl_open(&n, world, &e);
    if (!rc)
        rc = il_nccl_sum(n, numbers, 3, IL_WORLD_F32, (void *)0x70, &e);
    if (!rc)
        rc = il_nccl_sum(n, numbers, 5, IL_WORLD_F64, (void *)0x71, &e);
    if (rc)
        printf("%s\n", e.message);
    il_nccl_close(n);
    il_world_close(world);
    return 0;
}
