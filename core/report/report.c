/* report.c - all that a database holds as tables: each experiment's cells, and the published tables beside what was measured. */
#include <stdlib.h>
#include <string.h>
#include "report/experiment_table.h"
#include "report/published_table.h"
#include "report/report.h"

static il_medium medium_of(il_format format)
{
    return format == IL_FORMAT_LATEX ? IL_MEDIUM_LATEX : IL_MEDIUM_TEXT;
}

/* ---- experiments ---- */

int il_report_experiment(il_store *s, const char *name, il_err *e)
{
    il_rows rows = { 0 };
    il_text known = { 0 };
    bool found = !name;
    int rc = il_store_read(&rows, s, "experiments: name text", "SELECT name FROM experiments ORDER BY id", NULL, e);
    for (size_t i = 0; !rc && i < rows.count; i++) {
        const char *one = il_rows_text(&rows, i, "name");
        found = found || (name && strcmp(one, name) == 0);
        il_text_add(&known, "%s%s", i ? ", " : "", one);
    }
    if (!rc && !found)
        rc = il_fail(e, IL_EPARAM, "experiment %s: not in the database; there %s %s", name,
                     rows.count == 1 ? "is" : "are", known.data ? known.data : "none");
    il_text_free(&known);
    il_store_rows_free(&rows);
    return rc;
}

/* degraded: its degraded cells, a table for each kind of degradation. measure NULL: IoU as published. */
struct shown {
    il_format format;
    bool degraded;
    const il_measure *measure;
};

static int show_experiment(FILE *to, il_store *s, const il_experiment_view *view, const struct shown *what, bool gap,
                           il_err *e)
{
    il_matrix m = { 0 };
    int rc = il_matrix_read(&m, s, view->name, what->degraded, what->measure, e);
    for (size_t i = 0; !rc && i < m.nparts; i++) {
        il_table t = { 0 };
        if (gap || i > 0)
            fputc('\n', to);
        rc = il_experiment_table(&t, s, &m, i, view, e);
        if (!rc)
            rc = il_format_table(to, &t, what->format, e);
        il_table_free(&t);
    }
    il_matrix_free(&m);
    return rc;
}

/* Those that have cells; degraded: degraded ones. */
static int show_experiments(FILE *to, il_store *s, const struct shown *what, const char *only, bool *any, il_err *e)
{
    il_rows names = { 0 };
    int rc = il_store_read(&names, s, "experiments: name text, title text",
                           "SELECT name, name || COALESCE(': ' || NULLIF(title, ''), '') AS title FROM experiments"
                           " WHERE (?2 IS NULL OR name = ?2) AND id IN (SELECT experiment FROM experiment_cells"
                           "  WHERE degradation IS NOT NULL OR ?1 = '0') ORDER BY id",
                           (const char *const[]){ what->degraded ? "1" : "0", only, NULL }, e);
    for (size_t i = 0; !rc && i < names.count; i++) {
        il_experiment_view view = { il_rows_text(&names, i, "name"), il_rows_text(&names, i, "title"),
                                    medium_of(what->format), NULL, NULL };
        rc = show_experiment(to, s, &view, what, *any, e);
        *any = true;
    }
    il_store_rows_free(&names);
    return rc;
}

/* ---- published tables ---- */

static int show_for_people(FILE *to, il_store *s, const il_published_table *p, const char *experiment, il_format format,
                           il_err *e)
{
    il_rows rows = { 0 };
    il_table t = { 0 };
    il_medium medium = medium_of(format);
    int rc = IL_OK;
    if (p->labels)
        rc = il_published_rows(&rows, s, p, experiment, medium == IL_MEDIUM_LATEX, e);
    if (!rc)
        rc = p->labels ? il_published_table_make(&t, s, &rows, p, medium, e)
                       : il_published_table_splits(&t, s, p, medium, e);
    if (!rc)
        rc = il_format_table(to, &t, format, e);
    il_table_free(&t);
    il_store_rows_free(&rows);
    return rc;
}

static int show_table(FILE *to, il_store *s, const il_published_table *p, const char *experiment, il_format format,
                      il_err *e)
{
    if (format != IL_FORMAT_CSV && format != IL_FORMAT_JSON)
        return show_for_people(to, s, p, experiment, format, e);
    il_rows rows = { 0 };
    int rc = il_published_table_rows(&rows, s, p, experiment, e);
    if (!rc)
        rc = il_format_rows(to, &rows, format, e);
    il_store_rows_free(&rows);
    return rc;
}

/* ---- everything ---- */

