/* curves.c - how each run learned: loss and IoU per epoch, on scales that all runs of the experiment share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "report/html/page_parts.h"
#include "report/html/svg.h"

enum { EPOCH, TRAIN_LOSS, VALIDATION_LOSS, TRAIN_IOU, VALIDATION_IOU, SERIES };

struct course {
    double *x, *y[SERIES]; /* of the run's epochs; NAN where NULL; in the arrays of all */
    size_t count;
    int tested; /* epoch; 0: unknown */
};

/* All courses, by a run's first cell. */
struct courses {
    struct course *of;
    double *values;
    double loss, last; /* the highest loss, the last epoch */
};

static int read_rows(il_rows *out, il_chapter *c, il_err *e)
{
    return il_store_read(
        out, c->s,
        "epochs: run_name text, epoch small, train_loss loss?, validation_loss loss?, train_iou real?, validation_iou real?,"
        " tested_epoch small?",
        "SELECT n.run_name, e.epoch, e.train_loss, e.validation_loss, e.train_iou, e.validation_iou, r.tested_epoch"
        " FROM experiments x JOIN experiment_cells n ON n.experiment = x.id JOIN runs r ON r.id = n.run"
        " JOIN epochs e ON e.run = r.id WHERE x.name = ?1 GROUP BY n.run_name, r.id, e.epoch ORDER BY n.run_name, e.epoch",
        (const char *const[]){ c->experiment, NULL }, e);
}

/* Row i of `count` as values. */
static void fill_row(struct courses *all, struct course *k, const il_rows *rows, size_t i)
{
    static const char *const names[SERIES] = { "epoch", "train_loss", "validation_loss", "train_iou",
                                               "validation_iou" };
    for (int v = 0; v < SERIES; v++) {
        double *to = all->values + (size_t)v * rows->count + i;
        *to = il_rows_real(rows, i, names[v]);
        if (k->count == 0)
            k->y[v] = to;
        if ((v == TRAIN_LOSS || v == VALIDATION_LOSS) && isfinite(*to) && *to > all->loss)
            all->loss = *to;
        if (v == EPOCH && *to > all->last)
            all->last = *to;
    }
    k->x = k->y[EPOCH];
    k->tested = (int)il_rows_int(rows, i, "tested_epoch");
    k->count++;
}

static int read_courses(struct courses *out, il_chapter *c, il_err *e)
{
    il_rows rows = { 0 };
    *out = (struct courses){ .of = calloc(c->m.count + 1, sizeof *out->of), .last = 1 };
    int rc = out->of ? read_rows(&rows, c, e) : il_fail_oom(e);
    if (!rc && !(out->values = calloc(SERIES * rows.count + 1, sizeof *out->values)))
        rc = il_fail_oom(e);
    for (size_t i = 0; i < rows.count && !rc; i++) {
        const il_matrix_cell *first = il_matrix_run(&c->m, il_rows_text(&rows, i, "run_name"));
        if (first) /* a run that was tested on degraded pictures alone is none of the matrix */
            fill_row(out, &out->of[first - c->m.cells], &rows, i);
    }
    il_store_rows_free(&rows);
    return rc;
}

static void put_panel(il_text *t, const struct course *k, int train, double most, double last, int decimals,
                      const char *what)
{
    const il_plot p = { 1, last, 0, most, 38, 20, 178, 104 };
    char label[20];
    il_text title = { 0 };
    size_t n = k->count;
    il_text_add(&title, "%s per epoch, %zu epochs; at the end train ", what, n);
    il_page_number(&title, k->y[train][n - 1]);
    il_text_add(&title, ", validation ");
    il_page_number(&title, k->y[train + 1][n - 1]);
    t->failed = t->failed || title.failed;
    il_svg_begin(t, 226, 146, title.data);
    il_text_free(&title);
    il_svg_axis_y(t, &p, 4, decimals);
    il_text_add(t, "<text x=\"38\" y=\"11\">%s</text>", what);
    if (k->tested && k->tested <= (int)last)
        il_text_add(t, "<path class=\"axis\" d=\"M%.1f %dv%d\"/>", il_svg_x(&p, k->tested), p.top, p.height);
    il_svg_line(t, &p, k->x, k->y[train], n, 0);
    il_svg_line(t, &p, k->x, k->y[train + 1], n, 1);
    il_svg_tick_x(t, &p, 1, "1");
    snprintf(label, sizeof label, "%.0f", last);
    if (last > 1)
        il_svg_tick_x(t, &p, last, label);
    il_svg_end(t);
}

