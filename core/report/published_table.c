/* published_table.c - a published table with what was measured beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/conventions.h"
#include "report/published_table.h"

/* ---- columns ---- */

enum { TEXT = 1 << IL_MEDIUM_TEXT, LATEX = 1 << IL_MEDIUM_LATEX, PAGE = 1 << IL_MEDIUM_PAGE };
#define AS_PUBLISHED .group = "IoU as published"
#define BY_PICTURE .group = "measured, picture by picture"

enum when { ALWAYS, IF_ANY, IF_SEVERAL }; /* where there is a value; where there are several runs */

/* After the labels, in order, each for some. */
static const struct column {
    const char *name; /* as the query has it */
    unsigned media;
    enum when when;
    il_table_column look;
} columns[] = {
    { "measured", TEXT, ALWAYS, { .numeric = true } },
    { "published", TEXT | LATEX | PAGE, ALWAYS, { .numeric = true, .paper = true, AS_PUBLISHED } },
    { "measured", LATEX | PAGE, ALWAYS, { .numeric = true, .main = true, AS_PUBLISHED } },
    { "difference", TEXT | LATEX | PAGE, ALWAYS, { .numeric = true, .sign = true, AS_PUBLISHED } },
    { "weights", PAGE, ALWAYS, { AS_PUBLISHED } },
    { "0 to 1", PAGE, ALWAYS, { AS_PUBLISHED } },
    { "image mean", LATEX | PAGE, ALWAYS, { .numeric = true, BY_PICTURE } },
    { "95% interval", LATEX | PAGE, ALWAYS, { .numeric = true, BY_PICTURE } },
    { "pictures", PAGE, ALWAYS, { .numeric = true, BY_PICTURE } },
    { "weights", TEXT, IF_ANY, { 0 } },
    { "weights", LATEX, ALWAYS, { 0 } },
    { "remark", TEXT | LATEX, IF_ANY, { 0 } },
    { "runs", TEXT, IF_SEVERAL, { .numeric = true } },
    { "lowest", TEXT, IF_SEVERAL, { .numeric = true } },
    { "highest", TEXT, IF_SEVERAL, { .numeric = true } },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static bool has_any(const il_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++)
        if (il_rows_text(rows, i, name))
            return true;
    return false;
}

static size_t count_several(const il_rows *rows)
{
    size_t several = 0;
    for (size_t i = 0; i < rows->count; i++)
        several += il_rows_int(rows, i, "runs") > 1;
    return several;
}

static bool is_shown(const struct column *c, const il_rows *rows, il_medium medium)
{
    return c->media & 1u << medium && (c->when != IF_ANY || has_any(rows, c->name)) &&
           (c->when != IF_SEVERAL || count_several(rows));
}

/* The query's first columns are the labels. */
static size_t count_labels(const il_rows *rows)
{
    return il_rows_column(rows, "published");
}

static void add_columns(il_table *t, const il_rows *rows, il_medium medium)
{
    for (size_t i = 0; i < count_labels(rows); i++) {
        il_text name = { 0 };
        il_text_add(&name, "%s", rows->names[i]);
        for (char *c = name.data; c && (c = strchr(c, '_')) != NULL;)
            *c = ' ';
        il_table_add(t, name.data, (il_table_column){ .label = true });
        il_text_free(&name);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_shown(&columns[i], rows, medium))
            il_table_add(t, columns[i].name, columns[i].look);
}

/* ---- values ---- */

/* What only a page says beside the value. */
static void add_page(il_table_cell *cell, const il_rows *rows, size_t row, size_t remark)
{
    int64_t runs = il_rows_int(rows, row, "runs");
    char lowest[32], highest[32];
    if (!il_rows_int(rows, row, "is_measured")) {
        cell->hole = true;
        il_text_add(&cell->markup, "%s", il_rows_word(rows, row, "state"));
        return;
    }
    il_table_decimals(lowest, il_rows_real(rows, row, "lowest"));
    il_table_decimals(highest, il_rows_real(rows, row, "highest"));
    if (runs > 1)
        il_text_add(&cell->under, "%lld runs, %s to %s", (long long)runs, lowest, highest);
    if (remark)
        il_text_add(&cell->under, "%sremark %zu", runs > 1 ? ", " : "", remark);
    cell->warning = il_rows_int(rows, row, "collapsed") ? "collapsed" : NULL;
}

static void add_value(il_table *t, const struct column *c, const il_rows *rows, size_t row, size_t remark,
                      il_medium medium)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", remark);
    if (strcmp(c->name, "0 to 1") == 0)
        il_table_text(t, NULL); /* drawn by the page */
    else if (strcmp(c->name, "remark") == 0)
        il_table_text(t, remark ? number : NULL);
    else if (strcmp(c->name, "measured") == 0 && medium == IL_MEDIUM_PAGE)
        add_page(il_table_text(t, il_rows_text(rows, row, c->name)), rows, row, remark);
    else
        il_table_text(t, il_rows_text(rows, row, c->name));
}

