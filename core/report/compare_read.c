/* compare_read.c - which cells are compared, and what was measured of their pictures. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "report/compare_read.h"

static const char *const values[] = { [IL_METRIC_IOU] = "il_iou(tp, fp, fn)",
                                      [IL_METRIC_F1] = "il_f1(tp, fp, fn)",
                                      [IL_METRIC_MCC] = "il_mcc(tp, fp, fn, tn)",
                                      [IL_METRIC_AUC] = "il_auc(tampered, clean)" };

struct chosen {
    il_compare_cell *cells; /* lent */
    size_t ncells;
};

/* ---- which cells ---- */

#define DEGRADED(before) "COALESCE('" before "' || c.degradation || ' ' || printf('%.10g', c.level), '')"

/* Where all are named by numbers, of these alone. */
static const char all_cells[] =
    "SELECT c.cell, c.test, r.id AS trained, c.status, c.run || '/' || c.tested_dataset || '/' || c.tested_on || " DEGRADED("/") " AS name, c.run || '/' || c.tested_on || " DEGRADED(
        "/") " AS short,"
             " c.tested_dataset || ' ' || c.tested_on || ' ' || c.split || " DEGRADED(", ") " AS tested, c.split, c.truth, t.digest, " DEGRADED(
                 "") " AS degraded,"
                     " json_remove(r.config, '$.seed') || COALESCE(r.manifest, '') || COALESCE(c.test_batch, '') || c.tested_dataset || '/' ||"
                     " c.tested_on || '/' || c.split || " DEGRADED(
                         "/") " AS settings, c.seed, COALESCE(json_type(r.config, '$.train') = 'text', 0) AS given, t.id IS NOT NULL AND t.bins IS NULL AS equal_bins"
                              " FROM cells c JOIN runs r ON r.hash = c.run_hash LEFT JOIN tests t ON t.id = c.test"
                              " WHERE ?1 = '' OR c.cell IN (SELECT value FROM json_each(?1)) ORDER BY c.cell";

static const char expected_cells[] =
    "cells: cell int, test int?, trained int, status text, name text, short text, tested text, split text, truth text?, digest text?,"
    " degraded text, settings text?, seed int, given int, equal_bins int";

static bool is_number(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!isdigit((unsigned char)*c))
            return false;
    return *name != '\0';
}

static bool is_taken(const struct chosen *c, int64_t cell, int64_t test)
{
    for (size_t i = 0; i < c->ncells; i++)
        if (c->cells[i].cell == cell || c->cells[i].test == test)
            return true;
    return false;
}

static int take(struct chosen *c, const il_rows *all, size_t row, il_err *e)
{
    if (c->ncells == IL_COMPARE_MOST)
        return il_fail(e, IL_EDATA, "more than %d cells; name fewer", IL_COMPARE_MOST);
    il_compare_cell *cell = &c->cells[c->ncells++];
    cell->cell = il_rows_int(all, row, "cell");
    cell->test = il_rows_int(all, row, "test");
    cell->run = il_rows_int(all, row, "trained");
    cell->seed = il_rows_int(all, row, "seed");
    cell->given = il_rows_int(all, row, "given") != 0;
    cell->equal_bins = il_rows_int(all, row, "equal_bins") != 0;
    char **texts[] = { &cell->name,     &cell->tested, &cell->truth,   &cell->split,
                       &cell->degraded, &cell->digest, &cell->settings };
    static const char *const columns[] = { "name", "tested", "truth", "split", "degraded", "digest", "settings" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = il_text_copy(il_rows_word(all, row, columns[i]));
        if (!*texts[i])
            return il_fail_oom(e);
    }
    return IL_OK;
}

static bool is_meant(const il_rows *all, size_t row, const char *name)
{
    return is_number(name) ? il_rows_int(all, row, "cell") == strtoll(name, NULL, 10)
                           : il_text_match(name, il_rows_text(all, row, "name")) ||
                                 il_text_match(name, il_rows_text(all, row, "short"));
}

