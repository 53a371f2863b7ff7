/* report_html_images.c - what the mean hides: how the IoU of single pictures spreads, and how it depends on the share of
 * tampered pixels. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report/html/page.h"
#include "report/html/svg.h"

/* ---- spread ---- */

enum { BINS = 20, BAR = 9, TALL = 34 };

/* Bins of 0.05; 1 belongs to the last. */
static void put_histogram(il_text *t, const il_pictures_of *p, double median)
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
            il_words_add(t, "<rect class=\"bar\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>", b * BAR, TALL - height, BAR - 1, height);
        }
    il_words_add(t, "<line class=\"axis\" x1=\"0\" y1=\"%d.5\" x2=\"%d\" y2=\"%d.5\"/><path class=\"mark\" d=\"M%.1f %dv5\"/>", TALL, BINS * BAR,
                 TALL, median * BINS * BAR, TALL + 1);
    il_svg_end(t);
}

static int put_spread(il_chapter *c, size_t cell, il_err *e)
{
    const il_pictures_of *p = &c->pictures[cell];
    double *x = malloc((p->defined + 1) * sizeof *x);
    size_t n = 0;
    if (!x)
        return il_fail_oom(e);
    for (size_t i = 0; i < p->count; i++)
        if (!isnan(p->iou[i]))
            x[n++] = p->iou[i];
    il_words_add(c->t, "<tr>");
    il_report_html_labels(c, cell);
    il_words_add(c->t, "<th scope=\"row\">");
    il_html_text(c->t, il_matrix_at(&c->m, cell, IL_TESTED_ON));
    il_words_add(c->t, "</th><td>");
    put_histogram(c->t, p, il_stats_quantile(x, n, 0.5));
    il_words_add(c->t, "</td><td>%zu</td><td>%zu</td>", n, p->count - n);
    static const double quantiles[] = { 0, 0.25, 0.5, 0.75, 1 };
    for (int i = 0; i < 5; i++) {
        il_words_add(c->t, i == 2 ? "<td class=\"main\">" : "<td>");
        il_report_html_number(c->t, il_stats_quantile(x, n, quantiles[i]));
        il_words_add(c->t, "</td>");
    }
    il_words_add(c->t, "</tr>\n");
    free(x);
    return IL_OK;
}

static void begin_table(il_chapter *c, const char *what, const il_matrix_part *p, const char *caption)
{
    il_words_add(c->t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>\n<caption><span>", what);
    if (c->m.nparts > 1) {
        il_html_text(c->t, p->dataset);
        il_words_add(c->t, ", ");
        il_html_text(c->t, p->split);
        il_words_add(c->t, ". ");
    }
    il_words_add(c->t, "%s</span></caption>\n<thead><tr>", caption);
    il_report_html_label_heads(c);
    il_words_add(c->t, "<th scope=\"col\" class=\"left\">tested on</th>");
}

int il_report_html_spread(il_chapter *c, il_err *e)
{
    size_t shown = 0;
    int rc = IL_OK;
    il_report_html_heading(c, "spread", "IoU of single pictures");
    for (size_t i = 0; i < c->m.nparts; i++) {
        size_t before = shown;
        for (size_t cell = 0; cell < c->m.cells.count && rc == IL_OK; cell++) {
            if (!il_matrix_in(&c->m, &c->m.parts[i], cell) || c->pictures[cell].defined == 0)
                continue;
            if (shown++ == before) {
                begin_table(c, "Spread", &c->m.parts[i], "Bars from IoU 0 (left) to 1 (right), each as high as its share; the tick below"
                            " is the median. Undefined: nothing is tampered and nothing marked.");
                il_words_add(c->t, "<th scope=\"col\" class=\"left\">0 to 1</th><th scope=\"col\">pictures</th><th scope=\"col\">undefined</th>"
                             "<th scope=\"col\">lowest</th><th scope=\"col\">quarter</th><th scope=\"col\">median</th>"
                             "<th scope=\"col\">three quarters</th><th scope=\"col\">highest</th></tr></thead>\n<tbody>\n");
            }
            rc = put_spread(c, cell, e);
        }
        if (shown > before)
            il_words_add(c->t, "</tbody></table></div>\n");
    }
    if (rc == IL_OK && !shown)
        il_words_add(c->t, "<p class=\"soft\">No picture's IoU is measured and defined.</p>\n");
    return rc;
}

/* ---- sizes ---- */

enum { SIZES = 5 };
static const double edges[SIZES + 1] = { 0, 0.02, 0.05, 0.1, 0.25, 1 };

static void put_sizes(il_chapter *c, size_t cell)
{
    const il_pictures_of *p = &c->pictures[cell];
    double sum[SIZES] = { 0 };
    size_t n[SIZES] = { 0 };
    for (size_t i = 0; i < p->count; i++)
        for (int b = 0; b < SIZES; b++)
            if (p->share[i] > edges[b] && p->share[i] <= edges[b + 1]) {
                sum[b] += p->iou[i]; /* defined, since something is tampered */
                n[b]++;
            }
    il_words_add(c->t, "<tr>");
    il_report_html_labels(c, cell);
    il_words_add(c->t, "<th scope=\"row\">");
    il_html_text(c->t, il_matrix_at(&c->m, cell, IL_TESTED_ON));
    il_words_add(c->t, "</th>");
    for (int b = 0; b < SIZES; b++) {
        il_words_add(c->t, "<td>");
        il_report_html_number(c->t, n[b] ? sum[b] / (double)n[b] : NAN);
        il_words_add(c->t, "<span class=\"sub\">n\xe2\x80\x89=\xe2\x80\x89%zu</span></td>", n[b]);
    }
    il_words_add(c->t, "<td>%zu</td></tr>\n", p->authentic);
}

int il_report_html_sizes(il_chapter *c, il_err *e)
{
    size_t shown = 0;
    (void)e;
    il_report_html_heading(c, "sizes", "By the size of the mask");
    for (size_t i = 0; i < c->m.nparts; i++) {
        size_t before = shown;
        for (size_t cell = 0; cell < c->m.cells.count; cell++) {
            if (!il_matrix_in(&c->m, &c->m.parts[i], cell) || c->pictures[cell].defined == 0)
                continue;
            if (shown++ == before) {
                begin_table(c, "Sizes", &c->m.parts[i], "Mean IoU over the pictures whose share of tampered pixels lies within these bounds"
                            " (the upper one included), and how many they are.");
                for (int b = 0; b < SIZES; b++)
                    il_words_add(c->t, "<th scope=\"col\">%g\xe2\x80\x93%g\xc2\xa0%%</th>", 100 * edges[b], 100 * edges[b + 1]);
                il_words_add(c->t, "<th scope=\"col\">nothing tampered</th></tr></thead>\n<tbody>\n");
            }
            put_sizes(c, cell);
        }
        if (shown > before)
            il_words_add(c->t, "</tbody></table></div>\n");
    }
    if (!shown)
        il_words_add(c->t, "<p class=\"soft\">No picture's IoU is measured and defined.</p>\n");
    return IL_OK;
}
