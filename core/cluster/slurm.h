/* slurm.h - asks Slurm's own programs, and hands work to them. */
#ifndef IL_CLUSTER_SLURM_H
#define IL_CLUSTER_SLURM_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* How many tasks an array may have on this site; 1000, Slurm's own default, where nobody can be asked. */
int il_slurm_array_most(void);

/* Runs sbatch; *job is the number of the new job. What sbatch complains of goes to stderr. */
int il_slurm_submit(long *job, char *const *arguments, il_err *e);

/* A task of an array that Slurm knows. */
typedef struct il_slurm_task {
    long job;
    int index;                                       /* in its array */
    bool ended;                                      /* known from accounting; else it is in the queue */
    const char *command;                             /* its script and arguments; lent by the queue; "" where unknown */
    char state[24], since[32], node[64], reason[64]; /* "RUNNING"; "" where unknown */
} il_slurm_task;

/* Sorted by job and index. */
typedef struct il_slurm_queue {
    il_slurm_task *list;
    size_t count;
    bool asked; /* squeue has answered */
    char *answer;
} il_slurm_queue;

/* The user's tasks that wait, run, or ended a while ago, by squeue; where there is none, none. */
int il_slurm_queue_read(il_slurm_queue *out, il_err *e);
/* Adds what accounting knows of the job's ended tasks, where the site has it. */
int il_slurm_queue_add_ended(il_slurm_queue *q, long job, il_err *e);
/* Of what these two print: squeue's lines, NULL for none, become the queue's own, also after a failure; sacct's are added. */
int il_slurm_queue_parse(il_slurm_queue *out, char *answer, il_err *e);
int il_slurm_queue_parse_ended(il_slurm_queue *q, const char *answer, il_err *e);
/* The latest job there that runs this script with this argument (NULL: any); 0: none. By the file that its path leads to, since
 * sbatch has a way of its own to make paths absolute. */
int il_slurm_queue_job(long *job, const il_slurm_queue *q, const char *script, const char *argument, il_err *e);
const il_slurm_task *il_slurm_queue_find(const il_slurm_queue *q, long job, int index);
void il_slurm_queue_free(il_slurm_queue *q);

#endif
