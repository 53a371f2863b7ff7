/* store.h - experiments, runs and their measurements in SQLite. The only user of sqlite3. */
#ifndef IL_STORE_STORE_H
#define IL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include "base/file.h"
#include "store/rows.h"
#include "store/stats/metrics.h"

typedef struct il_store il_store;

/* Opens or creates the database (and its folders; ":memory:": no file), migrates it, and fills `published` and
 * outdated metrics. WAL, foreign keys, a busy timeout of 60 s. IL_EDB when the file is not a database, not ours, or
 * newer than this program. */
int il_store_open(il_store **out, const char *path, il_err *e);
/* For reports and queries: never writes; IL_EIO when the file is absent. What an older program made is read from a copy in
 * memory that is brought up to date. */
int il_store_open_readonly(il_store **out, const char *path, il_err *e);
void il_store_close(il_store *s);
/* Writes the log into the database file as far as readers allow, so that a copy of the file alone is whole. Never waits. */
void il_store_checkpoint(il_store *s);
const char *il_store_path(const il_store *s); /* as it was opened */
/* From now on `tell` is called, once per database, when another program has kept it locked for some seconds; NULL: nobody is
 * told. Until `seconds` have passed in all, the lock is waited for. */
void il_store_tell_waiting(void (*tell)(const char *path, int seconds));

typedef enum il_status { IL_RUN_NONE, IL_RUN_RUNNING, IL_RUN_DONE, IL_RUN_FAILED, IL_RUN_STOPPED } il_status;

/* Inserts or updates an experiment; *id is its row. */
int il_store_experiment(int64_t *id, il_store *s, const char *name, const char *title, const char *path,
                        const char *source, il_err *e);

/* Everything known about a run when it starts. Texts are borrowed. */
typedef struct il_run_record {
    const char *hash;     /* identity: SHA-256 of configuration, data manifest and seed */
    const char *name;     /* in the plan */
    const char *config;   /* JSON */
    const char *manifest; /* JSON: {"train": {"digest", "images", "left_out"}, "validation": {…}} */
    uint64_t seed;
    const char *model, *model_params;                      /* label; JSON of settings */
    int64_t parameters;                                    /* trainable */
    const char *dataset, *mask_policy, *loss, *trained_on; /* labels */
    const char *versions;                                  /* JSON: inpaintlab, libtorch, plugins with revisions */
    const char *host, *processor, *device, *git_revision;
    int threads, ranks;
    int64_t experiment; /* that requests the run; 0: none */
    const char *parent; /* hash of the finished run whose training it goes on with, or NULL */
    bool resumed;       /* it goes on with its own: what is noted of a parent stays */
} il_run_record;

/* What the store contains about a run. */
typedef struct il_run_row {
    int64_t id;
    il_status status;
    char hash[65];
    char message[512];       /* why it failed or stopped; "" otherwise */
    int epochs;              /* number of rows in `epochs` */
    char weights_sha256[65]; /* of the file of final weights; "" when not done */
    int failures;            /* sittings that failed since the last that did not */
    int failed_tests;
} il_run_row;

/* Finds a run by its identity; row->status is IL_RUN_NONE when there is none. */
int il_store_find_run(il_run_row *row, il_store *s, const char *hash, il_err *e);
/* What runs.versions says of the run of that identity, for the caller to free; NULL when there is none, or it failed before its
 * first epoch, so that nothing depends on them. */
int il_store_run_versions(char **versions, il_store *s, const char *hash, il_err *e);
/* The newest run that this experiment recorded under this plan name with another identity (so it is stale): its config
 * and manifest, which the caller frees. *config is NULL when there is none. */
int il_store_find_stale(char **config, char **manifest, il_store *s, const char *experiment, const char *name,
                        const char *hash, il_err *e);

/* Inserts the run, or marks it as running again (status, host, device, versions, start). *id is its row. One
 * transaction. */