static int put_numbers(il_text *t, const struct course *k, il_err *e)
{
    const il_table_column loss = { .numeric = true, .as_is = true }, iou = { .numeric = true };
    il_table table = { 0 };
    il_text_add(&table.title, "Loss and IoU per epoch");
    il_table_add(&table, "epoch", (il_table_column){ .label = true });
    il_table_add(&table, "train loss", loss);
    il_table_add(&table, "validation loss", loss);
    il_table_add(&table, "train IoU", iou);
    il_table_add(&table, "validation IoU", iou);
    for (size_t i = 0; i < k->count; i++) {
        char text[40];
        snprintf(text, sizeof text, "%.0f%s", k->x[i], k->tested == (int)k->x[i] ? " (tested)" : "");
        il_table_text(&table, text);
        for (int v = TRAIN_LOSS; v <= VALIDATION_LOSS; v++) {
            snprintf(text, sizeof text, "%.4g", k->y[v][i]);
            il_table_text(&table, isfinite(k->y[v][i]) ? text : NULL);
        }
        il_table_number(&table, k->y[TRAIN_IOU][i]);
        il_table_number(&table, k->y[VALIDATION_IOU][i]);
    }
    il_text_add(t, "<details class=\"numbers\"><summary class=\"note\">Numbers</summary>");
    int rc = il_page_table(t, &table, e);
    il_text_add(t, "</details>\n");
    return rc;
}

static int put_run(il_chapter *c, const struct course *k, size_t run, double loss, double last, il_err *e)
{
    il_text_add(c->t, "<figure><figcaption>");
    il_page_put_run(c, &c->m.cells[c->m.first[run]]);
    il_text_add(c->t, "</figcaption>\n");
    if (k->count == 0) {
        il_text_add(c->t, "<p class=\"hole\">no epoch was finished</p></figure>\n");
        return IL_OK;
    }
    il_text_add(c->t, "<div class=\"pair\">\n");
    put_panel(c->t, k, TRAIN_LOSS, loss, last, loss < 0.05 ? 3 : 2, "loss");
    put_panel(c->t, k, TRAIN_IOU, 1, last, 2, "IoU");
    il_text_add(c->t, "</div>\n");
    int rc = put_numbers(c->t, k, e);
    il_text_add(c->t, "</figure>\n");
    return rc;
}

static bool any_trained(const il_matrix *m)
{
    for (size_t i = 0; i < m->runs.count; i++)
        if (!m->cells[m->first[i]].given)
            return true;
    return false;
}

int il_page_curves(il_chapter *c, il_err *e)
{
    struct courses all = { 0 };
    if (!any_trained(&c->m))
        return IL_OK;
    int rc = read_courses(&all, c, e);
    if (!rc) {
        il_page_heading(c, "training", "Learning curves");
        il_text_add(c->t, "<ul class=\"legend\"><li>");
        il_svg_key(c->t, 0);
        il_text_add(c->t, "training</li><li>");
        il_svg_key(c->t, 1);
        il_text_add(
            c->t,
            "validation</li><li>upright line: the epoch whose weights were tested</li></ul>\n<div class=\"panels\">\n");
    }
    for (size_t i = 0; i < c->m.runs.count && !rc; i++)
        if (!c->m.cells[c->m.first[i]].given)
            rc = put_run(c, &all.of[c->m.first[i]], i, il_svg_nice(all.loss), all.last, e);
    il_text_add(c->t,
                "</div>\n<p class=\"note\">IoU as published. All runs of the experiment share their scales.</p>\n");
    free(all.of);
    free(all.values);
    return rc;
}
