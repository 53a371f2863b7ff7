/* store.h - experiments, runs and their measurements in SQLite. The only user of sqlite3. */
#ifndef IL_STORE_H
#define IL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include "store/rows.h"
#include "store/stats/metrics.h"

typedef struct il_store il_store;

/* Opens or creates (folders too; ":memory:": no file), migrates, and fills `published` and the metrics that are old. WAL, foreign keys, a busy timeout of 60 s. IL_EDB
 * when the file is no database, not ours, or newer than this program. */
int il_store_open(il_store **out, const char *path, il_err *e);
/* For reports and queries: never writes; IL_EIO when the file is absent. What an older program made is read from a copy in
 * memory that is brought up to date. */
int il_store_open_readonly(il_store **out, const char *path, il_err *e);
void il_store_close(il_store *s);
const char *il_store_path(const il_store *s); /* as it was opened */

typedef enum il_status { IL_RUN_NONE, IL_RUN_RUNNING, IL_RUN_DONE, IL_RUN_FAILED, IL_RUN_STOPPED } il_status;

/* Records (or updates) an experiment; *id is its row. */
int il_store_experiment(int64_t *id, il_store *s, const char *name, const char *title, const char *path,
                        const char *source, il_err *e);

/* All that is known of a run when it starts. Texts are borrowed. */
typedef struct il_run_record {
    const char *hash;   /* identity: SHA-256 of configuration, data manifest and seed */
    const char *name;   /* as the plan calls it */
    const char *config; /* JSON */
    const char *manifest; /* JSON: {"train": {"digest", "images", "left_out"}, "validation": {…}} */
    uint64_t seed;
    const char *model, *model_params; /* label; JSON of settings */
    int64_t parameters;               /* trainable */
    const char *dataset, *mask_policy, *loss, *trained_on; /* labels */
    const char *versions; /* JSON: inpaintlab, libtorch, plugins with revisions */
    const char *host, *device, *git_revision;
    int threads;
    int64_t experiment; /* which asks for it; 0: none */
} il_run_record;

/* What the store knows of a run. */
typedef struct il_run_row {
    int64_t id;
    il_status status;
    char hash[65];
    char message[512]; /* why it failed or stopped; "" otherwise */
    int epochs;        /* rows in epochs */
    char weights_sha256[65]; /* of the final weights' file; "" when not done */
} il_run_row;

/* By identity; row->status IL_RUN_NONE when absent. */
int il_store_find_run(il_run_row *row, il_store *s, const char *hash, il_err *e);
/* The newest run that this experiment recorded under this plan name with another identity (so it is stale): its config
 * and manifest, copied for the caller to free. *config is NULL when there is none. */
int il_store_find_stale(char **config, char **manifest, il_store *s, const char *experiment, const char *name,
                        const char *hash, il_err *e);

/* Inserts the run, or sets it running again (status, host, device, versions, start). *id is its row. One transaction. */
int il_store_begin_run(int64_t *id, il_store *s, const il_run_record *r, il_err *e);

typedef struct il_epoch_row {
    int epoch; /* from 1 */
    double train_loss, train_iou, validation_loss, validation_iou; /* IoU as published; NAN: NULL */
    double seconds, images_per_second;
} il_epoch_row;

/* Inserts or replaces the epochs 1..count: after a resume they come from the checkpoint. One transaction. */
int il_store_epochs(il_store *s, int64_t run, const il_epoch_row *rows, size_t count, il_err *e);

typedef struct il_run_end {
    il_status status;
    const char *message; /* or NULL */
    int best_epoch;      /* 0: none */
    int tested_epoch;    /* whose weights are tested */
    bool stopped_early, collapsed;
    const char *weights_path, *weights_sha256; /* or NULL */
    double seconds; /* training time of all sittings */
    int64_t left_out; /* samples */
} il_run_end;
int il_store_end_run(il_store *s, int64_t run, const il_run_end *end, il_err *e);

/* What a test measured in one picture. */
typedef struct il_image_row {
    const char *id;
    int batch; /* from 0: the published IoU averages over batches */
    il_counts counts;
    il_scores scores; /* bytes NULL: not counted */
} il_image_row;