int il_store_begin_run(int64_t *id, il_store *s, const il_run_record *r, il_err *e);

typedef struct il_epoch_row {
    int epoch;                                                     /* from 1 */
    double train_loss, train_iou, validation_loss, validation_iou; /* IoU as published; NAN: stored as NULL */
    double seconds, images_per_second;
    double marked; /* share of the validation pixels that is marked */
} il_epoch_row;

/* Inserts or replaces epochs 1..count; after a resume they come from the checkpoint. One transaction. */
int il_store_epochs(il_store *s, int64_t run, const il_epoch_row *rows, size_t count, il_err *e);

typedef struct il_run_end {
    il_status status;
    const char *message; /* or NULL */
    int best_epoch;      /* 0: none */
    int tested_epoch;    /* the epoch whose weights are tested */
    bool stopped_early;
    il_collapse collapse;                      /* of the tested weights */
    const char *weights_path, *weights_sha256; /* or NULL */
    double seconds;                            /* training time, over all invocations */
    int64_t left_out;                          /* samples */
} il_run_end;
int il_store_end_run(il_store *s, int64_t run, const il_run_end *end, il_err *e);

/* Counts a sitting that failed, be it the training or a test; one that did not sets the count back to 0. */
int il_store_count_failure(il_store *s, int64_t run, bool failed, il_err *e);

/* What a test measured in one image. */
typedef struct il_image_row {
    const char *id;
    int batch; /* from 0; the published IoU is a mean over batches */
    il_counts counts;
    il_scores scores;  /* bytes NULL: not counted */
    const char *photo; /* that it was cut from; NULL: unknown */
    bool masked;       /* it comes with a mask: something should be true */
} il_image_row;

typedef struct il_test_record {
    const char *dataset, *images, *split; /* label, image kind, split */
    const char *digest;                   /* of the data manifest; together with batch the test's identity */
    int batch;
    il_status status;
    const char *message; /* or NULL */
    double seconds;
    int64_t left_out;
    const char *degradation;      /* of the images, or NULL */
    double level;                 /* its strength */
    const char *settings;         /* JSON: further settings, or NULL */
    const char *fit;              /* native, pad or resize; NULL: not known */
    int tile, overlap;            /* of native images that are larger; 0: none are */
    const char *padding;          /* none, left out or counted; NULL: not known */
    int64_t no_truth;             /* images with a mask of which no pixel is true */
    const char *no_truth_example; /* id of the first, or NULL */
    int64_t leaked;               /* images that the run was trained or validated on; -1: not known */
    const char *leaked_example;
    const struct il_example *examples; /* to be shown; NULL: none */
    size_t nexamples;
    const struct il_cell_record *cell; /* that the test fills, whose `test` is not looked at; NULL: none */
} il_test_record;

/* *id is 0 when this run has no finished test on that data. */
int il_store_find_test(int64_t *id, il_store *s, int64_t run, const char *digest, const char *split, int batch,
                       il_err *e);
/* Stores the test, all its images, its sums, metrics and examples, and the cell in one transaction, so that nothing of
 * a finished test can be missing; replaces an older row of the same identity. */
int il_store_test(int64_t *id, il_store *s, int64_t run, const il_test_record *t, const il_image_row *images,
                  size_t count, il_err *e);

/* Notes that a test made before fits were recorded had no padding: its numbers hold. A test that has a fit stays as it is. */
int il_store_note_fit(il_store *s, int64_t test, const il_test_record *t, il_err *e);

/* The revision of the definitions of metrics (the table `metric_definitions`). Opening for writing recomputes rows of
 * older revisions. */
enum { IL_METRICS_REVISION = 1 };
/* Recomputes the rows of a finished test in `test_sums` and `test_metrics` from its images; test 0: of all tests. One
 * transaction. Needed only after rows of `images` or `scores` were changed by other means than il_store_test. */
int il_store_rebuild_metrics(il_store *s, int64_t test, il_err *e);

