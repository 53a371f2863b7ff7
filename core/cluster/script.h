/* script.h - what is handed to Slurm: a batch script that starts a task, passes signals on and requeues itself, and the arguments of
 * sbatch. Whatever a name or a path holds reaches the shell as one word. */
#ifndef IL_CLUSTER_SCRIPT_H
#define IL_CLUSTER_SCRIPT_H

#include <stddef.h>
#include "base/text.h"

/* A submission. */
typedef struct il_slurm_job {
    const char *name;                  /* of the job in the queue */
    const char *program, *here;        /* paths: this program; the folder that other paths are relative to */
    const char *grid, *database;       /* as the user gave them */
    const char *tasks, *script, *logs; /* files to be written; folder */
    const char *const *run;            /* options of `run`; end with NULL */
    const char *const *sbatch;         /* the user's, of sbatch; end with NULL */
    size_t count;                      /* tasks */
    int at_most;                       /* tasks at a time; 0: any number */
} il_slurm_job;

/* Quoted as one word of a POSIX shell, where it needs that. */
void il_script_quote(il_text *to, const char *word);

/* The batch script. */
void il_script_write(il_text *to, const il_slurm_job *job);

/* The arguments of sbatch, for the caller to free with il_script_free_arguments; they end with NULL. NULL: out of memory.
 * For `count` tasks after the first `before`; for the job that merges when those (":17:18") have ended. */
char **il_script_array(const il_slurm_job *job, size_t before, size_t count);
char **il_script_merge(const il_slurm_job *job, const char *after);
void il_script_free_arguments(char **arguments);

#endif
