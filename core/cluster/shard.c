/* shard.c - which part of a grid a process has, and where it keeps what it measures. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cluster/shard.h"

/* ---- which part ---- */

/* A whole number from 1 that ends at `end`. */
static bool read_number(int *out, const char *text, char end, const char **rest)
{
    char *stop;
    errno = 0;
    long n = isdigit((unsigned char)*text) ? strtol(text, &stop, 10) : 0;
    if (n < 1 || n > IL_SHARDS_MOST || errno || *stop != end)
        return false;
    *out = (int)n;
    *rest = stop + 1;
    return true;
}

static long slurm_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    char *end;
    long n = text ? strtol(text, &end, 10) : otherwise;
    return text && (end == text || *end) ? -1 : n;
}

/* Only arrays of evenly spaced numbers say which place one of them has. */
static int read_slurm(il_shard *out, il_err *e)
{
    long id = slurm_number("SLURM_ARRAY_TASK_ID", -1), count = slurm_number("SLURM_ARRAY_TASK_COUNT", -1);
    long first = slurm_number("SLURM_ARRAY_TASK_MIN", -1), last = slurm_number("SLURM_ARRAY_TASK_MAX", -1);
    long step = slurm_number("SLURM_ARRAY_TASK_STEP", 1);
    if (id < 0 || first < 0 || last < first || count < 1 || count > IL_SHARDS_MOST || step < 1)
        return il_fail(e, IL_EUSAGE,
                       "--shard slurm: expected SLURM_ARRAY_TASK_ID, _MIN, _MAX and _COUNT in the environment,"
                       " as in a task of 'sbatch --array=1-8'");
    if (id < first || id > last || (last - first) / step + 1 != count || (id - first) % step != 0)
        return il_fail(e, IL_EUSAGE,
                       "--shard slurm: the numbers of the array are not evenly spaced; expected --shard I/N there");
    *out = (il_shard){ (int)((id - first) / step + 1), (int)count };
    return IL_OK;
}

int il_shard_read(il_shard *out, const char *text, il_err *e)
{
    il_shard s;
    const char *rest;
    if (strcmp(text, "slurm") == 0)
        return read_slurm(out, e);
    if (!read_number(&s.number, text, '/', &rest) || !read_number(&s.count, rest, '\0', &rest) || s.number > s.count)
        return il_fail(e, IL_EUSAGE, "--shard: '%s' is not I/N with I from 1 to N and N up to %d, and not 'slurm'",
                       text, IL_SHARDS_MOST);
    *out = s;
    return IL_OK;
}

/* ---- where ---- */

static int too_long(il_err *e)
{
    return il_fail(e, IL_EUSAGE, "--db: the path is too long");
}

int il_shard_folder(char out[IL_SHARD_PATH], const char *database, const char *experiment, il_err *e)
{
    static const char ending[] = ".sqlite";
    size_t size = strlen(database), cut = sizeof ending - 1;
    if (size > cut && strcmp(database + size - cut, ending) == 0)
        size -= cut;
    int length = snprintf(out, IL_SHARD_PATH, "%.*s.shards/%s", (int)size, database, experiment);
    return length >= IL_SHARD_PATH ? too_long(e) : IL_OK;
}

int il_shard_path(char out[IL_SHARD_PATH], const char *database, const char *experiment, il_shard shard, il_err *e)
{
    char folder[IL_SHARD_PATH];
    int rc = il_shard_folder(folder, database, experiment, e);
    if (!rc &&
        snprintf(out, IL_SHARD_PATH, "%s/%04d-of-%04d.sqlite", folder, shard.number, shard.count) >= IL_SHARD_PATH)
        rc = too_long(e);
    return rc;
}

/* ---- what falls to whom ---- */

struct item {
    double cost;
    size_t at;
};

static int dearest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

struct load {
    double cost;
    size_t items; /* decides where costs are 0 */
    int number;
};

static bool lighter(const struct load *a, const struct load *b)
{
    if (a->cost != b->cost)
        return a->cost < b->cost;
    return a->items != b->items ? a->items < b->items : a->number < b->number;
}

/* A heap with the lightest on top, whose top has grown. */
static void sink(struct load *heap, int count)
{
    for (int at = 0, child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && lighter(&heap[child + 1], &heap[child]))
            child++;
        if (!lighter(&heap[child], &heap[at]))
            return;
        struct load swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
    }
}

int il_shard_split(int *number, const double *costs, size_t count, int shards, il_err *e)
{
    struct item *items = calloc(count + 1, sizeof *items);
    struct load *heap = calloc((size_t)shards, sizeof *heap);
    if (!items || !heap) {
        free(items);
        free(heap);
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < count; i++)
        items[i] = (struct item){ costs[i], i };
    for (int i = 0; i < shards; i++)
        heap[i].number = i + 1;
    qsort(items, count, sizeof *items, dearest_first);
    for (size_t i = 0; i < count; i++) {
        number[items[i].at] = heap[0].number;
        heap[0].cost += items[i].cost;
        heap[0].items++;
        sink(heap, shards);
    }
    free(items);
    free(heap);
    return IL_OK;
}
