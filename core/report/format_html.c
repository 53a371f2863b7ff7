/* format_html.c - tables as part of a page. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/html.h"
#include "report/format.h"
#include "report/table_values.h"

static const il_table_column *look(const il_table *t, size_t column)
{
    return &t->columns[column];
}

static bool is_left(const il_table *t, size_t column)
{
    return look(t, column)->label || (!t->rows.numeric[column] && !look(t, column)->as_is);
}

/* ` class="…"`, or nothing. */
static void put_classes(il_text *to, const char *const *classes, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        if (classes[i]) {
            il_text_add(to, "%s%s", any ? " " : " class=\"", classes[i]);
            any = true;
        }
    il_text_add(to, "%s", any ? "\"" : "");
}

/* ---- heads ---- */

static bool same_group(const il_table *t, size_t a, size_t b)
{
    const char *one = look(t, a)->group, *other = look(t, b)->group;
    return one && other && strcmp(one, other) == 0;
}

static void put_head(il_text *to, const il_table *t, size_t column, bool tall)
{
    const il_table_column *c = look(t, column);
    const char *classes[] = { c->wraps ? "text" : is_left(t, column) ? "left" : NULL, c->paper ? "paper" : NULL };
    il_text_add(to, "<th scope=\"col\"%s", tall ? " rowspan=\"2\"" : "");
    put_classes(to, classes, 2);
    il_text_add(to, ">");
    il_html_text(to, t->rows.names[column]);
    il_text_add(to, "</th>");
}

/* Columns of no group reach over both rows of heads. */
static void put_heads(il_text *to, const il_table *t)
{
    size_t columns = t->rows.columns;
    bool grouped = false;
    for (size_t i = 0; i < columns; i++)
        grouped = grouped || look(t, i)->group;
    il_text_add(to, "<thead><tr>");
    for (size_t i = 0, end; i < columns; i = end) {
        end = i + 1;
        if (!look(t, i)->group) {
            put_head(to, t, i, grouped);
            continue;
        }
        while (end < columns && same_group(t, i, end))
            end++;
        il_text_add(to, "<th scope=\"colgroup\" colspan=\"%zu\" class=\"group\">", end - i);
        il_html_text(to, look(t, i)->group);
        il_text_add(to, "</th>");
    }
    il_text_add(to, "%s", grouped ? "</tr>\n<tr>" : "");
    for (size_t i = 0; i < columns; i++)
        if (look(t, i)->group)
            put_head(to, t, i, false);
    il_text_add(to, "</tr></thead>\n");
}

/* ---- values ---- */

static void keep(il_text *to, const char *text)
{
    il_text_add(to, "%s", text);
}

/* With a real minus, and a dash where there is no value. */
static void put_number(il_text *to, const il_table *t, size_t row, size_t column)
{
    il_text seen = { 0 };
    il_table_values_see(&seen, t, row, column, keep);
    const char *text = seen.data ? seen.data : "";
    bool minus = text[0] == '-' && isdigit((unsigned char)text[1]);
    bool plus = look(t, column)->sign && isdigit((unsigned char)text[0]) && strtod(text, NULL) > 0;
    il_text_add(to, "%s", minus ? "\xe2\x88\x92" : plus ? "+" : "");
    il_html_text(to, text + minus);
    to->failed = to->failed || seen.failed;
    il_text_free(&seen);
}

static void put_value(il_text *to, const il_table *t, size_t row, size_t column, const il_table_cell *cell)
{
    const char *value = il_rows_at(&t->rows, row, column);
    if (cell && cell->markup.data)
        il_text_add(to, "%s", cell->markup.data);
    else if (!value)
        il_text_add(to, "\xe2\x80\x93");
    else if (t->rows.numeric[column] && !look(t, column)->as_is)
        put_number(to, t, row, column);
    else
        il_html_text(to, value);
}

/* On a narrow screen, where a row is a list, the style sheet writes the column's name before the value. */
static void put_name(il_text *to, const il_table *t, size_t column)
{
    il_text_add(to, " data-name=\"");
    il_html_text(to, t->rows.names[column]);
    il_text_add(to, "\"");
}

static void put_cell(il_text *to, const il_table *t, size_t row, size_t column)
{
    const il_table_column *c = look(t, column);
    const il_table_cell *cell = t->cells ? &t->cells[row * t->rows.columns + column] : NULL;
    bool hole = cell && cell->hole, best = cell && cell->best,
         big = c->main && !hole && il_rows_at(&t->rows, row, column);
    const char *classes[] = { hole           ? "hole"
                              : best && !big ? "best"
                                             : NULL,
                              c->paper ? "paper" : NULL,
                              c->wraps                          ? "text"
                              : is_left(t, column) && !c->label ? "left"
                                                                : NULL };
    il_text_add(to, c->label ? "<th scope=\"row\"" : "<td");
    if (cell && cell->anchor)
        il_text_add(to, " id=\"%s%lld\"", t->anchors, (long long)cell->anchor);
    put_classes(to, classes, 3);
    put_name(to, t, column);
    il_text_add(to, ">%s",
                c->code ? "<code>"
                : !big  ? ""
                : best  ? "<span class=\"main best\">"
                        : "<span class=\"main\">");
    put_value(to, t, row, column, cell);
    il_text_add(to, "%s%s",
                c->code ? "</code>"
                : big   ? "</span>"
                        : "",
                !best || !big    ? ""
                : cell->one_seed ? "<span class=\"tag\">best, one seed</span>"
                                 : "<span class=\"tag\">best</span>");
    if (cell && cell->warning)
        il_text_add(to, "<span class=\"tag hole\">%s</span>", cell->warning);
    if (cell && cell->under.data)
        il_text_add(to, "<span class=\"sub\">%s</span>", cell->under.data);
    il_text_add(to, c->label ? "</th>" : "</td>");
}

/* ---- the whole ---- */

static void put_begin(il_text *to, const il_table *t)
{
    il_text_add(to, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    il_html_text(to, t->title.data ? t->title.data : "Table");
    il_text_add(to, "\"><table");
    if (t->label.data)
        il_text_add(to, " id=\"%s\"", t->label.data);
    il_text_add(to, ">\n");
    if (t->title.data) {
        il_text_add(to, "<caption><span>");
        il_html_text(to, t->title.data);
        il_text_add(to, "</span></caption>\n");
    }
}

void il_format_html(il_text *to, const il_table *t)
{
    put_begin(to, t);
    put_heads(to, t);
    il_text_add(to, "<tbody>\n");
    for (size_t row = 0; row < t->rows.count; row++) {
        il_text_add(to, "<tr>");
        for (size_t i = 0; i < t->rows.columns; i++)
            put_cell(to, t, row, i);
        il_text_add(to, "</tr>\n");
    }
    il_text_add(to, "</tbody></table></div>\n");
    for (size_t i = 0; i < t->notes.count; i++) {
        il_text_add(to, "<p class=\"note\">");
        il_html_text(to, t->notes.lines[i]);
        il_text_add(to, "</p>\n");
    }
}