typedef struct il_test_record {
    const char *dataset, *images, *split; /* label, image kind, split */
    const char *digest; /* of the data manifest: identity of the test together with batch */
    int batch;
    il_status status;
    const char *message; /* or NULL */
    double seconds;
    int64_t left_out;
    const char *degradation; /* of the pictures, or NULL */
    double level;            /* its strength */
    const char *settings;    /* JSON: what else it was told, or NULL */
} il_test_record;

/* *id is 0 when this run has no finished test of that data. */
int il_store_find_test(int64_t *id, il_store *s, int64_t run, const char *digest, const char *split, int batch,
                       il_err *e);
/* The test, all its pictures, its sums and its metrics in one transaction; an older row of the same identity is replaced. */
int il_store_test(int64_t *id, il_store *s, int64_t run, const il_test_record *t, const il_image_row *images,
                  size_t count, il_err *e);

/* The revision of the definitions of metrics (the table `metric_definitions`). Opening to write computes again what is kept
 * under an older one. */
enum { IL_METRICS_REVISION = 1 };
/* Computes what is kept of a finished test in `test_sums` and `test_metrics` again from its pictures; test 0: of all tests.
 * One transaction. Needed only after rows of `images` or `scores` were changed by other means than il_store_test. */
int il_store_rebuild_metrics(il_store *s, int64_t test, il_err *e);

/* An encoded picture; the owner frees data. */
typedef struct il_blob {
    uint8_t *data;
    size_t size;
} il_blob;

/* A picture of a test that is kept to be shown: see the table `examples`. */
typedef enum il_rank { IL_BEST, IL_MEDIAN, IL_WORST, IL_RANKS } il_rank;
typedef struct il_example {
    char *id;
    il_rank rank;
    double iou;
    il_blob photo, truth, score;
} il_example;
const char *il_store_rank(il_rank rank);

/* In place of those the test has. One transaction. */
int il_store_put_examples(il_store *s, int64_t test, const il_example *examples, size_t count, il_err *e);
/* Those of a test, best first; the caller frees them with il_store_examples_free. */
int il_store_examples(il_example out[IL_RANKS], size_t *count, il_store *s, int64_t test, il_err *e);
void il_store_examples_free(il_example *examples, size_t count);

/* Says that a cell of the experiment is this test of this run, and which published table it reproduces (NULL: none).
 * Inserts or replaces by (experiment, run name, tested dataset, tested_on, split, degradation, level). */
typedef struct il_cell_record {
    int64_t experiment, run, test; /* test 0: none yet (failed) */
    const char *run_name;          /* the plan's */
    const char *model, *dataset, *mask_policy, *loss, *trained_on; /* labels as this grid calls them */
    const char *tested_dataset, *tested_on, *split;
    const char *published_table; /* or NULL */
    const char *degradation;       /* of the tested pictures, or NULL */
    double level;
    bool missing; /* its data are not there: a cell that was measured with the same settings stays as it is */
} il_cell_record;
int il_store_cell(il_store *s, const il_cell_record *c, il_err *e);

/* The experiment's run of that name is this one from now on: cells of earlier ones, which the grid has asked for, go (not their
 * runs and tests), and so does this one where it lacks its data and no cell shows it. */
int il_store_settle(il_store *s, int64_t experiment, const char *run_name, int64_t run, il_err *e);

/* Size of a split as measured, for table 1. */
int il_store_split(il_store *s, const char *dataset, const char *images, const char *split, int64_t count,
                   int64_t left_out, const char *digest, il_err *e);

/* Cache of file hashes: *hex is "" when nothing is known for (path, size, mtime). */
int il_store_file_hash(char hex[65], il_store *s, const char *path, int64_t size, int64_t mtime_ns, il_err *e);
int il_store_file_hash_put(il_store *s, const char *path, int64_t size, int64_t mtime_ns, const char *hex, il_err *e);

/* ---- queries ---- */

/* Makes the temporary table `samples` (data, split, id, photo, masker, …) of FOLDER/manifest.jsonl, or adds to it; `data` is
 * the folder as given. The database itself is not written. */
int il_store_samples(il_store *s, const char *folder, il_err *e);

/* Runs one SELECT (anything that writes is refused). args: texts bound to ?1…; ends with NULL; NULL: none. */
int il_store_query(il_rows *out, il_store *s, const char *sql, const char *const *args, il_err *e);
void il_store_rows_free(il_rows *rows);

#endif
