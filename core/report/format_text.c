/* format_text.c - tables as plain text for terminals. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/utf8.h"
#include "report/format.h"
#include "report/table_values.h"

enum { WIDTH = 100, NARROW = 40 }; /* characters that a line may take where it is no terminal's, and at least */

/* COLUMNS, or what the terminal says. */
static size_t width_for(FILE *to)
{
    struct winsize size = { 0 };
    int fd = fileno(to);
    if (fd < 0 || !isatty(fd))
        return WIDTH;
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    if (width <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return width <= 0 ? WIDTH : width < NARROW ? NARROW : (size_t)width;
}

/* Characters, not bytes; NULL has none. */
static size_t width_of(const char *text)
{
    return text ? il_utf8_count(text, strlen(text)) : 0;
}

static void put_padded(FILE *to, const char *text, size_t width, bool right)
{
    int pad = (int)(width - width_of(text));
    fprintf(to, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

static bool is_blank(const char *text)
{
    return !text || !*text;
}

static void put_line(FILE *to, const il_rows *rows, char *const *values, const size_t *widths)
{
    size_t last = rows->columns;
    while (last > 1 && is_blank(values[last - 1]))
        last--; /* no blanks at the end */
    for (size_t i = 0; i + 1 < last; i++) {
        put_padded(to, values[i], widths[i], rows->numeric[i]);
        fputs("  ", to);
    }
    bool right = rows->numeric[last - 1] && !is_blank(values[last - 1]);
    put_padded(to, values[last - 1], right ? widths[last - 1] : width_of(values[last - 1]), right);
    fputc('\n', to);
}

static void put_columns(FILE *to, const il_rows *rows, char *const *seen, const size_t *widths)
{
    put_line(to, rows, seen, widths);
    for (size_t i = 0; i < rows->columns; i++) {
        for (size_t dash = 0; dash < widths[i]; dash++)
            fputc('-', to);
        fputs(i + 1 == rows->columns ? "\n" : "  ", to);
    }
    for (size_t row = 1; row <= rows->count; row++)
        put_line(to, rows, seen + row * rows->columns, widths);
    if (rows->count == 0)
        fputs("(no rows)\n", to);
}

/* Too wide for columns: one line per value. */
static void put_records(FILE *to, const il_rows *rows, char *const *seen)
{
    size_t width = 0;
    for (size_t i = 0; i < rows->columns; i++)
        width = width_of(seen[i]) > width ? width_of(seen[i]) : width;
    for (size_t row = 1; row <= rows->count; row++) {
        fprintf(to, "%srow %zu\n", row > 1 ? "\n" : "", row);
        for (size_t i = 0; i < rows->columns; i++) {
            fputs("  ", to);
            put_padded(to, seen[i], width, false);
            fprintf(to, "  %s\n", seen[row * rows->columns + i]);
        }
    }
}

/* Breaks at spaces; what goes on is indented. */
static void put_wrapped(FILE *to, const char *text)
{
    size_t used = 0, most = width_for(to);
    while (*text) {
        size_t size = strcspn(text, " "), width = il_utf8_count(text, size);
        if (used && used + 1 + width > most) {
            fputs("\n ", to);
            used = 1;
        }
        fprintf(to, "%s%.*s", used ? " " : "", (int)size, text);
        used += width + (used ? 1 : 0);
        text += size + strspn(text + size, " ");
    }
    fputc('\n', to);
}

static int put_lines(FILE *to, const char *text, il_err *e)
{
    il_text clean = { 0 };
    il_text_show(&clean, text);
    int rc = clean.failed ? il_fail_oom(e) : IL_OK;
    if (!rc && clean.data)
        put_wrapped(to, clean.data);
    il_text_free(&clean);
    return rc;
}

int il_format_text(FILE *to, const il_table *table, il_err *e)
{
    const il_rows *rows = &table->rows;
    char **seen = NULL;
    size_t *widths = calloc(rows->columns + 1, sizeof *widths), total = 0;
    int rc = widths ? il_table_values_seen(&seen, table, il_text_show, e) : il_fail_oom(e);
    if (!rc && table->title.data)
        rc = put_lines(to, table->title.data, e);
    if (rc)
        goto done;
    for (size_t i = 0; i < (rows->count + 1) * rows->columns; i++) {
        size_t width = width_of(seen[i]), column = i % rows->columns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    for (size_t i = 0; i < rows->columns; i++)
        total += widths[i] + (i ? 2 : 0);
    if (total <= width_for(to) || rows->count == 0 || rows->columns == 1)
        put_columns(to, rows, seen, widths);
    else
        put_records(to, rows, seen);
    for (size_t i = 0; !rc && i < table->notes.count; i++)
        rc = put_lines(to, table->notes.lines[i], e);
done:
    il_table_values_free(seen, table);
    free(widths);
    return rc;
}
