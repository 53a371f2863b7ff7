/* report_html_robust.c - IoU against the strength of a degradation, one panel for each kind, one line for each run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/html/page.h"
#include "report/html/svg.h"

enum { DATASET, SPLIT, IMAGES, KIND, LEVEL, IOU, RUN, PICTURES };
enum { MOST_TICKS = 8 }; /* whose texts do not touch */

static const char curves[] =
    "SELECT tested_dataset, split, tested_on, degradation, level, iou, run, images"
    " FROM robustness WHERE experiment = ?1 AND iou IS NOT NULL"
    " ORDER BY tested_dataset, split, tested_on, degradation IS NULL, degradation, level, cell";

static const char *at(const il_rows *r, size_t row, int column)
{
    const char *text = r->values[row * r->columns + (size_t)column];
    return text ? text : "";
}

static bool same(const il_rows *r, size_t a, size_t b, int from, int to)
{
    for (int i = from; i <= to; i++)
        if (strcmp(at(r, a, i), at(r, b, i)) != 0)
            return false;
    return true;
}

/* Which run, as its first row. */
static size_t run_of(const il_rows *r, size_t row)
{
    size_t i = 0;
    while (!same(r, i, row, RUN, RUN))
        i++;
    return i;
}

/* Its number among the runs. */
static size_t series_of(const il_rows *r, size_t row)
{
    size_t number = 0, run = run_of(r, row);
    for (size_t i = 0; i < run; i++)
        number += run_of(r, i) == i;
    return number;
}

static void put_name(il_chapter *c, const il_rows *r, size_t row)
{
    size_t cell = il_matrix_run(&c->m, at(r, row, RUN));
    if (cell < c->m.cells.count)
        il_report_html_run(c, cell);
    else /* not tested on pictures as they are */
        il_html_text(c->t, at(r, row, RUN));
}

static void put_dataset(il_chapter *c, const il_rows *r, size_t row)
{
    il_html_text(c->t, at(r, row, DATASET));
    if (strcmp(at(r, row, SPLIT), "test") != 0) {
        il_words_add(c->t, ", ");
        il_html_text(c->t, at(r, row, SPLIT));
    }
}

/* The levels of a panel in order, each at its own place on the axis; room for all rows. */
static size_t list_levels(double *level, const il_rows *r, size_t first)
{
    size_t n = 0;
    for (size_t i = first; i < r->count && same(r, i, first, DATASET, KIND); i++) {
        double v = strtod(at(r, i, LEVEL), NULL);
        if (n == 0 || level[n - 1] != v)
            level[n++] = v;
    }
    return n;
}

/* What the same run reaches without degradation; NAN when that is not measured. */
static double reference(const il_rows *r, size_t row)
{
    for (size_t i = 0; i < r->count; i++)
        if (!*at(r, i, KIND) && same(r, i, row, DATASET, IMAGES) && same(r, i, row, RUN, RUN))
            return strtod(at(r, i, IOU), NULL);
    return NAN;
}

/* x and y have room for the levels. */
static void put_lines(il_text *t, const il_plot *p, const il_rows *r, size_t first, const double *level, size_t levels, double *x,
                      double *y)
{
    for (size_t i = first; i < r->count && same(r, i, first, DATASET, KIND); i++) {
        double plain = reference(r, i);
        bool earlier = false;
        for (size_t k = first; k < i; k++)
            earlier = earlier || same(r, k, i, RUN, RUN);
        if (earlier)
            continue;
        for (size_t l = 0; l < levels; l++) {
            x[l] = (double)l;
            y[l] = NAN;
            for (size_t k = i; k < r->count && same(r, k, first, DATASET, KIND); k++)
                if (same(r, k, i, RUN, RUN) && strtod(at(r, k, LEVEL), NULL) == level[l])
                    y[l] = strtod(at(r, k, IOU), NULL);
        }
        if (isfinite(plain))
            il_words_add(t, "<path class=\"line ref %c\" d=\"M%d %.1fh%d\"/>", 'a' + (int)(series_of(r, i) % IL_SVG_SERIES), p->left,
                         il_svg_y(p, plain), p->width);
        il_svg_line(t, p, x, y, levels, series_of(r, i));
    }
}

