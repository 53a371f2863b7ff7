/* report_matrix.c - the cells of one experiment: a row per run, a column per image kind it was tested on, or per level
 * of what these were degraded by. */
#include <stdlib.h>
#include <string.h>
#include "report/best_cell.h"
#include "report/matrix.h"
#include "report/format_markup.h"
#include "report/footnotes.h"

static char *shown_value(const il_matrix *m, size_t cell, il_column value)
{
    char number[32];
    if (strcmp(il_matrix_at(m, cell, IL_STATUS), "done") != 0)
        return il_words_copy(il_matrix_at(m, cell, IL_STATUS));
    if (!*il_matrix_at(m, cell, value))
        return il_words_copy("-");
    il_report_number(number, strtod(il_matrix_at(m, cell, value), NULL));
    return il_words_copy(number);
}

static int new_rows(il_rows *out, size_t columns, size_t count, il_err *e)
{
    *out = (il_rows){ .names = calloc(columns, sizeof(char *)), .values = calloc(count * columns, sizeof(char *)),
                      .numeric = calloc(columns, sizeof(bool)) };
    if (!out->names || !out->values || !out->numeric)
        return il_fail_oom(e);
    out->columns = columns;
    out->count = count;
    return IL_OK;
}

static void fill_labels(il_rows *out, const il_matrix *m, const il_matrix_part *p)
{
    size_t column = 0;
    for (int c = 0; c < IL_COLUMNS; c++) {
        if (!m->shown[c])
            continue;
        out->names[column] = il_words_copy(il_matrix_label((il_column)c));
        out->numeric[column] = c == IL_BY_SEED;
        for (size_t run = 0; run < p->runs.count; run++) {
            size_t cell = il_matrix_run(m, p->runs.items[run]);
            out->values[run * out->columns + column] = il_words_copy(il_matrix_at(m, cell, (il_column)c));
        }
        column++;
    }
}

static size_t count_labels(const il_matrix *m)
{
    size_t labels = 0;
    for (int c = 0; c < IL_COLUMNS; c++)
        labels += m->shown[c];
    return labels;
}

/* Of a kind, or of what stands after the last one. */
static size_t first_column(const il_matrix *m, const il_matrix_part *p, size_t kind)
{
    size_t column = count_labels(m) + kind;
    for (size_t k = 0; k < kind; k++)
        column += p->authentic[k];
    return column;
}

static void fill_column(il_rows *out, size_t column, const il_matrix *m, const il_matrix_part *p, size_t kind, il_column value)
{
    il_text name = { 0 };
    il_words_add(&name, "%s%s", p->kinds.items[kind], value == IL_ALARMS ? ": alarms" : value == IL_MARKED ? ": marked" : "");
    out->names[column] = name.data;
    out->numeric[column] = true;
    for (size_t run = 0; run < p->runs.count; run++) {
        size_t cell = il_matrix_find(m, p, run, kind); /* "": the grid does not ask for it */
        out->values[run * out->columns + column] = cell < m->cells.count ? shown_value(m, cell, value) : il_words_copy("");
    }
}

static int fill_part(il_rows *out, const il_matrix *m, const il_matrix_part *p, il_err *e)
{
    int rc = new_rows(out, first_column(m, p, p->kinds.count), p->runs.count, e);
    if (rc != IL_OK)
        return rc;
    fill_labels(out, m, p);
    for (size_t k = 0; k < p->kinds.count; k++) {
        size_t column = first_column(m, p, k);
        bool authentic = p->authentic[k];
        fill_column(out, column, m, p, k, authentic ? IL_ALARMS : IL_IOU);
        if (authentic)
            fill_column(out, column + 1, m, p, k, IL_MARKED);
    }
    for (size_t i = 0; i < out->columns * out->count; i++)
        if (!out->values[i] || !out->names[i % out->columns])
            return il_fail_oom(e);
    return IL_OK;
}

/* Of each column the cell that stands out, if one does. */
static int mark_best(bool *bold, const il_rows *rows, il_store *s, const il_matrix *m, const il_matrix_part *p, il_err *e)
{
    size_t best = 0;
    const char **cells = calloc(p->runs.count + 1, sizeof *cells);
    int rc = cells ? IL_OK : il_fail_oom(e);
    for (size_t k = 0; k < p->kinds.count && rc == IL_OK; k++) {
        for (size_t run = 0; run < p->runs.count; run++) {
            size_t cell = il_matrix_find(m, p, run, k);
            cells[run] = cell < m->cells.count ? il_matrix_at(m, cell, IL_CELL) : "0";
        }
        if (p->authentic[k])
            continue;
        rc = il_best_cell(&best, s, cells, p->runs.count, e);
        if (rc == IL_OK && best < p->runs.count)
            bold[best * rows->columns + first_column(m, p, k)] = true;
    }
    free(cells);
    return rc;
}

/* ---- the lines under a part ---- */

/* Has an earlier cell of the same run said the same? */
static bool is_repeated(const il_matrix *m, const il_matrix_part *p, size_t cell)
{
    for (size_t i = 0; i < cell; i++)
        if (il_matrix_in(m, p, i) && strcmp(il_matrix_at(m, i, IL_BY_RUN), il_matrix_at(m, cell, IL_BY_RUN)) == 0 &&
            strcmp(il_matrix_at(m, i, IL_MESSAGE), il_matrix_at(m, cell, IL_MESSAGE)) == 0)
            return true;
    return false;
}

