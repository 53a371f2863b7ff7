/* report_tables.c - an experiment's cells as a matrix, and the published tables with what was measured beside them. */
#include <stdlib.h>
#include <string.h>
#include "report/published.h"

/* ---- the published tables ---- */

/* The rows as the database has them. */
static int query_table(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e)
{
    if (!t->labels)
        return il_store_query(out, s, "SELECT * FROM table1", NULL, e);
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT %s, measured, published, difference, runs, lowest, highest, state, collapsed, tested_weights, deviations"
             " FROM published_cells p WHERE published_table = ?1 AND experiment IS ?2", t->labels);
    const char *args[] = { t->name, experiment, NULL };
    return il_store_query(out, s, sql, args, e);
}

/* The rows as people read them: a hole says what it is, and extremes appear only where there are several runs. */
static int query_shown(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e)
{
    if (!t->labels) {
        int rc = il_store_query(out, s,
            "SELECT dataset AS \"data set\", COALESCE(images, 'not measured') AS pictures,"
            " train, train_published AS published, validation, validation_published AS published,"
            " test, test_published AS published FROM table1", NULL, e);
        for (size_t i = 2; rc == IL_OK && i < out->columns; i++)
            out->numeric[i] = true;
        return rc;
    }
    char sql[1024];
    snprintf(sql, sizeof sql,
             "SELECT %s, CASE state WHEN 'measured' THEN measured WHEN 'undefined' THEN NULL ELSE state END AS measured,"
             " published, difference, tested_weights AS weights, deviations AS remark, runs, lowest, highest"
             " FROM published_cells p WHERE published_table = ?1 AND experiment IS ?2", t->labels);
    const char *args[] = { t->name, experiment, NULL };
    int rc = il_store_query(out, s, sql, args, e);
    for (size_t i = 0; rc == IL_OK && i < out->columns; i++)
        if (strcmp(out->names[i], "measured") == 0 || strcmp(out->names[i], "difference") == 0)
            out->numeric[i] = true; /* words among them stand to the right as well */
    return rc;
}

static void drop_column(il_rows *rows, size_t dropped)
{
    size_t kept = rows->columns - 1;
    free(rows->names[dropped]);
    for (size_t i = dropped; i < kept; i++) {
        rows->names[i] = rows->names[i + 1];
        rows->numeric[i] = rows->numeric[i + 1];
    }
    for (size_t row = 0; row < rows->count; row++) {
        char **from = rows->values + row * rows->columns, **to = rows->values + row * kept;
        free(from[dropped]);
        memmove(to, from, dropped * sizeof *to);
        memmove(to + dropped, from + dropped + 1, (kept - dropped) * sizeof *to);
    }
    rows->columns = kept;
}

static size_t column_of(const il_rows *rows, const char *name)
{
    size_t i = 0;
    while (i < rows->columns && strcmp(rows->names[i], name) != 0)
        i++;
    return i;
}

/* Without a value a column says nothing. */
static void drop_if_empty(il_rows *rows, const char *name)
{
    size_t at = column_of(rows, name);
    for (size_t row = 0; row < rows->count; row++)
        if (rows->values[row * rows->columns + at])
            return;
    drop_column(rows, at);
}

static void name_for_people(il_rows *rows)
{
    for (size_t i = 0; i < rows->columns; i++)
        for (char *c = strchr(rows->names[i], '_'); c; c = strchr(c, '_'))
            *c = ' ';
}

/* LaTeX: with intervals, and in bold what stands out among those tested on the same. */
static int show_latex(FILE *to, il_store *s, const il_published_table *t, const char *experiment, il_err *e)
{
    enum { HIDDEN = 3 };
    char label[40];
    il_notes notes = { 0 };
    il_rows rows = { 0 };
    bool *bold = NULL;
    size_t first = 0, columns = 0;
    int rc = il_published_rows(&rows, s, t, experiment,
        "p.published, CASE p.state WHEN 'measured' THEN p.measured WHEN 'undefined' THEN NULL ELSE p.state END AS measured,"
        " p.difference, m.mean AS \"image mean\","
        " CASE WHEN m.low IS NOT NULL THEN printf('%.3f to %.3f', m.low, m.high) END AS \"95% interval\","
        " p.tested_weights AS weights, p.deviations AS remark, p.runs, m.cell, p.tested_on", e);
    il_notes_add(&notes, IL_REPORT_CONVENTION);
    il_notes_add(&notes, IL_PUBLISHED_INTERVAL);
    il_notes_add(&notes, "Bold: " IL_BEST_NOTE("tested on the same") ".");
    if (rc == IL_OK && !(bold = calloc(rows.columns * rows.count + 1, sizeof *bold)))
        rc = il_fail_oom(e);
    if (rc == IL_OK) {
        first = column_of(&rows, "measured");
        columns = rows.columns;
        rc = il_published_best(bold, &rows, s, first, e);
    }
    if (rc == IL_OK)
        rc = il_published_notes(&notes, &rows, column_of(&rows, "remark"), s, t, experiment, e);
    snprintf(label, sizeof label, "published-%s", t->name);
    if (rc == IL_OK) {
        for (int i = 0; i < HIDDEN; i++)
            drop_column(&rows, rows.columns - 1);
        drop_if_empty(&rows, "remark");
        for (size_t i = 0; i < rows.count * rows.columns; i++) /* what was dropped stood behind what may be bold */
            bold[i] = bold[i / rows.columns * columns + i % rows.columns];
        for (size_t i = first; i < first + 4; i++)
            rows.numeric[i] = true; /* words among them stand to the right as well */
        name_for_people(&rows);
        rc = il_report_sheet(to, &(il_sheet){ &rows, t->title, (const char *const *)notes.lines, label, bold }, IL_FORMAT_LATEX,
                             e);
    }
    free(bold);
    il_notes_free(&notes);
    il_store_rows_free(&rows);
    return rc;
}