static void put_panel(il_chapter *c, const il_rows *r, size_t first)
{
    double *level = calloc(3 * r->count, sizeof *level);
    if (!level) {
        c->t->failed = true;
        return;
    }
    size_t levels = list_levels(level, r, first);
    const il_plot p = { 0, levels > 1 ? (double)levels - 1 : 1, 0, 1, 34, 12, 320, 150 };
    char title[200], text[24];
    snprintf(title, sizeof title, "IoU against %.40s, tested on %.80s", at(r, first, KIND), at(r, first, IMAGES));
    il_words_add(c->t, "<figure><figcaption>");
    il_html_text(c->t, at(r, first, KIND));
    il_words_add(c->t, " <span class=\"soft\">on ");
    il_html_text(c->t, at(r, first, IMAGES));
    il_words_add(c->t, " of ");
    put_dataset(c, r, first);
    il_words_add(c->t, "</span></figcaption>\n");
    il_svg_begin(c->t, 366, 186, title);
    il_svg_axis_y(c->t, &p, 4, 2);
    put_lines(c->t, &p, r, first, level, levels, level + r->count, level + 2 * r->count);
    size_t each = (levels + MOST_TICKS - 1) / MOST_TICKS;
    for (size_t l = 0; l < levels; l += each) {
        snprintf(text, sizeof text, "%g", level[l]);
        il_svg_tick_x(c->t, &p, (double)l, text);
    }
    il_svg_end(c->t);
    il_words_add(c->t, "</figure>\n");
    free(level);
}

static void put_numbers(il_chapter *c, const il_rows *r)
{
    il_words_add(c->t, "<details class=\"numbers\"><summary class=\"note\">Numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\""
                 " aria-label=\"Robustness\"><table><thead><tr><th scope=\"col\" class=\"left\">run</th><th scope=\"col\" class=\"left\">tested on</th>"
                 "<th scope=\"col\" class=\"left\">degradation</th><th scope=\"col\">level</th><th scope=\"col\">IoU</th>"
                 "<th scope=\"col\">pictures</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < r->count; i++) {
        il_words_add(c->t, "<tr><th scope=\"row\">");
        put_name(c, r, i);
        il_words_add(c->t, "</th><td class=\"left\">");
        il_html_text(c->t, at(r, i, IMAGES));
        il_words_add(c->t, " of ");
        put_dataset(c, r, i);
        il_words_add(c->t, "</td><td class=\"left\">");
        il_html_text(c->t, *at(r, i, KIND) ? at(r, i, KIND) : "none");
        il_words_add(c->t, "</td><td>");
        if (*at(r, i, LEVEL))
            il_words_add(c->t, "%g", strtod(at(r, i, LEVEL), NULL));
        il_words_add(c->t, "</td><td>");
        il_report_html_number(c->t, strtod(at(r, i, IOU), NULL));
        il_words_add(c->t, "</td><td>");
        il_html_text(c->t, at(r, i, PICTURES));
        il_words_add(c->t, "</td></tr>\n");
    }
    il_words_add(c->t, "</tbody></table></div></details>\n");
}

static void put_all(il_chapter *c, const il_rows *r)
{
    il_words_add(c->t, "<ul class=\"legend\">");
    for (size_t i = 0; i < r->count; i++)
        if (run_of(r, i) == i) {
            il_words_add(c->t, "<li>");
            il_svg_key(c->t, series_of(r, i));
            put_name(c, r, i);
            il_words_add(c->t, "</li>");
        }
    il_words_add(c->t, "</ul>\n<div class=\"panels\">\n");
    for (size_t i = 0; i < r->count; i++)
        if (*at(r, i, KIND) && (i == 0 || !same(r, i, i - 1, DATASET, KIND)))
            put_panel(c, r, i);
    il_words_add(c->t, "</div>\n<p class=\"note\">IoU as published. Thin level lines: the same run on the pictures as they are.</p>\n");
    put_numbers(c, r);
}

int il_report_html_robustness(il_chapter *c, il_err *e)
{
    il_rows rows = { 0 };
    bool any = false;
    int rc = il_store_query(&rows, c->s, curves, (const char *const[]){ c->experiment, NULL }, e);
    if (rc != IL_OK)
        return rc;
    for (size_t i = 0; i < rows.count; i++)
        any = any || *at(&rows, i, KIND);
    il_report_html_heading(c, "robustness", "Robustness");
    if (any)
        put_all(c, &rows);
    else
        il_words_add(c->t, "<p class=\"soft\">Not measured: nothing was tested on degraded pictures.</p>\n");
    il_store_rows_free(&rows);
    return IL_OK;
}
