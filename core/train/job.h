/* job.h - a planned run with its data found and its identity known; and what the store and the disk say of it. */
#ifndef IL_JOB_H
#define IL_JOB_H

#include "loader/loader.h"
#include "store/store.h"
#include "base/sha256.h"

/* A data set to test on: its source, or why there is none. */
typedef struct il_job_test {
    const il_set *set;
    il_source *source; /* NULL when it cannot be used */
    il_digest digest; /* of its pictures, and of the truth where that is not the run's */
    float labels[256]; /* the truth's target values */
    il_err error;
} il_job_test;

typedef struct il_job {
    const il_run *run;
    il_source *train, *validation; /* NULL when error.code is set */
    il_digest train_digest, validation_digest;
    float labels[256]; /* the mask policy's target values */
    char *manifest;    /* JSON: digests and sizes of the splits, hashes of files that settings name */
    char hash[65];     /* identity: SHA-256 of configuration and manifest */
    il_job_test *tests;
    il_err error;      /* why the run cannot be trained: data or files are missing; IL_OK otherwise */
} il_job;

/* Scans and hashes. A run whose data are missing is still a job: see error. Fails only when memory or the store do.
 * store (NULL: none) remembers hashes of files if it can be written. */
int il_job_open(il_job *out, const il_run *run, il_store *store, il_err *e);
void il_job_close(il_job *j);

/* What rows of the job's run and of its cells hold before anything is trained; the caller adds who, where and when. Texts are
 * lent by the job. */
il_run_record il_job_run_record(const il_job *j);
il_cell_record il_job_cell_record(const il_job *j, const il_set *set);

/* Splits of the dataset, recorded for table 1. */
int il_job_record_splits(const il_job *j, il_store *store, il_err *e);

/* FOLDER/<first 16 digits of hash>/NAME */
typedef struct il_job_path {
    char text[4096];
} il_job_path;
il_job_path il_job_file(const il_job *j, const char *folder, const char *name);

/* Holds FOLDER/<hash>/lock while a run is under way; the kernel frees it when the process dies. *fd is -1 and the code
 * IL_EBUSY when another process holds it. */
int il_job_lock(int *fd, const il_job *j, const char *folder, il_err *e);
void il_job_unlock(int fd);

#endif
