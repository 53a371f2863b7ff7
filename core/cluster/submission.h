/* submission.h - what was handed to Slurm, as files in the folder of shards: 1.tasks (parts.h), 1.sh, and 1.submitted with the
 * numbers of the jobs; the tasks' databases are 1-0001.sqlite and so on. */
#ifndef IL_CLUSTER_SUBMISSION_H
#define IL_CLUSTER_SUBMISSION_H

#include <stdbool.h>
#include "cluster/shard.h"

/* An array: task `index` of it is task before + index of the job file. */
typedef struct il_submitted {
    long job;
    size_t before, count;
} il_submitted;

/* Start with {0}. */
typedef struct il_submission {
    int number; /* from 1 */
    char tasks[IL_SHARD_PATH], script[IL_SHARD_PATH], record[IL_SHARD_PATH], logs[IL_SHARD_PATH];
    il_submitted *arrays;
    size_t narrays;
} il_submission;

/* Paths of that number in the folder. */
int il_submission_paths(il_submission *out, const char *folder, int number, il_err *e);
/* The next number that is not taken; with `take`, takes it. */
int il_submission_next(il_submission *out, const char *folder, bool take, il_err *e);
/* Whether there is one of that number; reads which arrays it has. */
int il_submission_read(bool *found, il_submission *out, const char *folder, int number, il_err *e);

/* Adds an array and writes all of them down. */
int il_submission_add(il_submission *s, il_submitted array, il_err *e);
/* The job and index that task `number` has; false: it was never submitted. */
bool il_submission_find(long *job, int *index, const il_submission *s, size_t number);
void il_submission_free(il_submission *s);

#endif
