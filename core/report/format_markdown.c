/* format_markdown.c - tables as Markdown. */
#include <string.h>
#include "base/utf8.h"
#include "report/format.h"
#include "report/table_values.h"

static void escape_markdown(il_text *to, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0, used; i < size; i += used) {
        int32_t code = il_utf8_next(text + i, size - i, &used);
        if (il_utf8_is_control(code))
            il_text_add(to, " ");
        else if (code == '<')
            il_text_add(to, "&lt;");
        else
            il_text_add(to, "%s%.*s", code < 0x80 && strchr("|\\`*[]", code) ? "\\" : "", (int)used, text + i);
    }
}

int il_format_markdown(FILE *to, const il_table *table, il_err *e)
{
    const il_rows *rows = &table->rows;
    char **seen = NULL;
    int rc = il_table_values_seen(&seen, table, escape_markdown, e);
    if (!rc && table->title.data)
        rc = il_table_values_escaped(to, "**", table->title.data, "**\n\n", escape_markdown, e);
    for (size_t row = 0; !rc && row <= rows->count; row++) {
        for (size_t i = 0; i < rows->columns; i++)
            fprintf(to, "| %s ", seen[row * rows->columns + i]);
        fputs("|\n", to);
        for (size_t i = 0; row == 0 && i < rows->columns; i++)
            fputs(rows->numeric[i] ? "| ---: " : "| --- ", to);
        if (row == 0)
            fputs("|\n", to);
    }
    for (size_t i = 0; !rc && i < table->notes.count; i++)
        rc = il_table_values_escaped(to, "\n", table->notes.lines[i], "\n", escape_markdown, e);
    il_table_values_free(seen, table);
    return rc;
}
