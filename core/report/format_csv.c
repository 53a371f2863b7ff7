/* format_csv.c - rows as CSV, as RFC 4180 has it: NULL is an empty field, an empty text is "". */
#include <stdlib.h>
#include <string.h>
#include "report/format.h"

/* A spreadsheet would compute it, though it is a name or a message; numbers are what they seem. */
static bool is_formula(const char *text)
{
    char *end = NULL;
    if (!*text || !text[1] || !strchr("=+-@\t\r", *text))
        return false;
    strtod(text, &end);
    return end == text || *end != '\0';
}

static void put_field(FILE *to, const char *text)
{
    if (!text)
        return;
    bool formula = is_formula(text);
    if (*text && !formula && !strpbrk(text, ",\"\r\n")) {
        fputs(text, to);
        return;
    }
    fputs(formula ? "\"'" : "\"", to); /* an apostrophe tells it that this is text */
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
