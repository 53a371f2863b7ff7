/* slurm.h - what the command `slurm` prints. */
#ifndef IL_CLI_SLURM_H
#define IL_CLI_SLURM_H

#include "cli/grid.h"
#include "cluster/parts.h"
#include "cluster/script.h"
#include "cluster/submission.h"
#include "cluster/work.h"

/* Runs and cells by state, and each run that is running, failed or interrupted. */
void il_slurm_print_status(const il_grid *g, const il_works *w);

/* The script, the job file, and the commands that would be given. array_most: tasks of one array. */
int il_slurm_print_job(const il_slurm_job *job, const il_parts *tasks, size_t array_most, il_err *e);

#endif