static int show_all(FILE *to, il_store *s, const char *experiment, il_format format, il_err *e)
{
    bool any = false;
    int rc = show_experiments(to, s, &(struct shown){ .format = format }, experiment, &any, e);
    for (size_t i = 0; !rc && i < IL_PUBLISHED_TABLES; i++) {
        bool touched = false;
        rc = il_published_touched(&touched, s, &il_published_tables[i], experiment, e);
        if (rc || !touched)
            continue;
        if (any)
            fputc('\n', to);
        any = true;
        rc = show_table(to, s, &il_published_tables[i], experiment, format, e);
    }
    if (!rc && !any)
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
    for (size_t i = 0; !rc && i < IL_PUBLISHED_TABLES; i++) {
        bool touched = false;
        rc = il_published_touched(&touched, s, &il_published_tables[i], experiment, e);
        if (!rc && touched) {
            rc = il_published_table_rows(&rows[i + 1], s, &il_published_tables[i], experiment, e);
            parts[count++] = (il_json_part){ "published", il_published_tables[i].name, &rows[i + 1] };
        }
    }
    if (!rc)
        rc = il_format_json_parts(to, parts, count, e);
    for (size_t i = 0; i <= IL_PUBLISHED_TABLES; i++)
        il_store_rows_free(&rows[i]);
    return rc;
}

static int show_csv(FILE *to, il_store *s, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    int rc = query_cells(&rows, s, experiment, e);
    if (!rc)
        il_format_csv(to, &rows);
    il_store_rows_free(&rows);
    return rc;
}

int il_report_tables(FILE *to, il_store *s, const char *table, const char *experiment, il_format format, il_err *e)
{
    const il_published_table *one = NULL;
    int rc = il_report_experiment(s, experiment, e);
    if (!rc && table)
        rc = il_published_find(&one, table, e);
    if (rc)
        return rc;
    if (one)
        rc = show_table(to, s, one, experiment, format, e);
    else if (format == IL_FORMAT_JSON)
        rc = show_json(to, s, experiment, e);
    else if (format == IL_FORMAT_CSV)
        rc = show_csv(to, s, experiment, e);
    else
        rc = show_all(to, s, experiment, format, e);
    if (!rc && ferror(to))
        return il_fail(e, IL_EIO, "cannot write the output");
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
    if (!rc && (format == IL_FORMAT_CSV || format == IL_FORMAT_JSON)) {
        rc = query_robustness(&rows, s, experiment, e);
        if (!rc && format == IL_FORMAT_CSV)
            il_format_csv(to, &rows);
        else if (!rc)
            rc = il_format_json_parts(to, &(il_json_part){ NULL, "robustness", &rows }, 1, e);
        il_store_rows_free(&rows);
    } else if (!rc) {
        rc = show_experiments(to, s, &(struct shown){ format, true, NULL }, experiment, &any, e);
        if (!rc && !any)
            fprintf(to, "%snothing tested on degraded pictures yet\n", format == IL_FORMAT_LATEX ? "% " : "");
    }
    if (!rc && ferror(to))
        return il_fail(e, IL_EIO, "cannot write the output");
    return rc;
}

/* ---- another measure ---- */

static int query_measure(il_rows *out, il_store *s, const il_measure *m, const char *experiment, bool degraded,
                         il_err *e)
{
    return il_store_query(out, s,
                          "SELECT m.*, c.run, c.truth FROM metrics m JOIN cells c ON c.cell = m.cell"
                          " WHERE m.convention = ?1 AND m.metric = ?2 AND (?3 IS NULL OR m.experiment = ?3)"
                          " AND (m.degradation IS NULL OR ?4 = '1') ORDER BY m.cell",
                          (const char *const[]){ m->convention, m->metric, experiment, degraded ? "1" : "0", NULL }, e);
}

int il_report_measure(FILE *to, il_store *s, const il_measure *m, const char *experiment, bool degraded,
                      il_format format, il_err *e)
{
    bool any = false;
    il_rows rows = { 0 };
    int rc = il_report_experiment(s, experiment, e);
    if (!rc && (format == IL_FORMAT_CSV || format == IL_FORMAT_JSON)) {
        rc = query_measure(&rows, s, m, experiment, degraded, e);
        if (!rc && format == IL_FORMAT_CSV)
            il_format_csv(to, &rows);
        else if (!rc)
            rc = il_format_json_parts(to, &(il_json_part){ NULL, "metrics", &rows }, 1, e);
        il_store_rows_free(&rows);
    } else if (!rc) {
        rc = show_experiments(to, s, &(struct shown){ format, degraded, m }, experiment, &any, e);
        if (!rc && !any)
            fprintf(to, "%snothing measured yet\n", format == IL_FORMAT_LATEX ? "% " : "");
    }
    if (!rc && ferror(to))
        return il_fail(e, IL_EIO, "cannot write the output");
    return rc;
}
