/* run_parent.h - the finished run of fewer epochs that a run goes on from: it ends as if it had been trained at once. */
#ifndef IL_TRAIN_RUN_PARENT_H
#define IL_TRAIN_RUN_PARENT_H

#include "train/job.h"

typedef struct il_run_parent {
    char hash[65];    /* its identity; "": there is none */
    int epochs;       /* that it declared */
    il_job_path file; /* its last checkpoint; "": it kept none, or the learning rate depends on `epochs` */
    const char *why;  /* there is no file: the reason, as words */
} il_run_parent;

/* The longest finished run that differs in train.epochs alone and kept its checkpoint; else the longest of all. */
int il_run_parent_find(il_run_parent *out, const il_job *j, il_store *store, const char *folder, il_err *e);

/* FOLDER/<hash>/finished.safetensors, where train.keep puts the last checkpoint. */
il_job_path il_run_parent_file(const char *folder, const char *hash);

#endif
