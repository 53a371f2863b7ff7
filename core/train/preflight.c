/* preflight.c - compares a plan with the published tables. The plan is written to an in-memory database as if it had
 * been run, so that the report's own views give the answers. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "image/degrade.h"
#include "plan/plan.h"
#include "train/preflight.h"

struct il_preflight {
    il_store *store;
    int64_t experiment;
    const char *published; /* borrowed from the plan */
};

int il_preflight_new(il_preflight **out, const il_plan *p, il_err *e)
{
    *out = NULL;
    if (!p->published)
        return IL_OK;
    il_preflight *b = calloc(1, sizeof *b);
    if (!b)
        return il_fail_oom(e);
    b->published = p->published;
    int rc = il_store_open(&b->store, ":memory:", e);
    if (!rc)
        rc = il_store_experiment(&b->experiment, b->store, p->experiment, p->title, p->path, p->source, e);
    if (!rc)
        *out = b;
    else
        il_preflight_free(b);
    return rc;
}

void il_preflight_free(il_preflight *b)
{
    if (!b)
        return;
    il_store_close(b->store);
    free(b);
}

static int add_cell(il_preflight *b, const il_job *j, int64_t run, const il_job_test *t, il_err *e)
{
    const il_set *set = t->set;
    int64_t test = 0;
    il_test_record as = { .dataset = set->dataset.label,
                          .images = set->images,
                          .split = set->split,
                          .digest = t->source ? t->digest.hex : "",
                          .batch = j->run->testing.batch,
                          .status = IL_RUN_RUNNING,
                          .degradation = il_degrade_name(&set->degradation),
                          .level = set->degradation.level };
    int rc = il_store_test(&test, b->store, run, &as, NULL, 0, e);
    if (rc)
        return rc;
    il_cell_record c = il_job_cell_record(j, set);
    c.experiment = b->experiment;
    c.run = run;
    c.test = test;
    c.published_table = b->published;
    return il_store_cell(b->store, &c, e);
}

int il_preflight_add(il_preflight *b, const il_job *j, il_err *e)
{
    if (!b)
        return IL_OK;
    int64_t run = 0;
    const il_run_record as = il_job_run_record(j);
    int rc = il_store_begin_run(&run, b->store, &as, e);
    if (!rc)
        rc = il_job_record_splits(j, b->store, e);
    for (size_t i = 0; i < j->run->ntests && !rc; i++)
        rc = add_cell(b, j, run, &j->tests[i], e);
    return rc;
}

/* ---- output ---- */

static int print_matches(FILE *to, const il_preflight *b, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(
        &rows, b->store,
        "SELECT COUNT(published_iou) AS beside, COUNT(*) AS cells, (SELECT group_concat(l, '; ') FROM (SELECT DISTINCT tested_dataset || ' ' || model"
        " || ' ' || mask_policy || ' ' || trained_on || ' ' || tested_on AS l FROM cells LIMIT 3)) AS labels"
        " FROM cells WHERE degradation IS NULL",
        NULL, e);
    if (rc)
        return rc;
    const char *kind = strcmp(b->published, "text") == 0 ? "the mask policies in the text" : "table ";
    const char *number = strcmp(b->published, "text") == 0 ? "" : b->published;
    if (il_rows_int(&rows, 0, "beside") == 0)
        fprintf(to,
                "warning: no cell matches %s%s of the paper; cells are matched by the labels of data set, model and"
                " mask policy and by the image kinds, and the paper has none of: %s\n",
                kind, number, il_rows_word(&rows, 0, "labels"));
    else
        fprintf(to, "%s of %s cells have a counterpart in %s%s of the paper\n", il_rows_text(&rows, 0, "beside"),
                il_rows_text(&rows, 0, "cells"), kind, number);
    il_store_rows_free(&rows);
    return IL_OK;
}

static int print_deviations(FILE *to, const il_preflight *b, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(
        &rows, b->store,
        "WITH listed AS (SELECT cell, group_concat(key || ' ' || ours || ' (paper: ' || published || ')', ', ') AS deviations"
        " FROM deviations WHERE key NOT LIKE '% pictures' GROUP BY cell)"
        " SELECT l.deviations, COUNT(DISTINCT c.run) AS runs, (SELECT COUNT(*) FROM runs) AS of"
        " FROM listed l JOIN cells c ON c.cell = l.cell WHERE c.published_iou IS NOT NULL"
        " GROUP BY l.deviations ORDER BY MIN(c.cell)",
        NULL, e);
    for (size_t i = 0; !rc && i < rows.count; i++)
        fprintf(to, "  different from the paper in %s of %s runs: %s\n", il_rows_text(&rows, i, "runs"),
                il_rows_text(&rows, i, "of"), il_rows_text(&rows, i, "deviations"));
    il_store_rows_free(&rows);
    return rc;
}

static int print_counts(FILE *to, const il_preflight *b, il_err *e)
{
    static const struct {
        const char *ours, *theirs, *ran;
    } splits[] = { { "train", "train_published", NULL },
                   { "validation", "validation_published", "validation_ran" },
                   { "test", "test_published", "test_ran" } };
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, b->store, "SELECT * FROM table1 WHERE images IS NOT NULL", NULL, e);
    for (size_t i = 0; !rc && i < rows.count; i++) {
        bool any = false;
        fprintf(to, "  images of %s, %s:", il_rows_text(&rows, i, "dataset"), il_rows_text(&rows, i, "images"));
        for (int k = 0; k < 3; k++) {
            const char *ours = il_rows_text(&rows, i, splits[k].ours),
                       *theirs = il_rows_text(&rows, i, splits[k].theirs),
                       *ran = splits[k].ran ? il_rows_text(&rows, i, splits[k].ran) : NULL;
            if (!ours)
                continue;
            fprintf(to, "%s %s %s", any ? "," : "", splits[k].ours, ours);
            if (theirs && strcmp(ours, theirs) != 0 && !(ran && strcmp(ours, ran) == 0))
                fprintf(to, " (table 1: %s%s%s)", theirs, ran ? ", its code's logs: " : "", ran ? ran : "");
            any = true;
        }
        fputc('\n', to);
    }
    il_store_rows_free(&rows);
    return rc;
}

int il_preflight_print(FILE *to, const il_preflight *b, il_err *e)
{
    int rc = b ? print_matches(to, b, e) : IL_OK;
    if (!rc && b)
        rc = print_deviations(to, b, e);
    return !rc && b ? print_counts(to, b, e) : rc;
}