static void add_rows(il_table *t, const il_rows *rows, const size_t *remarks, const bool *best, il_medium medium)
{
    for (size_t row = 0; row < rows->count; row++) {
        for (size_t i = 0; i < count_labels(rows); i++)
            il_table_text(t, il_rows_at(rows, row, i));
        for (size_t i = 0; i < COLUMNS; i++) {
            if (!is_shown(&columns[i], rows, medium))
                continue;
            add_value(t, &columns[i], rows, row, remarks[row], medium);
            if (best[row] && columns[i].look.main && !t->failed)
                t->cells[t->filled - 1].best = true;
        }
    }
}

/* ---- notes ---- */

/* The deviations of each row become a numbered note; 0: none. */
static void number_remarks(il_footnotes *n, size_t *remarks, const il_rows *rows)
{
    size_t count = 0;
    for (size_t row = 0; row < rows->count; row++) {
        const char *text = il_rows_text(rows, row, "remark");
        il_text line = { 0 };
        for (size_t i = 0; text && i < row && !remarks[row]; i++)
            if (remarks[i] && strcmp(il_rows_text(rows, i, "remark"), text) == 0)
                remarks[row] = remarks[i];
        if (!text || remarks[row])
            continue;
        remarks[row] = ++count;
        il_text_add(&line, "Remark %zu, not as in the paper: %s.", count, text);
        il_footnotes_take(n, &line);
    }
}

static void add_notes(il_footnotes *n, const il_rows *rows, const il_published_table *p, il_medium medium)
{
    size_t measured = 0, collapsed = 0;
    il_text line = { 0 };
    for (size_t i = 0; i < rows->count; i++) {
        measured += il_rows_int(rows, i, "is_measured") != 0;
        collapsed += il_rows_int(rows, i, "collapsed") > 0;
    }
    if (medium != IL_MEDIUM_PAGE)
        il_footnotes_add(n, IL_CONVENTION_IOU);
    if (medium == IL_MEDIUM_LATEX) {
        il_footnotes_add(n, IL_CONVENTION_INTERVAL);
        il_footnotes_add(n, "Bold: " IL_BEST_NOTE("tested on the same") ".");
    }
    if (measured)
        il_footnotes_add(n, IL_CONVENTION_WEIGHTS);
    if (strcmp(p->name, "text") == 0) {
        il_footnotes_add(n, IL_CONVENTION_TRUTH);
        il_footnotes_add(n, IL_CONVENTION_POLICIES);
    }
    if (count_several(rows))
        il_footnotes_add(n, "Several runs: measured is their mean.");
    if (collapsed)
        il_text_add(
            &line,
            "Measured with collapsed weights, which mark no pixel of the validation split, or every one: %zu cell%s.",
            collapsed, collapsed == 1 ? "" : "s");
    il_footnotes_take(n, &line);
}

/* ---- the whole ---- */

static void add_title(il_table *t, const il_published_table *p)
{
    il_text_add(&t->title, "%s", p->title);
    il_text_add(&t->label, "published-%s", p->name);
}

int il_published_table_make(il_table *out, il_store *s, const il_rows *rows, const il_published_table *p,
                            il_medium medium, il_err *e)
{
    size_t *remarks = calloc(rows->count + 1, sizeof *remarks);
    bool *best = calloc(rows->count + 1, sizeof *best);
    int rc = remarks && best ? IL_OK : il_fail_oom(e);
    if (!rc && medium != IL_MEDIUM_TEXT)
        rc = il_published_best(best, rows, s, e);
    if (!rc) {
        add_title(out, p);
        add_notes(&out->notes, rows, p, medium);
        number_remarks(&out->notes, remarks, rows);
        add_columns(out, rows, medium);
        add_rows(out, rows, remarks, best, medium);
        rc = il_table_check(out, e);
    }
    free(remarks);
    free(best);
    return rc;
}

int il_published_table_splits(il_table *out, il_store *s, const il_published_table *p, il_medium medium, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s,
                            "SELECT dataset AS \"data set\", COALESCE(images, 'not measured') AS pictures,"
                            " train, train_published AS published, validation, validation_published AS published,"
                            " test, test_published AS published FROM table1",
                            NULL, e);
    if (rc)
        return rc;
    il_table_take(out, &rows);
    for (size_t i = 0; i < out->rows.columns && out->columns; i++) {
        out->rows.numeric[i] = out->rows.numeric[i] || i >= 2;
        out->columns[i] = (il_table_column){ .label = i < 2, .paper = strcmp(out->rows.names[i], "published") == 0 };
    }
    add_title(out, p);
    if (medium != IL_MEDIUM_PAGE)
        il_footnotes_add(&out->notes, "- stands for no value.");
    il_footnotes_add(&out->notes, IL_CONVENTION_SPLITS);
    return il_table_check(out, e);
}

int il_published_table_rows(il_rows *out, il_store *s, const il_published_table *p, const char *experiment, il_err *e)
{
    if (!p->labels)
        return il_store_query(out, s, "SELECT * FROM table1", NULL, e);
    char sql[512];
    snprintf(
        sql, sizeof sql,
        "SELECT %s, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations"
        " FROM published_cells p WHERE published_table = ?1 AND experiment IS ?2",
        p->labels);
    return il_store_query(out, s, sql, (const char *const[]){ p->name, experiment, NULL }, e);
}
