/* test_shard.c - which part of a grid a process has. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "cluster/shard.h"

static int read(il_shard *out, const char *text)
{
    il_err e = { 0 };
    return il_shard_read(out, text, &e);
}

Test(shard, reads_numbers)
{
    il_shard s = { 0 };
    cr_assert_eq(read(&s, "3/8"), IL_OK);
    cr_assert(s.number == 3 && s.count == 8);
    cr_assert_eq(read(&s, "8/8"), IL_OK);
    const char *const wrong[] = {
        "", "3", "0/8", "9/8", "3/", "/8", "-1/8", "3/8x", "3 /8", "1/1000001", "x/y", "+1/2"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(read(&s, wrong[i]), IL_EUSAGE, "'%s'", wrong[i]);
    cr_assert(s.number == 8 && s.count == 8, "a wrong text changes nothing");
}

static void array(const char *id, const char *first, const char *last, const char *count, const char *step)
{
    setenv("SLURM_ARRAY_TASK_ID", id, 1);
    setenv("SLURM_ARRAY_TASK_MIN", first, 1);
    setenv("SLURM_ARRAY_TASK_MAX", last, 1);
    setenv("SLURM_ARRAY_TASK_COUNT", count, 1);
    setenv("SLURM_ARRAY_TASK_STEP", step, 1);
}

Test(shard, reads_slurm)
{
    il_shard s = { 0 };
    cr_assert_eq(read(&s, "slurm"), IL_EUSAGE, "outside of an array");
    array("3", "1", "8", "8", "1");
    cr_assert_eq(read(&s, "slurm"), IL_OK);
    cr_assert(s.number == 3 && s.count == 8);
    array("0", "0", "7", "8", "1");
    cr_assert_eq(read(&s, "slurm"), IL_OK);
    cr_assert(s.number == 1 && s.count == 8, "arrays from 0 too");
    array("5", "1", "7", "4", "2");
    cr_assert_eq(read(&s, "slurm"), IL_OK);
    cr_assert(s.number == 3 && s.count == 4, "of every second number");
    array("5", "1", "9", "3", "1"); /* --array=1,5,9 */
    cr_assert_eq(read(&s, "slurm"), IL_EUSAGE);
    array("2", "1", "7", "4", "2");
    cr_assert_eq(read(&s, "slurm"), IL_EUSAGE);
    array("3x", "1", "8", "8", "1");
    cr_assert_eq(read(&s, "slurm"), IL_EUSAGE);
}

Test(shard, has_a_place)
{
    char path[IL_SHARD_PATH], folder[IL_SHARD_PATH];
    il_err e = { 0 };
    cr_assert_eq(il_shard_path(path, "results/results.sqlite", "grid", (il_shard){ 3, 8 }, &e), IL_OK);
    cr_assert_str_eq(path, "results/results.shards/grid/0003-of-0008.sqlite");
    cr_assert_eq(il_shard_folder(folder, "plain", "grid", &e), IL_OK);
    cr_assert_str_eq(folder, "plain.shards/grid");
    char *deep = malloc(IL_SHARD_PATH + 1);
    memset(deep, 'x', IL_SHARD_PATH);
    deep[IL_SHARD_PATH] = '\0';
    cr_assert_eq(il_shard_path(path, deep, "grid", (il_shard){ 3, 8 }, &e), IL_EUSAGE);
    free(deep);
}

Test(shard, splits_by_cost)
{
    const double costs[] = { 1, 9, 1, 4, 4, 1 };
    int number[6];
    il_err e = { 0 };
    cr_assert_eq(il_shard_split(number, costs, 6, 2, &e), IL_OK);
    double load[3] = { 0 };
    for (int i = 0; i < 6; i++)
        load[number[i]] += costs[i];
    cr_assert(load[1] == 10 && load[2] == 10, "%g and %g", load[1], load[2]);
    cr_assert_eq(number[1], 1, "the dearest falls to the first");
}

Test(shard, splits_evenly_without_costs)
{
    double costs[10] = { 0 };
    int number[10], count[5] = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_shard_split(number, costs, 10, 4, &e), IL_OK);
    for (int i = 0; i < 10; i++)
        count[number[i]]++;
    cr_assert(count[1] == 3 && count[2] == 3 && count[3] == 2 && count[4] == 2);
    cr_assert_eq(il_shard_split(number, costs, 1, 4, &e), IL_OK);
    cr_assert_eq(number[0], 1, "more shards than runs");
}

/* The heap against a search for the lightest. */
Test(shard, splits_as_a_search_would)
{
    enum { N = 500, SHARDS = 37 };
    double costs[N], load[SHARDS + 1] = { 0 }, widest = 0, sum = 0;
    int number[N];
    unsigned state = 1;
    il_err e = { 0 };
    for (int i = 0; i < N; i++) {
        state = state * 1103515245 + 12345;
        sum += costs[i] = state >> 16 & 0x3ff;
    }
    cr_assert_eq(il_shard_split(number, costs, N, SHARDS, &e), IL_OK);
    for (int i = 0; i < N; i++)
        load[number[i]] += costs[i];
    for (int i = 1; i <= SHARDS; i++)
        widest = load[i] > widest ? load[i] : widest;
    cr_assert_lt(widest, sum / SHARDS * 1.02);
}
