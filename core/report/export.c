/* export.c - a database's contents as plain files for other programs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/file.h"
#include "report/export.h"
#include "report/format.h"
#include "report/tensorboard.h"
#include "store/stats/histogram.h"

/* ?1: the experiment, '' for all. */
#define RUNS "SELECT r.run FROM experiment_runs r JOIN experiments x ON x.id = r.experiment WHERE x.name = ?1"
#define OF_RUN(column) "(?1 = '' OR " column " IN (" RUNS "))"

static const struct {
    const char *name, *sql;
} tables[] = {
    { "experiments", "SELECT * FROM experiments WHERE ?1 IN ('', name) ORDER BY id" },
    { "runs", "SELECT * FROM runs WHERE " OF_RUN("id") " ORDER BY id" },
    { "epochs", "SELECT * FROM epochs WHERE " OF_RUN("run") " ORDER BY run, epoch" },
    { "tests", "SELECT * FROM tests WHERE " OF_RUN("run") " ORDER BY id" },
    { "cells", "SELECT * FROM cells WHERE ?1 IN ('', experiment)" },
    { "metrics", "SELECT * FROM metrics WHERE ?1 IN ('', experiment) ORDER BY cell" },
    { "robustness", "SELECT * FROM robustness WHERE ?1 IN ('', experiment)" },
    /* without an experiment: all of them together, as in the report */
    { "published_cells", "SELECT * FROM published_cells WHERE experiment IS nullif(?1, '')" },
    { "deviations", "SELECT * FROM deviations WHERE cell IN (SELECT cell FROM cells WHERE ?1 IN ('', experiment))" },
    { "splits",
      "SELECT * FROM splits WHERE ?1 = '' OR dataset IN (SELECT dataset FROM cells WHERE experiment = ?1 UNION"
      " SELECT tested_dataset FROM cells WHERE experiment = ?1) ORDER BY dataset, images, split" },
};

static const char tests_sql[] = "SELECT id FROM tests WHERE " OF_RUN("run") " ORDER BY id";
static const char images_sql[] = "SELECT * FROM images WHERE test = ?1 ORDER BY id";
static const char scores_sql[] = "SELECT test, id, tampered, clean FROM scores WHERE test = ?1 ORDER BY id";

/* ---- files ---- */

struct file {
    FILE *to;
    char *path;
    bool begun; /* CSV: the names are written */
};

static int open_file(struct file *f, const char *folder, const char *name, const char *ending, il_err *e)
{
    il_text t = { 0 };
    il_text_add(&t, "%s/%s%s", folder, name, ending);
    if (t.failed)
        return il_fail_oom(e);
    *f = (struct file){ .to = fopen(t.data, "wb"), .path = t.data };
    return f->to ? IL_OK : il_fail(e, il_file_code(errno), "%s: cannot be written: %s", f->path, strerror(errno));
}

static int close_file(struct file *f, int rc, il_err *e)
{
    bool bad = f->to && ferror(f->to);
    if (f->to && fclose(f->to) != 0)
        bad = true;
    if (!rc && bad)
        rc = il_fail(e, IL_EIO, "%s: cannot be written: %s", f->path, strerror(errno));
    free(f->path);
    return rc;
}

static int put_rows(struct file *f, const il_rows *rows, il_export_format format, il_err *e)
{
    int rc = IL_OK;
    if (format == IL_EXPORT_CSV && !f->begun)
        il_format_csv_line(f->to, rows, 0);
    f->begun = true;
    for (size_t row = 0; row < rows->count && !rc; row++) {
        if (format == IL_EXPORT_CSV)
            il_format_csv_line(f->to, rows, row + 1);
        else
            rc = il_format_json_line(f->to, rows, row, e);
    }
    return rc;
}

static const char *ending_of(il_export_format format)
{
    return format == IL_EXPORT_CSV ? ".csv" : ".jsonl";
}

static int put_table(const char *folder, il_store *s, size_t i, const char *experiment, il_export_format format,
                     il_err *e)
{
    struct file f = { 0 };
    il_rows rows = { 0 };
    char any[40]; /* values, as expect.h describes it; the table is named in errors */
    snprintf(any, sizeof any, "%s: ", tables[i].name);
    int rc = il_store_read(&rows, s, any, tables[i].sql, (const char *[]){ experiment, NULL }, e);
    if (!rc)
        rc = open_file(&f, folder, tables[i].name, ending_of(format), e);
    if (!rc)
        rc = put_rows(&f, &rows, format, e);
    rc = close_file(&f, rc, e);
    il_store_rows_free(&rows);
    return rc;
}

/* ---- pictures, test after test ---- */

