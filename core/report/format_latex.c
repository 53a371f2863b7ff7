/* format_latex.c - tables for LaTeX with the package booktabs. */
#include <ctype.h>
#include <string.h>
#include "base/utf8.h"
#include "report/format.h"
#include "report/table_values.h"

/* Beyond these, pdflatex stops at what its fonts lack. */
static bool is_known(unsigned long code)
{
    return (code >= 0xa0 && code < 0x100) || code == 0x2013 || code == 0x2014 || (code >= 0x2018 && code <= 0x201e) ||
           code == 0x2026 || code == 0x20ac;
}

static void escape_one(il_text *to, unsigned long c)
{
    static const struct {
        char c;
        const char *name;
    } named[] = { { '\\', "backslash" }, { '~', "asciitilde" }, { '^', "asciicircum" }, { '<', "less" },
                  { '>', "greater" },    { '|', "bar" },        { '"', "quotedbl" } };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (c == (unsigned char)named[i].c) {
            il_text_add(to, "\\text%s{}", named[i].name);
            return;
        }
    if (c < 0x20 || c == 0x7f)
        il_text_add(to, " ");
    else if (c < 0x80)
        il_text_add(to, strchr("&%$#_{}", (int)c) ? "\\%c" : "%c", (int)c);
    else
        il_text_add(to, "[U+%04lX]", c);
}

static void escape_latex(il_text *to, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0, used; i < size; i += used) {
        int32_t code = il_utf8_next(text + i, size - i, &used);
        if (code >= 0x80 && is_known((unsigned long)code))
            il_text_add(to, "%.*s", (int)used, text + i);
        else
            escape_one(to, code < 0 ? 0xfffd : (unsigned long)code);
    }
}

static void put_label(FILE *to, const char *label)
{
    fputs("\\label{tab:", to);
    for (const unsigned char *c = (const unsigned char *)label; *c; c++)
        fputc(*c < 0x80 && isalnum(*c) ? *c : '-', to);
    fputs("}\n", to);
}

static void put_value(FILE *to, const char *value, bool first, bool bold)
{
    /* braces keep a value like [x] or *x from being read as an argument of the line break before it */
    const char *open = bold ? "\\textbf{" : first ? "{" : "";
    fprintf(to, "%s%s%s%s", first ? "" : " & ", open, value, *open ? "}" : "");
}

static void put_tabular(FILE *to, const il_table *table, char *const *seen)
{
    const il_rows *rows = &table->rows;
    fputs("\\begin{tabular}{", to);
    for (size_t i = 0; i < rows->columns; i++)
        fputc(rows->numeric[i] ? 'r' : 'l', to);
    fputs("}\n\\toprule\n", to);
    for (size_t row = 0; row <= rows->count; row++) {
        for (size_t i = 0; i < rows->columns; i++)
            put_value(to, seen[row * rows->columns + i], i == 0,
                      table->cells && row > 0 && table->cells[(row - 1) * rows->columns + i].best);
        fputs(row == 0 ? " \\\\\n\\midrule\n" : " \\\\\n", to);
    }
    fputs("\\bottomrule\n\\end{tabular}\n", to);
}

int il_format_latex(FILE *to, const il_table *table, il_err *e)
{
    char **seen = NULL;
    const il_footnotes *notes = &table->notes;
    int rc = il_table_values_seen(&seen, table, escape_latex, e);
    if (!rc && table->title.data)
        rc = il_table_values_escaped(to,
                                     "% needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}\n"
                                     "\\begin{table}[htbp]\n\\centering\n\\caption{",
                                     table->title.data, "}\n", escape_latex, e);
    if (!rc && table->label.data)
        put_label(to, table->label.data);
    if (!rc)
        put_tabular(to, table, seen);
    if (!rc && notes->count)
        fputs("\n\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize\n", to);
    for (size_t i = 0; !rc && i < notes->count; i++)
        rc = il_table_values_escaped(to, "", notes->lines[i], "\\par\n", escape_latex, e);
    if (!rc && notes->count)
        fputs("\\end{minipage}\n", to);
    if (!rc && table->title.data)
        fputs("\\end{table}\n", to);
    il_table_values_free(seen, table);
    return rc;
}
