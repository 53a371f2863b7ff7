/* submission.h - what was handed to Slurm, as files in the folder of shards: 1.tasks (parts.h), 1.sh, and 1.submitted with the
 * numbers of the jobs; the tasks' databases are 1-0001.sqlite and so on. What is wanted is written down before sbatch is asked for
 * it: who is killed in between leaves jobs whose numbers the queue has to tell. */
#ifndef IL_CLUSTER_SUBMISSION_H
#define IL_CLUSTER_SUBMISSION_H

#include <stdbool.h>
#include "base/hold.h"
#include "cluster/shard.h"
#include "cluster/slurm.h"

/* An array: task `index` of it is task before + index of the job file. count 0: the job that merges. */
typedef struct il_submitted {
    long job; /* 0: it is wanted; whether sbatch has taken it is not known */
    size_t before, count;
} il_submitted;

/* Start with {0}. */
typedef struct il_submission {
    int number; /* from 1 */
    char tasks[IL_SHARD_PATH], script[IL_SHARD_PATH], record[IL_SHARD_PATH], logs[IL_SHARD_PATH];
    il_submitted *jobs;
    size_t njobs;
} il_submission;

/* So that no two processes submit the same: for one, and for each sbatch that it starts. IL_EBUSY when another has the folder, which
 * is created. */
int il_submission_lock(il_hold *out, const char *folder, il_err *e);

/* Paths of that number in the folder. */
int il_submission_paths(il_submission *out, const char *folder, int number, il_err *e);
/* The next number that is not taken; with `take`, takes it. */
int il_submission_next(il_submission *out, const char *folder, bool take, il_err *e);
/* Whether there is one of that number; reads which jobs it has. */
int il_submission_read(bool *found, il_submission *out, const char *folder, int number, il_err *e);

int il_submission_add(il_submission *s, il_submitted job, il_err *e);
/* Writes all of them down. */
int il_submission_write(const il_submission *s, il_err *e);
/* Fills in the numbers of jobs that the queue has. *more: some were. */
int il_submission_recognise(bool *more, il_submission *s, const il_slurm_queue *queue, il_err *e);
/* Removes its files, when nothing of it was submitted. */
void il_submission_remove(const il_submission *s);

/* The job and index that task `number` has; job 0: not known. false: it was never to be submitted. */
bool il_submission_find(long *job, int *index, const il_submission *s, size_t number);
void il_submission_free(il_submission *s);

#endif
