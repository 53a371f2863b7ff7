/* slurm.h - what the command `slurm` hands to Slurm, and what it prints. */
#ifndef IL_CLI_SLURM_H
#define IL_CLI_SLURM_H

#include "cli/grid.h"
#include "cluster/parts.h"
#include "cluster/script.h"
#include "cluster/submission.h"
#include "cluster/work.h"

/* What the user asks for. */
typedef struct il_slurm_request {
    const il_grid *grid;
    const il_grid_options *options;
    const char *device;       /* NULL: none is named */
    const char *const *words; /* the grid's path, then options of sbatch; end with NULL */
    int at_most;              /* tasks at a time; 0: any number */
} il_slurm_request;

/* Submits the tasks, and the job that merges what they leave; print: only shows how. hours: of all of them; NAN: not known. */
int il_slurm_hand_over(const il_slurm_request *r, const char *folder, const il_parts *tasks, double hours, bool print,
                       il_err *e);
/* Sees to submissions of calls that were killed: what the queue has of them is written down, and a job that merges them asked for;
 * the rest is open as before. The folder is locked. */
int il_slurm_complete(const il_slurm_request *r, const char *folder, il_err *e);
int il_slurm_fail_unasked(il_err *e);

/* Runs and cells by state, and each run that is running, failed or interrupted. */
void il_slurm_print_status(const il_grid *g, const il_works *w);

/* The script, the job file, and the commands that would be given. array_most: tasks of one array. */
int il_slurm_print_job(const il_slurm_job *job, const il_parts *tasks, size_t array_most, il_err *e);

#endif