static int fail_damaged(const il_store *s, const il_rows *blobs, size_t row, const char *column, il_err *e)
{
    return il_fail(e, IL_EDB, "%s: table scores, test %s, id %s: column %s is not a histogram of scores",
                   il_store_path(s), il_rows_text(blobs, row, "test"), il_rows_text(blobs, row, "id"), column);
}

/* A BLOB as il_store_read gives it: x'hex'. */
static int decode(il_bins *out, const il_store *s, const il_rows *blobs, size_t row, const char *column, il_err *e)
{
    const char *text = il_rows_text(blobs, row, column);
    size_t size = strlen(text), bytes = size >= 3 ? (size - 3) / 2 : 0;
    unsigned char *code = malloc(bytes + 1);
    if (!code)
        return il_fail_oom(e);
    for (size_t i = 0; i < bytes; i++) {
        char pair[3] = { text[2 + 2 * i], text[3 + 2 * i], '\0' };
        code[i] = (unsigned char)strtol(pair, NULL, 16);
    }
    int rc = il_histogram_decode(out, code, bytes);
    free(code);
    return rc ? fail_damaged(s, blobs, row, column, e) : rc;
}

static int put_scores(struct file *f, const il_store *s, const il_rows *blobs, il_export_format format, il_err *e)
{
    static char *names[] = { "test", "id", "bin", "above", "up_to", "tampered", "clean" };
    static bool numeric[] = { true, false, true, true, true, true, true };
    il_rows none = { .columns = 7, .names = names, .numeric = numeric };
    int rc = put_rows(f, &none, format, e);
    for (size_t row = 0; row < blobs->count && !rc; row++) {
        il_bins tampered = { 0 }, clean = { 0 };
        rc = decode(&tampered, s, blobs, row, "tampered", e);
        if (!rc)
            rc = decode(&clean, s, blobs, row, "clean", e);
        if (!rc && clean.layout != tampered.layout)
            rc = fail_damaged(s, blobs, row, "clean", e);
        for (int bin = 0; bin < il_bins_count(tampered.layout) && !rc; bin++) {
            char numbers[3][24], edges[2][32];
            const int64_t counts[] = { bin, tampered.bins[bin], clean.bins[bin] };
            if (!counts[1] && !counts[2])
                continue;
            for (int i = 0; i < 3; i++)
                snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)counts[i]);
            for (int i = 0; i < 2; i++)
                snprintf(edges[i], sizeof edges[i], "%.17g", il_bins_edge(tampered.layout, bin + i));
            char *values[] = { (char *)il_rows_text(blobs, row, "test"),
                               (char *)il_rows_text(blobs, row, "id"),
                               numbers[0],
                               edges[0],
                               edges[1],
                               numbers[1],
                               numbers[2] };
            il_rows one = none;
            one.values = values;
            one.count = 1;
            rc = put_rows(f, &one, format, e);
        }
    }
    return rc;
}

static int put_pictures(const char *folder, il_store *s, const char *experiment, il_export_format format, il_err *e)
{
    struct file images = { 0 }, scores = { 0 };
    il_rows tests = { 0 };
    int rc = il_store_read(&tests, s, "tests: id int", tests_sql, (const char *[]){ experiment, NULL }, e);
    if (!rc)
        rc = open_file(&images, folder, "images", ending_of(format), e);
    if (!rc)
        rc = open_file(&scores, folder, "scores", ending_of(format), e);
    for (size_t i = 0; i < tests.count && !rc; i++) {
        const char *args[] = { il_rows_text(&tests, i, "id"), NULL };
        il_rows rows = { 0 };
        rc = il_store_read(&rows, s, "images: ", images_sql, args, e);
        if (!rc)
            rc = put_rows(&images, &rows, format, e);
        il_store_rows_free(&rows);
        if (!rc)
            rc = il_store_read(&rows, s, "scores: test int, id text, tampered blob, clean blob", scores_sql, args, e);
        if (!rc)
            rc = put_scores(&scores, s, &rows, format, e);
        il_store_rows_free(&rows);
    }
    rc = close_file(&scores, rc, e);
    rc = close_file(&images, rc, e);
    il_store_rows_free(&tests);
    return rc;
}

/* ---- TensorBoard ---- */

enum { LONGEST_NAME = 160 };

static const char board_runs[] =
    "SELECT id, name, CAST(coalesce(strftime('%s', started_at), 0) AS INTEGER) AS start FROM runs WHERE " OF_RUN(
        "id") " ORDER BY id";
static const char board_epochs[] =
    "SELECT epoch, coalesce(sum(seconds) OVER (ORDER BY epoch), 0) AS seconds, train_loss, validation_loss, train_iou,"
    " validation_iou, images_per_second FROM epochs WHERE run = ?1 ORDER BY epoch";