static bool has_several_runs(const il_rows *rows)
{
    for (size_t row = 0; row < rows->count; row++)
        if (strtol(rows->values[row * rows->columns + rows->columns - 3], NULL, 10) > 1)
            return true;
    return false;
}

static int show_for_people(FILE *to, il_store *s, const il_published_table *t, const char *experiment, il_format format,
                           il_err *e)
{
    char label[40];
    il_notes notes = { 0 };
    il_rows rows = { 0 };
    snprintf(label, sizeof label, "published-%s", t->name);
    int rc = query_shown(&rows, s, t, experiment, e);
    il_notes_add(&notes, t->labels ? IL_REPORT_CONVENTION : "- stands for no value.");
    if (rc == IL_OK && t->labels) {
        rc = il_published_notes(&notes, &rows, column_of(&rows, "remark"), s, t, experiment, e);
        bool several = has_several_runs(&rows);
        for (int i = 0; !several && i < 3; i++)
            drop_column(&rows, rows.columns - 1);
        drop_if_empty(&rows, "weights");
        drop_if_empty(&rows, "remark");
    }
    if (rc == IL_OK) {
        name_for_people(&rows);
        rc = il_report_sheet(to, &(il_sheet){ .rows = &rows, .title = t->title, .notes = (const char *const *)notes.lines,
                                              .label = label }, format, e);
    }
    il_notes_free(&notes);
    il_store_rows_free(&rows);
    return rc;
}

static int show_table(FILE *to, il_store *s, const il_published_table *t, const char *experiment, il_format format, il_err *e)
{
    if (format == IL_FORMAT_LATEX && t->labels)
        return show_latex(to, s, t, experiment, e);
    if (format != IL_FORMAT_CSV && format != IL_FORMAT_JSON)
        return show_for_people(to, s, t, experiment, format, e);
    il_rows rows = { 0 };
    int rc = query_table(&rows, s, t, experiment, e);
    if (rc == IL_OK)
        rc = il_report_rows(to, &rows, format, NULL, e);
    il_store_rows_free(&rows);
    return rc;
}

/* ---- everything ---- */

int il_report_experiment(il_store *s, const char *name, il_err *e)
{
    il_rows rows = { 0 };
    il_text known = { 0 };
    bool found = !name;
    int rc = il_store_query(&rows, s, "SELECT name FROM experiments ORDER BY id", NULL, e);
    for (size_t i = 0; rc == IL_OK && i < rows.count; i++) {
        found = found || strcmp(rows.values[i], name) == 0;
        il_words_add(&known, "%s%s", i ? ", " : "", rows.values[i]);
    }
    if (rc == IL_OK && !found)
        rc = il_fail(e, IL_EPARAM, "experiment %s: not in the database; there %s %s", name,
                     rows.count == 1 ? "is" : "are", known.data ? known.data : "none");
    il_words_free(&known);
    il_store_rows_free(&rows);
    return rc;
}

typedef int (*show_one)(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e);

/* Those that have cells; degraded: degraded ones. */
static int show_experiments(FILE *to, il_store *s, show_one show, bool degraded, const char *only, il_format format,
                            bool *any, il_err *e)
{
    il_rows names = { 0 };
    int rc = il_store_query(&names, s,
        "SELECT name, name || COALESCE(': ' || NULLIF(title, ''), '') FROM experiments"
        " WHERE (?2 IS NULL OR name = ?2) AND id IN (SELECT experiment FROM experiment_cells"
        "  WHERE degradation IS NOT NULL OR ?1 = '0') ORDER BY id",
        (const char *const[]){ degraded ? "1" : "0", only, NULL }, e);
    for (size_t i = 0; rc == IL_OK && i < names.count; i++) {
        rc = show(to, s, (il_report_named){ names.values[2 * i], names.values[2 * i + 1] }, format, *any, e);
        *any = true;
    }
    il_store_rows_free(&names);
    return rc;
}

