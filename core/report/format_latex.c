/* format_latex.c - tables for LaTeX with the package booktabs. */
#include <ctype.h>
#include <string.h>
#include "report/format.h"
#include "report/table_values.h"

/* Reads one character of UTF-8 (0xfffd for a byte that is none) and moves on. */
static unsigned long next(const unsigned char **text)
{
    const unsigned char *c = *text;
    int more = c[0] < 0x80 ? 0 : c[0] >= 0xc2 && c[0] < 0xe0 ? 1 : c[0] >= 0xe0 && c[0] < 0xf0 ? 2
             : c[0] >= 0xf0 && c[0] < 0xf5 ? 3 : -1;
    unsigned long code = more <= 0 ? c[0] : c[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((c[i] & 0xc0) != 0x80)
            more = -1;
        else
            code = code << 6 | (c[i] & 0x3f);
    }
    *text += more < 0 ? 1 : more + 1;
    return more < 0 ? 0xfffd : code;
}

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
    } named[] = { { '\\', "backslash" }, { '~', "asciitilde" }, { '^', "asciicircum" }, { '<', "less" }, { '>', "greater" },
                  { '|', "bar" }, { '"', "quotedbl" } };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (c == (unsigned char)named[i].c) {
            il_words_add(to, "\\text%s{}", named[i].name);
            return;
        }
    if (c < 0x20 || c == 0x7f)
        il_words_add(to, " ");
    else if (c < 0x80)
        il_words_add(to, strchr("&%$#_{}", (int)c) ? "\\%c" : "%c", (int)c);
    else
        il_words_add(to, "[U+%04lX]", c);
}

static void escape_latex(il_text *to, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    while (*c) {
        const unsigned char *from = c;
        unsigned long code = next(&c);
        if (code >= 0x80 && is_known(code))
            il_words_add(to, "%.*s", (int)(c - from), (const char *)from);
        else
            escape_one(to, code);
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
    const il_notes *notes = &table->notes;
    int rc = il_table_values_seen(&seen, table, escape_latex, e);
    if (rc == IL_OK && table->title.data)
        rc = il_table_values_escaped(to, "% needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}\n"
                                     "\\begin{table}[htbp]\n\\centering\n\\caption{", table->title.data, "}\n", escape_latex, e);
    if (rc == IL_OK && table->label.data)
        put_label(to, table->label.data);
    if (rc == IL_OK)
        put_tabular(to, table, seen);
    if (rc == IL_OK && notes->count)
        fputs("\n\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize\n", to);
    for (size_t i = 0; rc == IL_OK && i < notes->count; i++)
        rc = il_table_values_escaped(to, "", notes->lines[i], "\\par\n", escape_latex, e);
    if (rc == IL_OK && notes->count)
        fputs("\\end{minipage}\n", to);
    if (rc == IL_OK && table->title.data)
        fputs("\\end{table}\n", to);
    il_table_values_free(seen, table);
    return rc;
}