static const char board_tests[] =
    "SELECT DISTINCT coalesce(c.tested_epoch, 0) AS epoch, c.tested_dataset, c.tested_on, c.split, c.iou, "
    "coalesce('/' || c.degradation || printf(' %.10g', c.level), '') AS degradation FROM cells c JOIN runs r ON "
    "r.hash = c.run_hash WHERE r.id = ?1 AND c.status = 'done' AND c.iou IS NOT NULL ORDER BY c.cell";

static const char expected_epochs[] =
    "epochs: epoch small, seconds real, train_loss loss?, validation_loss loss?, train_iou real?, validation_iou real?,"
    " images_per_second loss?";
static const char expected_tests[] =
    "cells: epoch small, tested_dataset text, tested_on text, split text, iou real, degradation text";

static int put_epochs(FILE *to, il_store *s, const char *run, double start, il_err *e)
{
    static const struct {
        const char *tag, *column;
    } series[] = { { "loss/train", "train_loss" },
                   { "loss/validation", "validation_loss" },
                   { "iou/train", "train_iou" },
                   { "iou/validation", "validation_iou" },
                   { "images_per_second", "images_per_second" } };
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, s, expected_epochs, board_epochs, (const char *[]){ run, NULL }, e);
    for (size_t row = 0; row < rows.count && !rc; row++)
        for (size_t i = 0; i < sizeof series / sizeof *series; i++)
            if (il_rows_text(&rows, row, series[i].column))
                il_tensorboard_scalar(to, start + il_rows_real(&rows, row, "seconds"), il_rows_int(&rows, row, "epoch"),
                                      series[i].tag, il_rows_real(&rows, row, series[i].column));
    il_store_rows_free(&rows);
    return rc;
}

static int put_tests(FILE *to, il_store *s, const char *run, double start, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, s, expected_tests, board_tests, (const char *[]){ run, NULL }, e);
    for (size_t row = 0; row < rows.count && !rc; row++) {
        char tag[300];
        snprintf(tag, sizeof tag, "%s_iou/%s/%s%s", il_rows_text(&rows, row, "split"),
                 il_rows_text(&rows, row, "tested_dataset"), il_rows_text(&rows, row, "tested_on"),
                 il_rows_text(&rows, row, "degradation"));
        il_tensorboard_scalar(to, start, il_rows_int(&rows, row, "epoch"), tag, il_rows_real(&rows, row, "iou"));
    }
    il_store_rows_free(&rows);
    return rc;
}

/* Its folder is what TensorBoard calls the run: its number, by which it is the only one, and the beginning of its name. */
static int put_run(const char *folder, il_store *s, const il_rows *runs, size_t row, il_err *e)
{
    const char *id = il_rows_text(runs, row, "id");
    double start = il_rows_real(runs, row, "start");
    il_text path = { 0 };
    struct file f = { 0 };
    const char *name = il_rows_text(runs, row, "name");
    il_text_add(&path, "%s/%s-", folder, id);
    il_text_add_name(&path, name, strnlen(name, LONGEST_NAME));
    int rc = path.failed ? il_fail_oom(e) : IL_OK;
    if (!rc && mkdir(path.data, 0777) != 0)
        rc = il_fail(e, IL_EIO, "%s: cannot be made: %s", path.data, strerror(errno));
    if (!rc) {
        char ending[40];
        snprintf(ending, sizeof ending, ".%.0f.inpaintlab", start);
        rc = open_file(&f, path.data, "events.out.tfevents", ending, e);
    }
    if (!rc) {
        il_tensorboard_begin(f.to, start);
        rc = put_epochs(f.to, s, id, start, e);
    }
    if (!rc)
        rc = put_tests(f.to, s, id, start, e);
    rc = close_file(&f, rc, e);
    il_text_free(&path);
    return rc;
}

static int put_board(const char *folder, il_store *s, const char *experiment, il_err *e)
{
    il_rows runs = { 0 };
    int rc = il_store_read(&runs, s, "runs: id int, name text, start int", board_runs,
                           (const char *[]){ experiment, NULL }, e);
    for (size_t row = 0; row < runs.count && !rc; row++)
        rc = put_run(folder, s, &runs, row, e);
    il_store_rows_free(&runs);
    return rc;
}

int il_export_database(const char *folder, il_store *s, const char *experiment, il_export_format format, il_err *e)
{
    il_rows known = { 0 };
    const char *only = experiment ? experiment : "";
    int rc = il_store_read(&known, s, "experiments: ", tables[0].sql, (const char *[]){ only, NULL }, e);
    if (!rc && experiment && known.count == 0)
        rc = il_fail(e, IL_EDATA, "unknown experiment '%s'", experiment);
    il_store_rows_free(&known);
    if (rc)
        return rc;
    if (format == IL_EXPORT_TENSORBOARD)
        return put_board(folder, s, only, e);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !rc; i++)
        rc = put_table(folder, s, i, only, format, e);
    return rc ? rc : put_pictures(folder, s, only, format, e);
}
