/* published_table.c - a published table with what was measured beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/html.h"
#include "report/conventions.h"
#include "report/published_table.h"
#include "report/test_notes.h"
#include "store/stats/clusters.h"

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

/* ---- few pictures ---- */

/* What a remark says of a number of pictures: ours and the paper's. False where it says nothing. */
static bool read_pictures(long long *ours, long long *theirs, const char *remark, const char *key)
{
    const char *at = remark ? strstr(remark, key) : NULL;
    const char *paper = at ? strstr(at, " (paper: ") : NULL;
    char *end = NULL;
    if (!paper)
        return false;
    *ours = strtoll(at + strlen(key), &end, 10);
    bool read = end == paper;
    *theirs = strtoll(paper + strlen(" (paper: "), &end, 10);
    return read && end > paper + strlen(" (paper: ");
}

/* Measured on, or trained on, less than half of the paper's pictures. */
static bool has_few(const il_rows *rows, size_t row)
{
    static const char *const keys[] = { "test pictures", "train pictures" };
    long long ours = 0, theirs = 0;
    bool few = false;
    for (size_t i = 0; i < 2; i++)
        few = few || (read_pictures(&ours, &theirs, il_rows_text(rows, row, "remark"), keys[i]) && 2 * ours < theirs);
    return few && il_rows_int(rows, row, "is_measured");
}

/* "2 pictures (paper: 1984)", or what it was trained on where the test is as large as the paper's. */
static void add_few(il_text *to, const char *remark)
{
    long long ours = 0, theirs = 0;
    bool any = false;
    if (read_pictures(&ours, &theirs, remark, "test pictures") && 2 * ours < theirs) {
        il_text_add(to, "measured on %lld picture%s (paper: %lld)", ours, ours == 1 ? "" : "s", theirs);
        any = true;
    }
    if (read_pictures(&ours, &theirs, remark, "train pictures") && 2 * ours < theirs)
        il_text_add(to, "%strained on %lld (paper: %lld)", any ? ", " : "", ours, theirs);
}

/* Under the table: what the mark beside such values means. */
static void note_few(il_footnotes *n, const il_rows *rows, il_medium medium)
{
    il_text line = { 0 };
    for (size_t row = 0; row < rows->count; row++) {
        il_text one = { 0 };
        if (!has_few(rows, row))
            continue;
        add_few(&one, il_rows_text(rows, row, "remark"));
        if (one.data && !(line.data && strstr(line.data, one.data)))
            il_text_add(
                &line, "%s%s%s", line.data || medium == IL_MEDIUM_PAGE ? "" : "* ",
                line.data ? "; or " : "Fewer pictures than the paper's, so no repetition of its value: ", one.data);
        line.failed = line.failed || one.failed;
        il_text_free(&one);
    }
    if (line.data)
        il_text_add(&line, ".");
    il_footnotes_take(n, &line);
}

/* ---- values ---- */

