/* robustness.c - IoU against the strength of a degradation, one panel for each kind, one line for the runs that differ in the seed
 * alone. */
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

/* What one line shows. */
struct series {
    const char *run; /* the first of them */
    size_t seeds;    /* runs */
};

/* Values of a series at one level. */
struct spread {
    double sum, low, high;
    size_t count;
};

struct points {
    il_rows rows;
    struct point *at;
    size_t count, nseries;
    struct series *series;
    bool degraded; /* some point is of degraded pictures */
};

/* The run that stands for all of those that differ in the seed alone. */
static const char *leader_of(const il_chapter *c, const char *run)
{
    const il_matrix_cell *cell = il_matrix_run(&c->m, run);
    return cell ? c->m.runs.items[c->m.group[cell->run]] : run; /* else not tested on pictures as they are */
}

static size_t seeds_of(const il_chapter *c, const char *run)
{
    const il_matrix_cell *cell = il_matrix_run(&c->m, run);
    size_t seeds = 0;
    for (size_t i = 0; cell && i < c->m.runs.count; i++)
        seeds += c->m.group[i] == c->m.group[cell->run];
    return cell ? seeds : 1;
}

static size_t find_series(struct points *p, const il_chapter *c, const char *run)
{
    const char *leader = leader_of(c, run);
    size_t i = 0;
    while (i < p->nseries && strcmp(p->series[i].run, leader) != 0)
        i++;
    if (i == p->nseries)
        p->series[p->nseries++] = (struct series){ leader, seeds_of(c, run) };
    return i;
}

static int read_points(struct points *p, il_chapter *c, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, c->s, expected, curves, (const char *const[]){ c->experiment, NULL }, e);
    *p = (struct points){ .rows = rows };
    p->at = calloc(p->rows.count + 1, sizeof *p->at);
    p->series = calloc(p->rows.count + 1, sizeof *p->series);
    if (!rc && (!p->at || !p->series))
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
        at->series = find_series(p, c, at->run);
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

/* Whether the point is at another level than the one before; what is no number is at a level of its own. */
static bool is_next(const struct points *p, size_t first, size_t i)
{
    return i > first && p->at[i].level != p->at[i - 1].level;
}

/* The levels of a kind in order, each at its own place on the axis: values of x, which has room for all points. */
static size_t list_levels(double *level, const struct points *p, size_t first, size_t end)
{
    size_t at = 0;
    for (size_t i = first; i < end; i++) {
        at += is_next(p, first, i);
        level[at] = p->at[i].level;
    }
    return at + 1;
}

static void add_value(struct spread *s, double value)
{
    s->low = s->count ? fmin(s->low, value) : value;
    s->high = s->count ? fmax(s->high, value) : value;
    s->sum += value;
    s->count++;
}

static double mean_of(const struct spread *s)
{
    return s->count ? s->sum / (double)s->count : NAN;
}

/* One panel's numbers: rows of room for levels. */
struct lines {
    double *level, *x, *mean, *low, *high;
    struct spread *spread; /* series x levels */
    size_t levels;
};

static void put_line(il_text *t, const il_plot *plot, const struct lines *l, size_t series, double plain)
{
    bool any = false;
    for (size_t i = 0; i < l->levels; i++) {
        const struct spread *s = &l->spread[series * l->levels + i];
        any = any || s->count;
        l->mean[i] = mean_of(s);
        l->low[i] = s->count > 1 ? s->low : NAN;
        l->high[i] = s->count > 1 ? s->high : NAN;
    }
    if (!any)
        return;
    il_svg_band(t, plot, l->x, l->low, l->high, l->levels, series);
    if (isfinite(plain))
        il_text_add(t, "<path class=\"line ref %s\" d=\"M%d %.1fh%d\"/>", il_svg_style_of(series).line, plot->left,
                    il_svg_y(plot, plain), plot->width);
    il_svg_line(t, plot, l->x, l->mean, l->levels, series);
}