static int show_all(FILE *to, il_store *s, const char *experiment, il_format format, il_err *e)
{
    bool any = false;
    int rc = show_experiments(to, s, il_report_matrix, false, experiment, format, &any, e);
    for (size_t i = 0; rc == IL_OK && i < IL_PUBLISHED_TABLES; i++) {
        bool touched = false;
        rc = il_published_touched(&touched, s, &il_published_tables[i], experiment, e);
        if (rc != IL_OK || !touched)
            continue;
        if (any)
            fputc('\n', to);
        any = true;
        rc = show_table(to, s, &il_published_tables[i], experiment, format, e);
    }
    if (rc == IL_OK && !any)
        fputs(format == IL_FORMAT_LATEX ? "% nothing measured yet\n" : "nothing measured yet\n", to);
    return rc;
}

static int query_cells(il_rows *out, il_store *s, const char *experiment, il_err *e)
{
    return il_store_query(out, s, "SELECT * FROM cells WHERE degradation IS NULL AND (?1 IS NULL OR experiment = ?1)",
                          (const char *const[]){ experiment, NULL }, e);
}

/* {"cells": […], "published": {"4": […]}} */
static int show_json(FILE *to, il_store *s, const char *experiment, il_err *e)
{
    il_rows rows[IL_PUBLISHED_TABLES + 1] = { { 0 } };
    il_json_part parts[IL_PUBLISHED_TABLES + 2] = { { NULL, "cells", &rows[0] }, { "published", NULL, NULL } };
    size_t count = 2;
    int rc = query_cells(&rows[0], s, experiment, e);
    for (size_t i = 0; rc == IL_OK && i < IL_PUBLISHED_TABLES; i++) {
        bool touched = false;
        rc = il_published_touched(&touched, s, &il_published_tables[i], experiment, e);
        if (rc == IL_OK && touched) {
            rc = query_table(&rows[i + 1], s, &il_published_tables[i], experiment, e);
            parts[count++] = (il_json_part){ "published", il_published_tables[i].name, &rows[i + 1] };
        }
    }
    if (rc == IL_OK)
        rc = il_report_json_parts(to, parts, count, e);
    for (size_t i = 0; i <= IL_PUBLISHED_TABLES; i++)
        il_store_rows_free(&rows[i]);
    return rc;
}

static int show_csv(FILE *to, il_store *s, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    int rc = query_cells(&rows, s, experiment, e);
    if (rc == IL_OK)
        rc = il_report_csv(to, &rows);
    il_store_rows_free(&rows);
    return rc;
}

int il_report_tables(FILE *to, il_store *s, const char *table, const char *experiment, il_format format, il_err *e)
{
    const il_published_table *one = NULL;
    int rc = il_report_experiment(s, experiment, e);
    if (rc == IL_OK && table)
        rc = il_published_find(&one, table, e);
    if (rc != IL_OK)
        return rc;
    if (one)
        rc = show_table(to, s, one, experiment, format, e);
    else if (format == IL_FORMAT_JSON)
        rc = show_json(to, s, experiment, e);
    else if (format == IL_FORMAT_CSV)
        rc = show_csv(to, s, experiment, e);
    else
        rc = show_all(to, s, experiment, format, e);
    if (rc == IL_OK && ferror(to))
        return il_fail(e, IL_EIO, "the report cannot be written");
    return rc;
}

static int query_robustness(il_rows *out, il_store *s, const char *experiment, il_err *e)
{
    return il_store_query(out, s, "SELECT * FROM robustness WHERE ?1 IS NULL OR experiment = ?1",
                          (const char *const[]){ experiment, NULL }, e);
}

int il_report_robustness(FILE *to, il_store *s, const char *experiment, il_format format, il_err *e)
{
    bool any = false;
    il_rows rows = { 0 };
    int rc = il_report_experiment(s, experiment, e);
    if (rc == IL_OK && (format == IL_FORMAT_CSV || format == IL_FORMAT_JSON)) {
        rc = query_robustness(&rows, s, experiment, e);
        if (rc == IL_OK)
            rc = format == IL_FORMAT_CSV ? il_report_csv(to, &rows)
                                         : il_report_json_parts(to, &(il_json_part){ NULL, "robustness", &rows }, 1, e);
        il_store_rows_free(&rows);
    } else if (rc == IL_OK) {
        rc = show_experiments(to, s, il_report_levels, true, experiment, format, &any, e);
        if (rc == IL_OK && !any)
            fprintf(to, "%snothing tested on degraded pictures yet\n", format == IL_FORMAT_LATEX ? "% " : "");
    }
    if (rc == IL_OK && ferror(to))
        return il_fail(e, IL_EIO, "the report cannot be written");
    return rc;
}
