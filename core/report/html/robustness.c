/* robustness.c - IoU against the strength of a degradation, one panel for each kind, one line for each run. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/html/page_parts.h"
#include "report/html/svg.h"

enum { MOST_TICKS = 8 }; /* whose texts do not touch */

/* In each place (data set, split, image kind) the kinds of degradation with their levels, then pictures as they are. */
static const char curves[] =
    "SELECT tested_dataset, split, tested_on, degradation, level, printf('%.10g', level) AS shown_level, iou, run, images"
    " FROM robustness WHERE experiment = ?1 AND iou IS NOT NULL"
    " ORDER BY tested_dataset, split, tested_on, degradation IS NULL, degradation, level, cell";

static const char expected[] =
    "robustness: tested_dataset text, split text, tested_on text, degradation text?, level real?, shown_level text?,"
    " iou real, run text, images count?";

/* Texts are lent by the rows. */
struct point {
    const char *dataset, *split, *images, *kind, *run; /* kind "": as they are */
    double level, iou;
    size_t series;
};

struct points {
    il_rows rows;
    struct point *at;
    size_t count, runs;
    size_t *first; /* point of each run */
    bool degraded; /* some point is of degraded pictures */
};

static int read_points(struct points *p, il_chapter *c, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, c->s, expected, curves, (const char *const[]){ c->experiment, NULL }, e);
    *p = (struct points){ .rows = rows };
    p->at = calloc(p->rows.count + 1, sizeof *p->at);
    p->first = calloc(p->rows.count + 1, sizeof *p->first);
    if (!rc && (!p->at || !p->first))
        rc = il_fail_oom(e);
    for (size_t i = 0; !rc && i < p->rows.count; i++) {
        const il_rows *r = &p->rows;
        struct point *at = &p->at[i];
        *at = (struct point){ il_rows_text(r, i, "tested_dataset"),
                              il_rows_text(r, i, "split"),
                              il_rows_text(r, i, "tested_on"),
                              il_rows_word(r, i, "degradation"),
                              il_rows_text(r, i, "run"),
                              il_rows_real(r, i, "level"),
                              il_rows_real(r, i, "iou"),
                              0 };
        p->degraded = p->degraded || at->kind[0];
        while (at->series < p->runs && strcmp(p->at[p->first[at->series]].run, at->run) != 0)
            at->series++;
        if (at->series == p->runs)
            p->first[p->runs++] = i;
        p->count = i + 1;
    }
    return rc;
}

static bool same_place(const struct point *a, const struct point *b)
{
    return strcmp(a->dataset, b->dataset) == 0 && strcmp(a->split, b->split) == 0 && strcmp(a->images, b->images) == 0;
}

static size_t end_of_place(const struct points *p, size_t first)
{
    size_t i = first;
    while (i < p->count && same_place(&p->at[i], &p->at[first]))
        i++;
    return i;
}

static size_t end_of_kind(const struct points *p, size_t first, size_t end)
{
    size_t i = first;
    while (i < end && strcmp(p->at[i].kind, p->at[first].kind) == 0)
        i++;
    return i;
}

static void add_name(il_text *to, const il_chapter *c, const char *run)
{
    const il_matrix_cell *cell = il_matrix_run(&c->m, run);
    if (cell)
        il_page_run(to, &c->m, cell);
    else /* not tested on pictures as they are */
        il_text_add(to, "%s", run);
}

static void add_place(il_text *to, const struct point *p)
{
    bool test = strcmp(p->split, "test") == 0;
    il_text_add(to, "%s of %s%s%s", p->images, p->dataset, test ? "" : ", ", test ? "" : p->split);
}

static void put_text(il_chapter *c, il_text *text)
{
    il_html_text(c->t, text->data);
    c->t->failed = c->t->failed || text->failed;
    il_text_free(text);
}

/* ---- panels ---- */

/* The levels of a kind in order, each at its own place on the axis: values of x, which has room for all points. */
static size_t list_levels(double *level, const struct points *p, size_t first, size_t end)
{
    size_t n = 0;
    for (size_t i = first; i < end; i++)
        if (n == 0 || level[n - 1] != p->at[i].level)
            level[n++] = p->at[i].level;
    return n;
}

/* plain: what each run reaches without degradation, NAN where that is not measured. y: runs x levels. */
static void put_lines(il_text *t, const il_plot *plot, const struct points *p, size_t first, size_t end,
                      const double *plain, const double *level, size_t levels, double *y)
{
    double *x = y + p->runs * levels;
    for (size_t i = 0; i < p->runs * levels; i++)
        y[i] = NAN;
    for (size_t l = 0; l < levels; l++)
        x[l] = (double)l;
    for (size_t i = first, l = 0; i < end; i++) {
        while (level[l] != p->at[i].level)
            l++;
        y[p->at[i].series * levels + l] = p->at[i].iou;
    }
    for (size_t run = 0; run < p->runs; run++) {
        bool any = false;
        for (size_t l = 0; l < levels; l++)
            any = any || !isnan(y[run * levels + l]);
        if (any && isfinite(plain[run]))
            il_text_add(t, "<path class=\"line ref %s\" d=\"M%d %.1fh%d\"/>", il_svg_style_of(run).line, plot->left,
                        il_svg_y(plot, plain[run]), plot->width);
        if (any)
            il_svg_line(t, plot, x, y + run * levels, levels, run);
    }
}

