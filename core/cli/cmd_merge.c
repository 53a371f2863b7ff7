/* cmd_merge.c - inpaintlab merge: joins databases that the tasks of a grid filled apart. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"
#include "store/merge.h"

struct options {
    const char *keep;
    bool quiet;
};

static void say(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "inpaintlab: %s\n", line);
}

/* store is NULL until a shard is there to be joined: else a mistyped name would leave an empty database. */
struct target {
    const char *path;
    il_store *store;
};

/* A shard that cannot be read keeps no other back; a target that cannot be written ends all. */
static int merge_one(il_merge_sum *sum, size_t *refused, struct target *target, const char *path,
                     const il_merge_opts *opts, il_err *e)
{
    il_merge_source *shard = NULL;
    il_err why = { 0 };
    int rc = il_merge_source_open(&shard, path, &why);
    if (rc == IL_ENOMEM || rc == IL_EUSAGE) {
        *e = why;
        return rc;
    }
    if (rc) {
        say(NULL, why.message);
        ++*refused;
        return IL_OK;
    }
    if (!target->store)
        rc = il_store_open(&target->store, target->path, e);
    if (!rc)
        rc = il_merge(sum, target->store, shard, opts, e);
    il_merge_source_close(shard);
    return rc;
}

static void print_sum(const char *database, const il_merge_sum *sum, size_t shards, size_t refused)
{
    printf("%s: %zu run%s and %zu test%s from %zu shard%s, %zu already there", database, sum->runs,
           sum->runs == 1 ? "" : "s", sum->tests, sum->tests == 1 ? "" : "s", shards - refused,
           shards - refused == 1 ? "" : "s", sum->known);
    if (sum->conflicts)
        printf(", %zu with other weights", sum->conflicts);
    if (sum->lost)
        printf(", %zu without weights", sum->lost);
    if (refused)
        printf(", %zu shard%s not merged", refused, refused == 1 ? "" : "s");
    putchar('\n');
}

static int merge(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    struct target target = { words[0], NULL };
    il_merge_sum sum = { 0 };
    il_merge_opts opts = { .keep = !o->keep                        ? IL_KEEP_UNSAID
                                   : strcmp(o->keep, "shard") == 0 ? IL_KEEP_SHARD
                                                                   : IL_KEEP_TARGET,
                           .say = say };
    size_t shards = 0, refused = 0;
    int rc = IL_OK;
    for (; !rc && words[1 + shards]; shards++)
        rc = merge_one(&sum, &refused, &target, words[1 + shards], &opts, e);
    il_store_close(target.store);
    if (!rc && !o->quiet)
        print_sum(words[0], &sum, shards, refused);
    bool undecided = sum.conflicts && opts.keep == IL_KEEP_UNSAID;
    return rc ? rc : refused || sum.lost || undecided ? 1 : 0;
}

static const il_option table[] = {
    { "--keep WHICH",
      "target or shard: which run stands where both finished one with different weights (default: target's, exit status "
      "1)",
      IL_INTO(struct options, keep), .choices = "target|shard" },
    { "-q, --quiet", "print only what is kept apart, is lost or fails", IL_INTO(struct options, quiet) },
    { 0 },
};

const il_command il_cmd_merge = {
    .name = "merge",
    .summary = "join databases that tasks of a grid filled apart",
    .usage = "[options] RESULTS.sqlite SHARD.sqlite...",
    .about =
        "Joins shards into RESULTS.sqlite, which is created if it does not exist, by what their rows stand for: runs by\n"
        "their hash, tests by their data, experiments by their name. Weights, and the checkpoints that runs go on from, are\n"
        "linked or copied into the folder `runs` beside it. The shards stay as they are. A merge that was killed is\n"
        "repeated; one that is repeated changes nothing.\n"
        "Of two runs of one hash the finished one stands; of two unfinished ones that which was started later. Two that\n"
        "finished with different weights, as another processor rounds otherwise, are named; the weights of that which\n"
        "does not stand are kept beside the other's as runs/HASH/weights-SHA.safetensors, its results in the shard.\n",
    .options = table,
    .notes =
        "Exit status: 0 all is joined; 1 runs with other weights were kept apart without --keep, weights are missing,\n"
        "or a shard cannot be read; 2 wrong usage.\n",
    .size = sizeof(struct options),
    .least = 2,
    .most = IL_COMMAND_ANY,
    .expected =
        "a database and the shards to join into it, as in 'inpaintlab merge results/results.sqlite shards/*.sqlite'",
    .run = merge,
};