/* What only a page says beside the value. */
static void add_page(il_table_cell *cell, const il_rows *rows, size_t row, size_t remark)
{
    int64_t runs = il_rows_int(rows, row, "runs");
    char lowest[32], highest[32];
    if (!il_rows_int(rows, row, "is_measured")) {
        cell->hole = true;
        il_html_text(&cell->markup, il_rows_word(rows, row, "state"));
        return;
    }
    il_table_decimals(lowest, il_rows_real(rows, row, "lowest"));
    il_table_decimals(highest, il_rows_real(rows, row, "highest"));
    if (runs > 1)
        il_text_add(&cell->under, "%lld runs, %s to %s", (long long)runs, lowest, highest);
    if (remark)
        il_text_add(&cell->under, "%sremark %zu", runs > 1 ? ", " : "", remark);
    if (has_few(rows, row))
        il_text_add(&cell->under, "; few pictures"); /* how many, the note tells */
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
    else if (strcmp(c->name, "measured") == 0 && has_few(rows, row)) {
        char plain[32], marked[40];
        il_table_decimals(plain, il_rows_real(rows, row, c->name));
        snprintf(marked, sizeof marked, "%s*", plain);
        il_table_text(t, marked);
    } else
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
                t->cells[t->filled - 1].best = t->cells[t->filled - 1].one_seed = true;
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

/* "36 tiles of 6 photos", where the pictures were counted. */
static void note_photos(il_footnotes *n, const il_rows *rows)
{
    size_t least = rows->count;
    for (size_t i = 0; i < rows->count; i++)
        if (il_rows_text(rows, i, "photos") &&
            (least == rows->count || il_rows_int(rows, i, "photos") < il_rows_int(rows, least, "photos")))
            least = i;
    if (least == rows->count)
        return;
    il_text line = { 0 };
    long long pictures = il_rows_int(rows, least, "pictures"), photos = il_rows_int(rows, least, "photos");
    if (photos < pictures)
        il_text_add(&line, "Intervals resample photos: %lld tiles of %lld photo%s.", pictures, photos,
                    photos == 1 ? "" : "s");
    if (photos < IL_PHOTOS_ROUGH)
        il_text_add(&line, "%sOnly %lld %s%s: %s.", line.data ? " " : "", photos,
                    photos < pictures ? "photo" : "picture", photos == 1 ? "" : "s",
                    photos < IL_PHOTOS_LEAST ? "too few for an interval" : "intervals are rough");
    il_footnotes_take(n, &line);
}

static void add_notes(il_footnotes *n, const il_rows *rows, const il_published_table *p, il_medium medium,
                      bool any_best)
{
    size_t measured = 0, collapsed = 0, single = 0;
    il_text line = { 0 };
    for (size_t i = 0; i < rows->count; i++) {
        measured += il_rows_int(rows, i, "is_measured") != 0;
        collapsed += il_rows_int(rows, i, "collapsed") > 0;
        single += il_rows_int(rows, i, "runs") == 1;
    }
    note_few(n, rows, medium);
    if (medium != IL_MEDIUM_PAGE)
        il_footnotes_add(n, IL_CONVENTION_IOU);
    if (medium == IL_MEDIUM_LATEX) {
        il_footnotes_add(n, IL_CONVENTION_INTERVAL);
        if (any_best)
            il_footnotes_add(n, "Bold: " IL_BEST_NOTE("tested on the same") ".");
    }
    if (medium == IL_MEDIUM_PAGE && any_best)
        il_footnotes_add(n, "Best, one seed: " IL_BEST_NOTE("tested on the same pictures") ".");
    note_photos(n, rows);
    if (single > 1 && !any_best)
        il_footnotes_add(
            n, "One seed each, unless runs are told: a difference between rows is one between these trainings.");
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
        bool any_best = false;
        for (size_t i = 0; i < rows->count; i++)
            any_best = any_best || best[i];
        add_notes(&out->notes, rows, p, medium, any_best);
        number_remarks(&out->notes, remarks, rows);
        rc = il_test_notes_add(&out->notes, s, (il_test_notes_of){ .published = p->name }, e);
    }
    if (!rc) {
        add_columns(out, rows, medium);
        add_rows(out, rows, remarks, best, medium);
        rc = il_table_check(out, e);
    }
    free(remarks);
    free(best);
    return rc;
}

/* A data set of the paper's name that is much smaller than the paper's. */
static void note_small_splits(il_footnotes *n, const il_rows *rows)
{
    static const char *const splits[] = { "train", "validation", "test" };
    for (size_t row = 0; row < rows->count; row++)
        for (size_t i = 0; i < 3; i++) {
            il_text line = { 0 };
            size_t at = il_rows_column(rows, splits[i]);
            const char *ours = il_rows_at(rows, row, at), *theirs = il_rows_at(rows, row, at + 1);
            if (!ours || !theirs || 2 * strtoll(ours, NULL, 10) >= strtoll(theirs, NULL, 10))
                continue;
            il_text_add(
                &line,
                "What is called %s here has %s pictures for %s (paper: %s): it is not the paper's data set, and what"
                " is measured with it repeats none of the paper's values.",
                il_rows_at(rows, row, 0), ours, splits[i], theirs);
            il_footnotes_take(n, &line);
            break; /* once for each data set */
        }
}

int il_published_table_splits(il_table *out, il_store *s, const il_published_table *p, il_medium medium, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, s,
                           "table1: data set text, pictures text, train count?, validation count?, test count?",
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
    note_small_splits(&out->notes, &out->rows);
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
