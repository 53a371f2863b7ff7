/* format.c - a table in whichever format is asked for. */
#include <assert.h>
#include "report/format.h"

int il_format_table(FILE *to, const il_table *table, il_format format, il_err *e)
{
    int rc = IL_OK;
    assert(table->rows.columns > 0);
    switch (format) {
    case IL_FORMAT_TEXT: rc = il_format_text(to, table, e); break;
    case IL_FORMAT_MD: rc = il_format_markdown(to, table, e); break;
    case IL_FORMAT_LATEX: rc = il_format_latex(to, table, e); break;
    case IL_FORMAT_CSV: il_format_csv(to, &table->rows); break;
    case IL_FORMAT_JSON: rc = il_format_json(to, &table->rows, e); break;
    }
    if (!rc && ferror(to))
        return il_fail(e, IL_EIO, "cannot write the output");
    return rc;
}

int il_format_rows(FILE *to, const il_rows *rows, il_format format, il_err *e)
{
    return il_format_table(to, &(il_table){ .rows = *rows }, format, e);
}