/* plain: what each series reaches without degradation. */
static void put_lines(il_text *t, const il_plot *plot, const struct points *p, size_t first, size_t end,
                      const struct spread *plain, const struct lines *l)
{
    for (size_t i = 0; i < l->levels; i++)
        l->x[i] = (double)i;
    for (size_t i = first, at = 0; i < end; i++) {
        at += is_next(p, first, i);
        add_value(&l->spread[p->at[i].series * l->levels + at], p->at[i].iou);
    }
    for (size_t i = 0; i < p->nseries; i++)
        put_line(t, plot, l, i, mean_of(&plain[i]));
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

static void put_axis_x(il_chapter *c, const il_plot *plot, const struct lines *l)
{
    size_t each = (l->levels + MOST_TICKS - 1) / MOST_TICKS;
    for (size_t i = 0; i < l->levels; i += each) {
        char text[24];
        snprintf(text, sizeof text, "%g", l->level[i]);
        il_svg_tick_x(c->t, plot, (double)i, isnan(l->level[i]) ? "-" : text);
    }
}

static void put_panel(il_chapter *c, const struct points *p, size_t first, size_t end, const struct spread *plain)
{
    enum { ROWS = 5 };
    size_t room = end - first;
    char title[200];
    double *rows = calloc(ROWS * room, sizeof *rows);
    struct lines l = { rows, rows + room, rows + 2 * room, rows + 3 * room, rows + 4 * room, NULL, 0 };
    if (rows) {
        l.levels = list_levels(l.level, p, first, end);
        l.spread = calloc(p->nseries * l.levels, sizeof *l.spread);
    }
    if (!l.spread) {
        free(rows);
        c->t->failed = true;
        return;
    }
    const il_plot plot = { 0, l.levels > 1 ? (double)l.levels - 1 : 1, 0, 1, 34, 12, 320, 150 };
    put_caption(c, &p->at[first]);
    snprintf(title, sizeof title, "IoU against %.40s, tested on %.80s", p->at[first].kind, p->at[first].images);
    il_svg_begin(c->t, 366, 186, title);
    il_svg_axis_y(c->t, &plot, 4, 2);
    put_lines(c->t, &plot, p, first, end, plain, &l);
    put_axis_x(c, &plot, &l);
    il_svg_end(c->t);
    il_text_add(c->t, "</figure>\n");
    free(l.spread);
    free(rows);
}

static void put_place(il_chapter *c, const struct points *p, size_t first, size_t end)
{
    struct spread *plain = calloc(p->nseries + 1, sizeof *plain);
    if (!plain) {
        c->t->failed = true;
        return;
    }
    for (size_t i = first; i < end; i++)
        if (!*p->at[i].kind)
            add_value(&plain[p->at[i].series], p->at[i].iou);
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

static void put_legend(il_chapter *c, const struct points *p)
{
    for (size_t i = 0; i < p->nseries; i++) {
        const struct series *s = &p->series[i];
        const il_matrix_cell *cell = il_matrix_run(&c->m, s->run);
        il_text name = { 0 };
        if (cell && s->seeds > 1)
            il_page_runs(&name, &c->m, cell);
        else
            add_name(&name, c, s->run);
        if (s->seeds > 1)
            il_text_add(&name, " (%zu seeds)", s->seeds);
        il_text_add(c->t, "<li>");
        il_svg_key(c->t, i);
        put_text(c, &name);
        il_text_add(c->t, "</li>");
    }
}

static bool has_seeds(const struct points *p)
{
    bool any = false;
    for (size_t i = 0; i < p->nseries; i++)
        any = any || p->series[i].seeds > 1;
    return any;
}

static int put_all(il_chapter *c, const struct points *p, il_err *e)
{
    il_text_add(c->t, "<ul class=\"legend\">");
    put_legend(c, p);
    il_text_add(c->t, "</ul>\n<div class=\"panels\">\n");
    for (size_t i = 0, end; i < p->count; i = end) {
        end = end_of_place(p, i);
        put_place(c, p, i, end);
    }
    il_text_add(
        c->t,
        "</div>\n<p class=\"note\">IoU as published.%s Thin level lines: the same on pictures as they are. Levels stand in order at equal distances; between them nothing was measured.</p>\n",
        has_seeds(p) ? " A line is the mean over seeds, its band reaches from the lowest seed to the highest." : "");
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
    free(p.series);
    il_store_rows_free(&p.rows);
    return rc;
}
