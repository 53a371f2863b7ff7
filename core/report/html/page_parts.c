/* page_parts.c - what the parts of the page share. */
#include <math.h>
#include <string.h>
#include "report/format.h"
#include "report/html/page_parts.h"

#define DASH "\xe2\x80\x93"
#define MINUS "\xe2\x88\x92"

void il_page_number(il_text *t, double value)
{
    char text[32] = DASH;
    if (isfinite(value))
        il_table_decimals(text, value);
    il_text_add(t, "%s%s", *text == '-' ? MINUS : "", *text == '-' ? text + 1 : text);
}

/* What tells the run apart; seeds: whether its seed does too. */
static void add_run(il_text *t, const il_matrix *m, const il_matrix_cell *cell, bool seeds)
{
    bool any = false;
    for (int by = 0; by < IL_BYS; by++)
        if (m->shown[by] && *cell->by[by] && (seeds || by != IL_BY_SEED)) {
            il_text_add(t, "%s%s%s", any ? ", " : "", by == IL_BY_SEED ? "seed " : "", cell->by[by]);
            any = true;
        }
    for (size_t i = 0; i < m->axes.count; i++) {
        const char *value = m->axes.values[cell->run * m->axes.count + i];
        il_text_add(t, "%s%s %s", any ? ", " : "", m->axes.keys[i], value ? value : "default");
        any = true;
    }
    if (!any && !seeds)
        il_text_add(t, "all runs");
}

void il_page_run(il_text *t, const il_matrix *m, const il_matrix_cell *cell)
{
    add_run(t, m, cell, true);
}

void il_page_runs(il_text *t, const il_matrix *m, const il_matrix_cell *cell)
{
    add_run(t, m, cell, m->shown[IL_BY_RUN]);
}

void il_page_put_run(il_chapter *c, const il_matrix_cell *cell)
{
    il_text name = { 0 };
    il_page_run(&name, &c->m, cell);
    il_html_text(c->t, name.data);
    c->t->failed = c->t->failed || name.failed;
    il_text_free(&name);
}

void il_page_put_split(il_text *t, const char *split)
{
    if (strcmp(split, "test") == 0)
        return;
    il_text_add(t, ", ");
    il_html_text(t, split);
}

void il_page_heading(il_chapter *c, const char *part, const char *heading)
{
    il_text_add(c->t, "<h3 id=\"%s-%s\">%s</h3>\n", c->id, part, heading);
}

int il_page_table(il_text *t, il_table *table, il_err *e)
{
    int rc = il_table_check(table, e);
    if (!rc)
        il_format_html(t, table);
    il_table_free(table);
    return rc;
}
