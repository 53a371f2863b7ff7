/* job.h - a planned run with its data and its identity; its files and their lock. */
#ifndef IL_TRAIN_JOB_H
#define IL_TRAIN_JOB_H

#include "base/claim.h"
#include "base/sha256.h"
#include "loader/loader.h"
#include "store/run_files.h"
#include "store/store.h"
#include "train/job_fit.h"
#include "train/job_leaks.h"

/* A data set to test on: its source, or why it cannot be used. */
typedef struct il_job_test {
    const il_set *set;
    il_source *source; /* NULL when it cannot be used */
    il_digest
        digest; /* of its images, of the ground truth where that is not the run's, and of the fit where that matters */
    il_digest before;  /* what versions that padded and squeezed all images, and counted padding, called it */
    float labels[256]; /* target values of the ground truth */
    il_fit_facts fit;  /* what becomes of its images */
    il_leak leak;      /* images that the run is trained or validated on */
    il_err error;
} il_job_test;

typedef struct il_job {
    const il_run *run;
    il_source *train, *validation; /* NULL if error.code is set */
    il_digest train_digest, validation_digest;
    il_fit_facts train_fit, validation_fit;
    il_leak validation_leak; /* validation images that are trained on */
    float labels[256];       /* the mask policy's target values */
    /* JSON: digests and sizes of the splits, hashes of files named by settings, and of plugins built anew */
    char *manifest;
    char hash[65]; /* identity: SHA-256 of configuration and manifest */
    /* installed plugins built anew since the run was made, which stays done: "model unet, loss bce"; or NULL */
    char *rebuilt;
    il_job_test *tests;
    il_err error; /* why the run cannot be trained (missing data or files); IL_OK otherwise */
} il_job;

/* Scans and hashes. A run with missing data is still a job: see error. Fails only when out of memory or when the store
 * fails. store (NULL: none) caches hashes of files if it is writable. */
int il_job_open(il_job *out, const il_run *run, il_store *store, il_err *e);
void il_job_close(il_job *j);

/* The contents of the rows of the job's run and cells that are known before training; the caller adds host, device and
 * time. Texts are borrowed from the job. */
il_run_record il_job_run_record(const il_job *j);
il_cell_record il_job_cell_record(const il_job *j, const il_set *set);

/* Records the data set's splits for table 1. */
int il_job_record_splits(const il_job *j, il_store *store, il_err *e);

/* FOLDER/<first 16 digits of hash>/NAME */
typedef il_run_path il_job_path;
il_job_path il_job_file(const il_job *j, const char *folder, const char *name);

/* Locks FOLDER/<hash>/lock for the duration of a run; the kernel releases it when the process dies. On a disk that other
 * hosts share, FOLDER/claims/<hash> stands for it (base/claim.h). IL_EBUSY when another process holds it. */
typedef struct il_job_hold {
    int fd; /* of the lock; -1: none */
    il_claim *claim;
} il_job_hold;
int il_job_lock(il_job_hold *out, const il_job *j, const char *folder, il_err *e);
void il_job_unlock(il_job_hold *hold);
/* Whether another process holds the run of that hash; looks only. */
bool il_job_is_locked(const char *hash, const char *folder);

#endif
