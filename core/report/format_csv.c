/* format_csv.c - rows as CSV, as RFC 4180 has it: NULL is an empty field, an empty text is "". */
#include <string.h>
#include "report/format.h"

static void put_field(FILE *to, const char *text)
{
    if (!text)
        return;
    if (*text && !strpbrk(text, ",\"\r\n")) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

void il_format_csv_line(FILE *to, const il_rows *rows, size_t row)
{
    for (size_t i = 0; i < rows->columns; i++) {
        if (i)
            fputc(',', to);
        put_field(to, row == 0 ? rows->names[i] : il_rows_at(rows, row - 1, i));
    }
    fputs("\r\n", to);
}

void il_format_csv(FILE *to, const il_rows *rows)
{
    for (size_t row = 0; row <= rows->count; row++)
        il_format_csv_line(to, rows, row);
}
