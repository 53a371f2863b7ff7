/* published.c - the published tables: theirs and ours in columns of their own, with intervals of ours. */
#include <math.h>
#include "report/conventions.h"
#include "report/html/page_parts.h"
#include "report/html/svg.h"
#include "report/published_table.h"

/* 0 to 1 as a strip: a diamond for theirs, a disc for ours, a bar for the interval of the image mean. */
static void put_strip(il_text *t, const il_rows *rows, size_t row)
{
    double ours = il_rows_int(rows, row, "is_measured") ? il_rows_real(rows, row, "measured") : NAN;
    double low = il_rows_real(rows, row, "low"), high = il_rows_real(rows, row, "high");
    const il_plot p = { 0, 1, 0, 1, 6, 0, 120, 14 };
    il_svg_begin(t, 132, 16, "published and measured IoU on a scale from 0 to 1");
    il_text_add(
        t,
        "<line class=\"axis\" x1=\"6\" y1=\"8\" x2=\"126\" y2=\"8\"/><line class=\"axis\" x1=\"6\" y1=\"5\" x2=\"6\" y2=\"11\"/>"
        "<line class=\"axis\" x1=\"126\" y1=\"5\" x2=\"126\" y2=\"11\"/>");
    il_text_add(t, "<path class=\"theirs\" d=\"M%.1f 2.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z\"/>",
                il_svg_x(&p, il_rows_real(rows, row, "published")));
    if (!isnan(low))
        il_text_add(t, "<line class=\"between\" x1=\"%.1f\" y1=\"8\" x2=\"%.1f\" y2=\"8\"/>", il_svg_x(&p, low),
                    il_svg_x(&p, high));
    if (!isnan(ours))
        il_text_add(t, "<circle class=\"dot a\" cx=\"%.1f\" cy=\"8\" r=\"2.8\"/>", il_svg_x(&p, ours));
    il_svg_end(t);
}

/* Drawings in the column that is made for them. */
static void draw(il_table *t, const il_rows *rows)
{
    size_t column = il_rows_column(&t->rows, "0 to 1");
    for (size_t row = 0; row < t->rows.count; row++)
        put_strip(&t->cells[row * t->rows.columns + column].markup, rows, row);
}

static int put_table(il_text *t, il_store *s, const il_published_table *p, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    il_table table = { 0 };
    int rc = p->labels ? il_published_rows(&rows, s, p, experiment, true, e)
                       : il_published_table_splits(&table, s, p, IL_MEDIUM_PAGE, e);
    if (!rc && p->labels)
        rc = il_published_table_make(&table, s, &rows, p, IL_MEDIUM_PAGE, e);
    if (!rc && p->labels)
        draw(&table, &rows);
    if (!rc)
        rc = il_page_table(t, &table, e);
    else
        il_table_free(&table);
    il_store_rows_free(&rows);
    return rc;
}

int il_page_published(il_text *t, il_store *s, const char *experiment, il_err *e)
{
    int rc = IL_OK;
    bool any = false;
    for (size_t i = 0; i < IL_PUBLISHED_TABLES && !rc; i++) {
        const il_published_table *table = &il_published_tables[i];
        bool touched = false;
        rc = il_published_touched(&touched, s, table, experiment, e);
        if (rc || !touched)
            continue;
        if (!any)
            il_text_add(
                t,
                "<section aria-labelledby=\"published\">\n<h2 id=\"published\">Beside the published tables</h2>\n"
                "<p>What the paper printed stands in the tinted columns in italics; everything else was measured here."
                " <span class=\"note\">On the scale: diamond, published; disc, measured; bar, the interval of the mean over pictures."
                "</span></p>\n");
        any = true;
        rc = put_table(t, s, table, experiment, e);
    }
    if (!rc && any)
        il_text_add(t, "<p class=\"note\">" IL_CONVENTION_INTERVAL "</p>\n</section>\n");
    return rc;
}
