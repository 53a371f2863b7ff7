/* merge_parts.h - what the files of merge*.c share. */
#ifndef IL_STORE_MERGE_PARTS_H
#define IL_STORE_MERGE_PARTS_H

#include "store/database.h"
#include "store/merge.h"
#include "store/run_files.h"

struct il_merge_source {
    il_store *store;
    il_run_path folder; /* of its runs */
};

/* IL_EDB unless every row can be merged: kinds of values, and hashes that may become part of a path. */
int il_merge_check(il_store *shard, il_err *e);

/* The shard is attached to the target as `shard`. Decides, in the temporary table `name`, what becomes of each run. */
int il_merge_decide(il_store *target, const char *name, bool keep_shard, il_err *e);
/* Whether the temporary tables `chosen` and `again` say the same. */
int il_merge_same(bool *same, il_store *target, il_err *e);
/* In a transaction: all rows, as `chosen` says. folder: of the target's runs. */
int il_merge_rows(il_merge_sum *sum, il_store *target, const char *folder, il_err *e);

/* The files of the runs in `chosen`. Tells of conflicts and of what is lost. */
int il_merge_files(il_merge_sum *sum, il_store *target, const char *folder, const il_merge_source *shard,
                   const il_merge_opts *opts, il_err *e);

#endif
