/* cells.c - an experiment's cells with their intervals, and all that is missing. */
#include "report/experiment_table.h"
#include "report/html/page_parts.h"

int il_page_cells(il_chapter *c, il_err *e)
{
    const il_experiment_view view = { c->experiment, c->title, IL_MEDIUM_PAGE, c->pictures, c->anchors };
    int rc = IL_OK;
    il_page_heading(c, "cells", "Cells");
    for (size_t i = 0; i < c->m.nparts && !rc; i++) {
        il_table t = { 0 };
        rc = il_experiment_table(&t, c->s, &c->m, i, &view, e);
        if (!rc)
            rc = il_page_table(c->t, &t, e);
        else
            il_table_free(&t);
    }
    return rc;
}

/* ---- what is missing ---- */

#define OF_EXPERIMENT "(?1 IS NULL OR experiment = ?1)"

/* One line for all cells of a run that lack for the same reason. */
static const char holes[] =
    "SELECT experiment, run, status, group_concat(tested_dataset || ' ' || tested_on || CASE split WHEN 'test' THEN '' ELSE ' ' || split END, ', ') AS tested, message FROM cells"
    " WHERE " OF_EXPERIMENT " AND status <> 'done' GROUP BY experiment, run, status, message ORDER BY MIN(cell)";
static const char collapses[] =
    "SELECT experiment, run, (SELECT r.collapse FROM runs r WHERE r.hash = run_hash) = 'everything'"
    " AS everything FROM cells WHERE " OF_EXPERIMENT " AND collapsed GROUP BY experiment, run ORDER BY MIN(cell)";

static void put_named(il_text *t, const il_rows *rows, size_t row, bool all)
{
    il_text_add(t, "<code>");
    il_html_text(t, il_rows_text(rows, row, "run"));
    il_text_add(t, "</code>");
    if (all) {
        il_text_add(t, " of ");
        il_html_text(t, il_rows_text(rows, row, "experiment"));
    }
}

static void put_hole(il_text *t, const il_rows *rows, size_t row, bool all)
{
    const char *message = il_rows_text(rows, row, "message");
    il_text_add(t, "<li><strong class=\"hole\">");
    il_html_text(t, il_rows_text(rows, row, "status"));
    il_text_add(t, "</strong>: ");
    put_named(t, rows, row, all);
    il_text_add(t, " on ");
    il_html_text(t, il_rows_text(rows, row, "tested"));
    il_text_add(t, "%s", message ? ": " : "");
    il_html_text(t, message);
    il_text_add(t, "</li>\n");
}

static void put_collapse(il_text *t, const il_rows *rows, size_t row, bool all)
{
    il_text_add(t, "<li><strong class=\"hole\">collapsed</strong>: ");
    put_named(t, rows, row, all);
    il_text_add(t, " marks %s pixel of its validation split; its cells are measured all the same</li>\n",
                il_rows_int(rows, row, "everything") ? "every" : "no");
}

int il_page_holes(il_text *t, il_store *s, const char *experiment, il_err *e)
{
    const char *args[] = { experiment, NULL };
    il_rows missing = { 0 }, collapsed = { 0 };
    int rc = il_store_read(&missing, s, "cells: experiment text, run text, status text, tested text?, message text?",
                           holes, args, e);
    if (!rc)
        rc = il_store_read(&collapsed, s, "cells: experiment text, run text, everything int?", collapses, args, e);
    bool none = missing.count + collapsed.count == 0;
    il_text_add(t, none ? "<p>Nothing: every cell that was asked for is measured, and no run collapsed.</p>\n"
                        : "<ul class=\"holes\">\n");
    for (size_t i = 0; i < missing.count; i++)
        put_hole(t, &missing, i, !experiment);
    for (size_t i = 0; i < collapsed.count; i++)
        put_collapse(t, &collapsed, i, !experiment);
    il_text_add(t, none ? "" : "</ul>\n");
    il_store_rows_free(&missing);
    il_store_rows_free(&collapsed);
    return rc;
}
