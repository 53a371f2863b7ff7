/* distribution.c - what the mean hides: how the IoU of single pictures spreads, and how it depends on the share of tampered
 * pixels. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/experiment_table.h"
#include "report/html/page_parts.h"
#include "report/html/svg.h"

static const il_table_column label = { .label = true }, number = { .numeric = true };

/* ---- a table for each part ---- */

/* Adds columns after the labels; or a cell's values in them. */
struct kind {
    const char *id, *heading, *caption;
    void (*columns)(il_table *t);
    int (*values)(il_table *t, const il_picture_scores *p, il_err *e);
};

static int put_part(il_chapter *c, size_t part, const struct kind *kind, size_t *shown, il_err *e)
{
    const il_matrix_part *p = &c->m.parts[part];
    il_table t = { 0 };
    int rc = IL_OK;
    if (c->m.nparts > 1 || strcmp(p->split, "test") != 0)
        il_text_add(&t.title, "%s, %s. ", p->dataset, p->split);
    il_text_add(&t.title, "%s", kind->caption);
    il_experiment_label_columns(&t, &c->m);
    il_table_add(&t, "tested on", label);
    kind->columns(&t);
    for (size_t i = 0; i < c->m.count && !rc; i++) {
        if (c->m.cells[i].part != part || c->pictures[i].defined == 0)
            continue;
        il_experiment_labels(&t, &c->m, &c->m.cells[i]);
        il_table_text(&t, c->m.cells[i].tested_on);
        rc = kind->values(&t, &c->pictures[i], e);
    }
    *shown += t.rows.count;
    if (!rc && (t.rows.count || t.failed))
        return il_page_table(c->t, &t, e);
    il_table_free(&t);
    return rc;
}

static int put_kind(il_chapter *c, const struct kind *kind, il_err *e)
{
    size_t shown = 0;
    int rc = IL_OK;
    il_page_heading(c, kind->id, kind->heading);
    for (size_t i = 0; i < c->m.nparts && !rc; i++)
        rc = put_part(c, i, kind, &shown, e);
    if (!rc && !shown)
        il_text_add(c->t, "<p class=\"soft\">No picture's IoU is measured and defined.</p>\n");
    return rc;
}

/* ---- spread ---- */

enum { BINS = 20, BAR = 9, TALL = 34 };

/* Bins of 0.05; 1 belongs to the last. */
static void put_histogram(il_text *t, const il_picture_scores *p, double median)
{
    size_t bins[BINS] = { 0 }, most = 1;
    for (size_t i = 0; i < p->count; i++)
        if (!isnan(p->iou[i])) {
            int b = (int)(p->iou[i] * BINS);
            bins[b < BINS ? b : BINS - 1]++;
        }
    for (int b = 0; b < BINS; b++)
        most = bins[b] > most ? bins[b] : most;
    char title[120];
    snprintf(title, sizeof title, "Histogram of the IoU of %zu pictures from 0 to 1; median %.3f", p->defined, median);
    il_svg_begin(t, BINS * BAR, TALL + 6, title);
    for (int b = 0; b < BINS; b++)
        if (bins[b]) {
            double height = TALL * (double)bins[b] / (double)most;
            height = height < 1 ? 1 : height;
            il_text_add(t, "<rect class=\"bar\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>", b * BAR,
                        TALL - height, BAR - 1, height);
        }
    il_text_add(
        t, "<line class=\"axis\" x1=\"0\" y1=\"%d.5\" x2=\"%d\" y2=\"%d.5\"/><path class=\"mark\" d=\"M%.1f %dv5\"/>",
        TALL, BINS * BAR, TALL, median * BINS * BAR, TALL + 1);
    il_svg_end(t);
}

static void spread_columns(il_table *t)
{
    il_table_add(t, "0 to 1", (il_table_column){ 0 });
    il_table_add(t, "pictures", number);
    il_table_add(t, "undefined", number);
    il_table_add(t, "lowest", number);
    il_table_add(t, "quarter", number);
    il_table_add(t, "median", (il_table_column){ .numeric = true, .main = true });
    il_table_add(t, "three quarters", number);
    il_table_add(t, "highest", number);
}

static int spread_values(il_table *t, const il_picture_scores *p, il_err *e)
{
    static const double quantiles[] = { 0, 0.25, 0.5, 0.75, 1 };
    double *x = il_picture_scores_defined(p);
    if (!x)
        return il_fail_oom(e);
    put_histogram(&il_table_text(t, NULL)->markup, p, il_stats_quantile(x, p->defined, 0.5));
    il_table_int(t, (int64_t)p->defined);
    il_table_int(t, (int64_t)(p->count - p->defined));
    for (int i = 0; i < 5; i++)
        il_table_number(t, il_stats_quantile(x, p->defined, quantiles[i]));
    free(x);
    return IL_OK;
}

int il_page_spread(il_chapter *c, il_err *e)
{
    static const struct kind spread = {
        "spread", "IoU of single pictures",
        "Bars from IoU 0 (left) to 1 (right), each as high as its share; the tick below is the median. Undefined: nothing is tampered"
        " and nothing marked.",
        spread_columns, spread_values
    };
    return put_kind(c, &spread, e);
}

/* ---- sizes ---- */

enum { SIZES = 5 };
static const double edges[SIZES + 1] = { 0, 0.02, 0.05, 0.1, 0.25, 1 };

static void size_columns(il_table *t)
{
    for (int b = 0; b < SIZES; b++) {
        char name[40];
        snprintf(name, sizeof name, "%g\xe2\x80\x93%g\xc2\xa0%%", 100 * edges[b], 100 * edges[b + 1]);
        il_table_add(t, name, number);
    }
    il_table_add(t, "nothing tampered", number);
}

static int size_values(il_table *t, const il_picture_scores *p, il_err *e)
{
    (void)e;
    for (int b = 0; b < SIZES; b++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < p->count; i++)
            if (p->share[i] > edges[b] && p->share[i] <= edges[b + 1]) {
                sum += p->iou[i]; /* defined, since something is tampered */
                n++;
            }
        il_text_add(&il_table_number(t, n ? sum / (double)n : NAN)->under, "n\xe2\x80\x89=\xe2\x80\x89%zu", n);
    }
    il_table_int(t, (int64_t)p->authentic);
    return IL_OK;
}

int il_page_sizes(il_chapter *c, il_err *e)
{
    static const struct kind sizes = {
        "sizes", "By the size of the mask",
        "Mean IoU over the pictures whose share of tampered pixels lies within these bounds (the upper one included), and how many"
        " they are.",
        size_columns, size_values
    };
    return put_kind(c, &sizes, e);
}