/* A number must be a measured cell that is not yet taken; a glob takes what it finds of these. */
static int take_named(struct chosen *c, const il_rows *all, const char *name, il_err *e)
{
    bool number = is_number(name), any = false;
    for (size_t i = 0; i < all->count; i++) {
        if (!is_meant(all, i, name))
            continue;
        const char *status = il_rows_text(all, i, "status");
        bool measured = il_rows_text(all, i, "test") && strcmp(status, "done") == 0;
        if (!measured && number)
            return il_fail(e, IL_EDATA, "cell %s is not measured: %s", name, status);
        if (!measured)
            continue;
        any = true;
        bool taken = is_taken(c, il_rows_int(all, i, "cell"), il_rows_int(all, i, "test"));
        if (taken && number)
            return il_fail(e, IL_EDATA, "cell %s is named twice, or is the same test as another", name);
        int rc = taken ? IL_OK : take(c, all, i, e);
        if (rc)
            return rc;
    }
    if (!any)
        return il_fail(e, IL_EDATA,
                       "%s: no measured cell is called so; `inpaintlab sql \"SELECT cell, run, tested_on"
                       " FROM cells\"` lists them",
                       name);
    return IL_OK;
}

/* "[1,2]", or "" when a name is no number. */
static void list_numbers(il_text *out, const char *const *names, size_t count)
{
    bool numbers = count > 0;
    for (size_t i = 0; i < count; i++)
        numbers = numbers && is_number(names[i]);
    il_text_add(out, "%s", numbers ? "[" : "");
    for (size_t i = 0; numbers && i < count; i++)
        il_text_add(out, "%s%lld", i ? "," : "", strtoll(names[i], NULL, 10));
    il_text_add(out, "%s", numbers ? "]" : "");
}

static int choose(struct chosen *c, il_store *s, const char *const *names, size_t count, il_err *e)
{
    il_rows all = { 0 };
    il_text numbers = { 0 };
    list_numbers(&numbers, names, count);
    int rc = numbers.failed
                 ? il_fail_oom(e)
                 : il_store_read(&all, s, expected_cells, all_cells, (const char *const[]){ numbers.data, NULL }, e);
    for (size_t i = 0; !rc && i < count; i++)
        rc = take_named(c, &all, names[i], e);
    il_text_free(&numbers);
    il_store_rows_free(&all);
    if (!rc && c->ncells < 2)
        return il_fail(e, IL_EDATA, "%zu cell to compare; expected at least two", c->ncells);
    return rc;
}

/* ---- their values ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const il_value *)a)->id, ((const il_value *)b)->id);
}

static int read_values(il_compare_cell *cell, il_store *s, il_metric metric, il_err *e)
{
    char number[24], sql[300];
    const char *args[] = { number, NULL };
    snprintf(number, sizeof number, "%lld", (long long)cell->test);
    snprintf(
        sql, sizeof sql,
        "SELECT i.id, COALESCE(i.photo, i.id) AS photo, tp + fn AS truth, tp + fp + fn + tn AS counted, %s AS value"
        " FROM images i LEFT JOIN scores s USING (test, id) WHERE i.test = ?1",
        values[metric]);
    int rc = il_store_read(&cell->rows, s, "images: id text, photo text, truth count, counted count, value real?", sql,
                           args, e);
    if (rc)
        return rc;
    cell->pictures = cell->rows.count;
    cell->values = calloc(cell->pictures ? cell->pictures : 1, sizeof *cell->values);
    if (!cell->values)
        return il_fail_oom(e);
    for (size_t i = 0; i < cell->pictures; i++)
        cell->values[i] = (il_value){ il_rows_text(&cell->rows, i, "id"), il_rows_text(&cell->rows, i, "photo"),
                                      il_rows_real(&cell->rows, i, "value"), il_rows_int(&cell->rows, i, "truth"),
                                      il_rows_int(&cell->rows, i, "counted") };
    if (cell->pictures)
        qsort(cell->values, cell->pictures, sizeof *cell->values, by_id);
    return IL_OK;
}

int il_compare_read(il_compare_cell *cells, size_t *ncells, il_store *s, const char *const *names, size_t count,
                    il_metric metric, il_err *e)
{
    struct chosen c = { cells, 0 };
    int rc = choose(&c, s, names, count, e);
    *ncells = c.ncells; /* to be freed in any case */
    for (size_t i = 0; !rc && i < c.ncells; i++)
        rc = read_values(&cells[i], s, metric, e);
    return rc;
}

void il_compare_free_cell(il_compare_cell *cell)
{
    free(cell->name);
    free(cell->tested);
    free(cell->truth);
    free(cell->split);
    free(cell->degraded);
    free(cell->digest);
    free(cell->settings);
    free(cell->values);
    il_store_rows_free(&cell->rows);
}