static void note_failures(il_notes *n, const il_matrix *m, const il_matrix_part *p)
{
    for (size_t i = 0; i < m->cells.count; i++) {
        il_text line = { 0 };
        if (!il_matrix_in(m, p, i) || strcmp(il_matrix_at(m, i, IL_STATUS), "done") == 0 ||
            !*il_matrix_at(m, i, IL_MESSAGE) || is_repeated(m, p, i))
            continue;
        il_words_add(&line, "%s: %s", il_matrix_at(m, i, IL_STATUS), il_matrix_at(m, i, IL_BY_RUN));
        if (*il_matrix_at(m, i, IL_TEST))
            il_words_add(&line, " on %s%s%s", p->degradation, *p->degradation ? " " : "", il_matrix_at(m, i, IL_TESTED_ON));
        il_words_add(&line, ": %s", il_matrix_at(m, i, IL_MESSAGE));
        il_notes_take(n, &line);
    }
}

static bool any_authentic(const il_matrix_part *p)
{
    bool any = false;
    for (size_t k = 0; k < p->kinds.count; k++)
        any = any || p->authentic[k];
    return any;
}

/* What holds for all runs, which convention of IoU is printed, and every mishap. */
static int write_notes(il_notes *n, const il_matrix *m, const il_matrix_part *p, il_format format, il_err *e)
{
    il_text line = { 0 };
    for (int c = IL_BY_MODEL; c <= IL_BY_SEED; c++)
        if (!m->shown[c])
            il_words_add(&line, "%s%s %s", line.data ? ", " : "All runs: ", il_matrix_label((il_column)c),
                         il_matrix_at(m, m->first[0], (il_column)c));
    il_notes_take(n, &line);
    il_notes_add(n, IL_REPORT_CONVENTION);
    if (any_authentic(p))
        il_notes_add(n, IL_NOTE_AUTHENTIC);
    il_notes_weights(n, m);
    if (m->shown[IL_BY_POLICY])
        il_notes_add(n, IL_NOTE_TRUTH);
    if (format == IL_FORMAT_LATEX && p->runs.count > 1)
        il_notes_add(n, "Bold: " IL_BEST_NOTE("of the column") ".");
    il_notes_unmatched(n, m);
    note_failures(n, m, p);
    for (size_t run = 0; run < p->runs.count; run++)
        if (strcmp(il_matrix_at(m, il_matrix_run(m, p->runs.items[run]), IL_COLLAPSED), "1") == 0)
            il_words_add(&line, "%s%s", line.data ? ", " : "Collapsed (no pixel of the validation split is marked): ",
                         p->runs.items[run]);
    il_notes_take(n, &line);
    return n->failed ? il_fail_oom(e) : IL_OK;
}

static int show_part(FILE *to, il_store *s, const il_matrix *m, const il_matrix_part *p, il_report_named named, il_format format,
                     il_err *e)
{
    il_notes notes = { 0 };
    il_text heading = { 0 }, label = { 0 };
    il_rows rows = { 0 };
    bool *bold = NULL;
    il_words_add(&heading, "%s: IoU on the %s split of %s, ", named.title, p->split, p->dataset);
    if (*p->degradation)
        il_words_add(&heading, "degraded by %s, a column for each level", p->degradation);
    else
        il_words_add(&heading, "a column for each image kind");
    il_words_add(&label, "%s-%s-%s%s%s", named.experiment, p->dataset, p->split, *p->degradation ? "-" : "", p->degradation);
    int rc = heading.failed || label.failed ? il_fail_oom(e) : fill_part(&rows, m, p, e);
    if (rc == IL_OK && !(bold = calloc(rows.columns * rows.count + 1, sizeof *bold)))
        rc = il_fail_oom(e);
    if (rc == IL_OK && format == IL_FORMAT_LATEX)
        rc = mark_best(bold, &rows, s, m, p, e);
    if (rc == IL_OK)
        rc = write_notes(&notes, m, p, format, e);
    if (rc == IL_OK)
        rc = il_report_sheet(to, &(il_sheet){ &rows, heading.data, (const char *const *)notes.lines, label.data, bold }, format, e);
    free(bold);
    il_notes_free(&notes);
    il_words_free(&label);
    il_words_free(&heading);
    il_store_rows_free(&rows);
    return rc;
}

static int show_matrix(FILE *to, il_store *s, bool degraded, il_report_named named, il_format format, bool gap, il_err *e)
{
    il_matrix m = { 0 };
    int rc = il_matrix_read(&m, s, named.experiment, degraded, e);
    for (size_t i = 0; rc == IL_OK && i < m.nparts; i++) {
        if (gap || i > 0)
            fputc('\n', to);
        rc = show_part(to, s, &m, &m.parts[i], named, format, e);
    }
    il_matrix_free(&m);
    return rc;
}

int il_report_matrix(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e)
{
    return show_matrix(to, s, false, named, format, gap, e);
}

int il_report_levels(FILE *to, il_store *s, il_report_named named, il_format format, bool gap, il_err *e)
{
    return show_matrix(to, s, true, named, format, gap, e);
}
