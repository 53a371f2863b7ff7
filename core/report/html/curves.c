/* report_html_curves.c - how each run learned: loss and IoU per epoch, on scales that all runs of the experiment share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/html/page.h"
#include "report/html/svg.h"

enum { EPOCH, TRAIN_LOSS, VALIDATION_LOSS, TRAIN_IOU, VALIDATION_IOU, COLUMNS };

struct course {
    il_rows rows;
    double *x, *y[COLUMNS]; /* NAN where NULL */
    int best, tested;       /* epochs; 0: unknown */
};

static int read_course(struct course *k, il_chapter *c, const char *run, il_err *e)
{
    const char *args[] = { run, c->experiment, NULL };
    int rc = il_store_query(&k->rows, c->s,
        "SELECT e.epoch, e.train_loss, e.validation_loss, e.train_iou, e.validation_iou, r.best_epoch, r.tested_epoch"
        " FROM experiments x JOIN experiment_cells n ON n.experiment = x.id JOIN runs r ON r.id = n.run"
        " JOIN epochs e ON e.run = r.id WHERE n.run_name = ?1 AND x.name = ?2 GROUP BY r.id, e.epoch ORDER BY e.epoch", args, e);
    for (int v = 0; v < COLUMNS && rc == IL_OK; v++) {
        k->y[v] = calloc(k->rows.count + 1, sizeof(double));
        if (!k->y[v])
            rc = il_fail_oom(e);
        for (size_t i = 0; rc == IL_OK && i < k->rows.count; i++) {
            const char *text = k->rows.values[i * k->rows.columns + (size_t)v];
            k->y[v][i] = text ? strtod(text, NULL) : NAN;
        }
    }
    k->x = k->y[EPOCH];
    if (rc == IL_OK && k->rows.count) {
        char *const *last = k->rows.values + (k->rows.count - 1) * k->rows.columns;
        k->best = last[COLUMNS] ? (int)strtol(last[COLUMNS], NULL, 10) : 0;
        k->tested = last[COLUMNS + 1] ? (int)strtol(last[COLUMNS + 1], NULL, 10) : 0;
    }
    return rc;
}

static void free_course(struct course *k)
{
    for (int v = 0; v < COLUMNS; v++)
        free(k->y[v]);
    il_store_rows_free(&k->rows);
}

static void put_panel(il_text *t, const struct course *k, int train, double most, double last, int decimals, const char *what)
{
    const il_plot p = { 1, last, 0, most, 38, 20, 178, 104 };
    char label[20];
    il_text title = { 0 };
    size_t n = k->rows.count;
    il_words_add(&title, "%s per epoch, %zu epochs; at the end train ", what, n);
    il_report_html_number(&title, k->y[train][n - 1]);
    il_words_add(&title, ", validation ");
    il_report_html_number(&title, k->y[train + 1][n - 1]);
    t->failed = t->failed || title.failed;
    il_svg_begin(t, 226, 146, title.data);
    il_words_free(&title);
    il_svg_axis_y(t, &p, 4, decimals);
    il_words_add(t, "<text x=\"38\" y=\"11\">%s</text>", what);
    if (k->tested && k->tested <= (int)last)
        il_words_add(t, "<path class=\"axis\" d=\"M%.1f %dv%d\"/>", il_svg_x(&p, k->tested), p.top, p.height);
    il_svg_line(t, &p, k->x, k->y[train], n, 0);
    il_svg_line(t, &p, k->x, k->y[train + 1], n, 1);
    il_svg_tick_x(t, &p, 1, "1");
    snprintf(label, sizeof label, "%.0f", last);
    if (last > 1)
        il_svg_tick_x(t, &p, last, label);
    il_svg_end(t);
}

static void put_numbers(il_text *t, const struct course *k)
{
    il_words_add(t, "<details class=\"numbers\"><summary class=\"note\">Numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Epochs\">"
                 "<table><thead><tr><th scope=\"col\">epoch</th><th scope=\"col\">train loss</th><th scope=\"col\">validation loss</th>"
                 "<th scope=\"col\">train IoU</th><th scope=\"col\">validation IoU</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < k->rows.count; i++) {
        il_words_add(t, "<tr><th scope=\"row\">%.0f%s</th>", k->x[i], k->tested == (int)k->x[i] ? " (tested)" : "");
        for (int v = TRAIN_LOSS; v < COLUMNS; v++) {
            char number[32] = "\xe2\x80\x93";
            if (isfinite(k->y[v][i]))
                snprintf(number, sizeof number, v < TRAIN_IOU ? "%.4g" : "%.3f", k->y[v][i]);
            il_words_add(t, "<td>%s</td>", number);
        }
        il_words_add(t, "</tr>\n");
    }
    il_words_add(t, "</tbody></table></div></details>\n");
}

static void put_run(il_chapter *c, const struct course *k, size_t run, double loss, double last)
{
    il_words_add(c->t, "<figure><figcaption>");
    il_report_html_run(c, c->m.first[run]);
    il_words_add(c->t, "</figcaption>\n");
    if (k->rows.count == 0) {
        il_words_add(c->t, "<p class=\"hole\">no epoch was finished</p></figure>\n");
        return;
    }
    il_words_add(c->t, "<div class=\"pair\">\n");
    put_panel(c->t, k, TRAIN_LOSS, loss, last, loss < 0.05 ? 3 : 2, "loss");
    put_panel(c->t, k, TRAIN_IOU, 1, last, 2, "IoU");
    il_words_add(c->t, "</div>\n");
    put_numbers(c->t, k);
    il_words_add(c->t, "</figure>\n");
}

int il_report_html_curves(il_chapter *c, il_err *e)
{
    struct course *all = calloc(c->m.runs.count + 1, sizeof *all);
    double loss = 0, last = 1;
    int rc = all ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < c->m.runs.count && rc == IL_OK; i++) {
        rc = read_course(&all[i], c, c->m.runs.items[i], e);
        for (size_t k = 0; rc == IL_OK && k < all[i].rows.count; k++) {
            last = all[i].x[k] > last ? all[i].x[k] : last;
            for (int v = TRAIN_LOSS; v <= VALIDATION_LOSS; v++)
                loss = isfinite(all[i].y[v][k]) && all[i].y[v][k] > loss ? all[i].y[v][k] : loss;
        }
    }
    if (rc == IL_OK) {
        il_report_html_heading(c, "training", "Learning curves");
        il_words_add(c->t, "<ul class=\"legend\"><li>");
        il_svg_key(c->t, 0);
        il_words_add(c->t, "training</li><li>");
        il_svg_key(c->t, 1);
        il_words_add(c->t, "validation</li><li>upright line: the epoch whose weights were tested</li></ul>\n<div class=\"panels\">\n");
        for (size_t i = 0; i < c->m.runs.count; i++)
            put_run(c, &all[i], i, il_svg_nice(loss), last);
        il_words_add(c->t, "</div>\n<p class=\"note\">IoU as published. All runs of the experiment share their scales.</p>\n");
    }
    for (size_t i = 0; all && i < c->m.runs.count; i++)
        free_course(&all[i]);
    free(all);
    return rc;
}