/* An encoded image; the owner frees data. */
typedef struct il_blob {
    uint8_t *data;
    size_t size;
} il_blob;

/* An image of a test stored to be shown; see the table `examples`. */
typedef enum il_rank { IL_BEST, IL_MEDIAN, IL_WORST, IL_RANKS } il_rank;
typedef struct il_example {
    char *id;
    il_rank rank;
    double iou;
    il_blob photo, truth, score;
} il_example;
const char *il_store_rank(il_rank rank);

/* Replaces the test's examples. One transaction. */
int il_store_put_examples(il_store *s, int64_t test, const il_example *examples, size_t count, il_err *e);
/* A test's examples, best first; the caller frees them with il_store_examples_free. */
int il_store_examples(il_example out[IL_RANKS], size_t *count, il_store *s, int64_t test, il_err *e);
void il_store_examples_free(il_example *examples, size_t count);

/* Records that a cell of the experiment is this test of this run, and which published table it reproduces (NULL: none).
 * Inserts or replaces by (experiment, run name, tested dataset, tested_on, split, degradation, level). */
typedef struct il_cell_record {
    int64_t experiment, run, test;                                 /* test 0: none yet (failed) */
    const char *run_name;                                          /* in the plan */
    const char *model, *dataset, *mask_policy, *loss, *trained_on; /* labels in this grid */
    const char *tested_dataset, *tested_on, *split;
    const char *published_table; /* or NULL */
    const char *degradation;     /* of the tested images, or NULL */
    double level;
    bool missing; /* its data are missing: a cell already measured with the same settings stays unchanged */
} il_cell_record;
int il_store_cell(il_store *s, const il_cell_record *c, il_err *e);

/* Makes this run the experiment's current run of that name: removes cells of earlier runs of that name (not the runs
 * and tests), and this run too if its data are missing and no cell refers to it. */
int il_store_settle(il_store *s, int64_t experiment, const char *run_name, int64_t run, il_err *e);

/* Size of a split as found, for table 1. */
int il_store_split(il_store *s, const char *dataset, const char *images, const char *split, int64_t count,
                   int64_t left_out, const char *digest, il_err *e);

/* Cache of what is known of files: *found is whether (path, size, mtime) is cached; *f is else unchanged. Where the database
 * is read-only, or another program keeps it locked for more than a second, facts are kept in memory while it is open. */
int il_store_file_facts(bool *found, il_file_facts *f, il_store *s, const char *path, int64_t size, int64_t mtime_ns,
                        il_err *e);
int il_store_put_file_facts(il_store *s, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f,
                            il_err *e);
/* Whether a lock has kept them out of the database; true once. */
bool il_store_cache_locked(il_store *s);

/* ---- queries ---- */

/* Creates the temporary table `samples` (data, split, id, photo, masker, …) from FOLDER/manifest.jsonl, or adds to it;
 * `data` is the folder as given. The database itself is not written. */
int il_store_samples(il_store *s, const char *folder, il_err *e);

/* Runs one SELECT; refuses anything that writes. args: texts bound to ?1…; ends with NULL; NULL: none. A NUL byte in a text
 * becomes U+2400. */
int il_store_query(il_rows *out, il_store *s, const char *sql, const char *const *args, il_err *e);
/* The first `most` rows of one SELECT, 0: all; *more tells whether there are others. */
int il_store_query_first(il_rows *out, bool *more, il_store *s, const char *sql, size_t most, il_err *e);
/* From now on statements end with IL_ECANCEL once *stop is set; they, and a query's rows, take `memory` bytes at most. */
void il_store_guard(il_store *s, const volatile int *stop, int64_t memory);
/* Like il_store_query, for rows that the program relies on: a value that is not what `expected` says (expect.h) is IL_EDB. */
int il_store_read(il_rows *out, il_store *s, const char *expected, const char *sql, const char *const *args, il_err *e);
void il_store_rows_free(il_rows *rows);

#endif