static void put_caption(il_chapter *c, const struct point *p)
{
    il_text place = { 0 };
    add_place(&place, p);
    il_text_add(c->t, "<figure><figcaption>");
    il_html_text(c->t, p->kind);
    il_text_add(c->t, " <span class=\"soft\">on ");
    put_text(c, &place);
    il_text_add(c->t, "</span></figcaption>\n");
}

static void put_panel(il_chapter *c, const struct points *p, size_t first, size_t end, const double *plain)
{
    double *level = calloc(end - first + 1, sizeof *level), *y = NULL;
    size_t levels = level ? list_levels(level, p, first, end) : 0;
    const il_plot plot = { 0, levels > 1 ? (double)levels - 1 : 1, 0, 1, 34, 12, 320, 150 };
    char title[200], text[24];
    if (level)
        y = calloc((p->runs + 1) * (levels + 1), sizeof *y);
    if (!y) {
        free(level);
        c->t->failed = true;
        return;
    }
    put_caption(c, &p->at[first]);
    snprintf(title, sizeof title, "IoU against %.40s, tested on %.80s", p->at[first].kind, p->at[first].images);
    il_svg_begin(c->t, 366, 186, title);
    il_svg_axis_y(c->t, &plot, 4, 2);
    put_lines(c->t, &plot, p, first, end, plain, level, levels, y);
    size_t each = (levels + MOST_TICKS - 1) / MOST_TICKS;
    for (size_t l = 0; l < levels; l += each) {
        snprintf(text, sizeof text, "%g", level[l]);
        il_svg_tick_x(c->t, &plot, (double)l, text);
    }
    il_svg_end(c->t);
    il_text_add(c->t, "</figure>\n");
    free(level);
    free(y);
}

static void put_place(il_chapter *c, const struct points *p, size_t first, size_t end)
{
    double *plain = calloc(p->runs + 1, sizeof *plain);
    if (!plain) {
        c->t->failed = true;
        return;
    }
    for (size_t i = 0; i < p->runs; i++)
        plain[i] = NAN;
    for (size_t i = first; i < end; i++)
        if (!*p->at[i].kind && isnan(plain[p->at[i].series]))
            plain[p->at[i].series] = p->at[i].iou;
    for (size_t i = first, last; i < end; i = last) {
        last = end_of_kind(p, i, end);
        if (*p->at[i].kind)
            put_panel(c, p, i, last, plain);
    }
    free(plain);
}

/* ---- the whole ---- */

static int put_numbers(il_chapter *c, const struct points *p, il_err *e)
{
    il_table t = { 0 };
    il_text_add(&t.title, "IoU by kind and level of degradation");
    il_table_add(&t, "run", (il_table_column){ .label = true });
    il_table_add(&t, "tested on", (il_table_column){ 0 });
    il_table_add(&t, "degradation", (il_table_column){ 0 });
    il_table_add(&t, "level", (il_table_column){ .numeric = true, .as_is = true });
    il_table_add(&t, "IoU", (il_table_column){ .numeric = true });
    il_table_add(&t, "pictures", (il_table_column){ .numeric = true });
    for (size_t i = 0; i < p->count; i++) {
        il_text name = { 0 }, place = { 0 };
        bool plain = !*p->at[i].kind;
        add_name(&name, c, p->at[i].run);
        add_place(&place, &p->at[i]);
        il_table_text(&t, name.data);
        il_table_text(&t, place.data);
        il_table_text(&t, plain ? "none" : p->at[i].kind);
        il_table_text(&t, plain ? "" : il_rows_text(&p->rows, i, "shown_level"));
        il_table_number(&t, p->at[i].iou);
        il_table_text(&t, il_rows_text(&p->rows, i, "images"));
        t.failed = t.failed || name.failed || place.failed;
        il_text_free(&name);
        il_text_free(&place);
    }
    il_text_add(c->t, "<details class=\"numbers\"><summary class=\"note\">Numbers</summary>");
    int rc = il_page_table(c->t, &t, e);
    il_text_add(c->t, "</details>\n");
    return rc;
}

static int put_all(il_chapter *c, const struct points *p, il_err *e)
{
    il_text_add(c->t, "<ul class=\"legend\">");
    for (size_t run = 0; run < p->runs; run++) {
        il_text name = { 0 };
        add_name(&name, c, p->at[p->first[run]].run);
        il_text_add(c->t, "<li>");
        il_svg_key(c->t, run);
        put_text(c, &name);
        il_text_add(c->t, "</li>");
    }
    il_text_add(c->t, "</ul>\n<div class=\"panels\">\n");
    for (size_t i = 0, end; i < p->count; i = end) {
        end = end_of_place(p, i);
        put_place(c, p, i, end);
    }
    il_text_add(
        c->t,
        "</div>\n<p class=\"note\">IoU as published. Thin level lines: the same run on the pictures as they are.</p>\n");
    return put_numbers(c, p, e);
}

int il_page_robustness(il_chapter *c, il_err *e)
{
    struct points p;
    int rc = read_points(&p, c, e);
    il_page_heading(c, "robustness", "Robustness");
    if (!rc && p.degraded)
        rc = put_all(c, &p, e);
    else
        il_text_add(c->t, "<p class=\"soft\">Not measured: nothing was tested on degraded pictures.</p>\n");
    free(p.at);
    free(p.first);
    il_store_rows_free(&p.rows);
    return rc;
}
