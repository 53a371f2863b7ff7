/* option.c - parses a command line by the command's table of options, and prints the table. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "cli/option.h"

enum {
    MOST = 32 /* options of a command */,
    MOST_CHOICES = 16,
    LONG = 256 /* getopt's value of row 0's name */,
    WIDTH = 120
};

static const il_option help_row = { "-h, --help", "show this help", .kind = IL_OPTION_FLAG };

struct row {
    const il_option *option;
    char name[40];     /* "--size" */
    char letter;       /* 's'; 0: none */
    const char *value; /* "N"; NULL: a flag */
};

/* The table's rows, with --help as the last. */
struct rows {
    struct row list[MOST + 1];
    int count;
};

static struct rows rows_of(const il_option *table)
{
    struct rows rows = { .count = 0 };
    for (bool more = true; more;) {
        more = table[rows.count].usage != NULL;
        const il_option *o = more ? &table[rows.count] : &help_row;
        struct row *r = &rows.list[rows.count++];
        const char *name = strstr(o->usage, "--"), *gap = strchr(name, ' ');
        *r = (struct row){ .option = o, .letter = name > o->usage ? o->usage[1] : '\0', .value = gap ? gap + 1 : NULL };
        snprintf(r->name, sizeof r->name, "%.*s", (int)strcspn(name, " "), name);
        assert(rows.count <= MOST && (r->value || o->kind == IL_OPTION_FLAG) && (r->value || !o->read));
    }
    return rows;
}

/* ---- values ---- */

int il_option_choose(unsigned *out, const char *option, const char *choices, const char *text, il_err *e)
{
    char copy[300], shown[400] = "";
    const char *list[MOST_CHOICES];
    char *rest = NULL;
    unsigned n = 0;
    snprintf(copy, sizeof copy, "%s", choices);
    for (char *word = strtok_r(copy, "|", &rest); word && n < MOST_CHOICES; word = strtok_r(NULL, "|", &rest)) {
        if (strcmp(word, text) == 0) {
            *out = n;
            return IL_OK;
        }
        size_t length = strlen(shown);
        snprintf(shown + length, sizeof shown - length, "%s%s", n ? ", " : "", word);
        list[n++] = word;
    }
    return il_fail(e, IL_EUSAGE, "%s: '%s' must be one of %s%s", option, text, shown,
                   il_suggest_hint(text, list, n).text);
}

static int read_whole(int *out, const struct row *r, const char *text, il_err *e)
{
    const il_option *o = r->option;
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end || errno || (double)n < o->least || (double)n > o->most)
        return il_fail(e, IL_EUSAGE, "%s: '%s' is not a whole number from %.0f to %.0f", r->name, text, o->least,
                       o->most);
    *out = (int)n;
    return IL_OK;
}

static int read_real(double *out, const struct row *r, const char *text, il_err *e)
{
    const il_option *o = r->option;
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !(v >= o->least && v <= o->most))
        return il_fail(e, IL_EUSAGE, "%s: '%s' is not a number from %.15g to %.15g", r->name, text, o->least, o->most);
    *out = v;
    return IL_OK;
}

static int read_texts(il_texts *out, const struct row *r, const char *text, il_err *e)
{
    if (out->count == IL_TEXTS_MOST)
        return il_fail(e, IL_EUSAGE, "%s: may be given at most %d times", r->name, IL_TEXTS_MOST);
    out->list[out->count++] = text;
    return IL_OK;
}

static int read_value(void *options, const struct row *r, const char *text, il_err *e)
{
    const il_option *o = r->option;
    void *at = (char *)options + o->at;
    unsigned place;
    int rc = IL_OK;
    if (o->read)
        return o->read(options, text, e);
    switch (o->kind) {
    case IL_OPTION_FLAG: *(bool *)at = true; break;
    case IL_OPTION_WHOLE: return read_whole(at, r, text, e);
    case IL_OPTION_REAL: return read_real(at, r, text, e);
    case IL_OPTION_CHOICE: return il_option_choose(at, r->name, o->choices, text, e);
    case IL_OPTION_TEXTS: return read_texts(at, r, text, e);
    case IL_OPTION_TEXT:
        if (o->choices)
            rc = il_option_choose(&place, r->name, o->choices, text, e);
        if (!rc)
            *(const char **)at = text;
    }
    return rc;
}

/* ---- the command line ---- */

/* The row for getopt's return value; NULL if there is none. */
static const struct row *find(const struct rows *rows, int value)
{
    for (int i = 0; i < rows->count; i++)
        if (value == LONG + i || (value && value == rows->list[i].letter))
            return &rows->list[i];
    return NULL;
}

static int unknown(const struct rows *rows, const char *command, const char *typed, il_err *e)
{
    char name[100], several[400] = "";
    const char *names[MOST];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    for (int i = 0; i < rows->count; i++) {
        size_t length = strlen(several);
        names[i] = rows->list[i].name;
        if (name[1] == '-' && strncmp(names[i], name, strlen(name)) == 0)
            snprintf(several + length, sizeof several - length, "%s%s", length ? ", " : "", names[i]);
    }
    if (*several)
        return il_fail(e, IL_EUSAGE, "%s: '%s' is ambiguous: %s", command, name, several);
    return il_fail(e, IL_EUSAGE, "%s: unknown option '%s'%s; see 'inpaintlab %s --help'", command, name,
                   il_suggest_hint(name, names, (size_t)rows->count).text, command);
}

/* Reports what getopt refused: c is its return value. */
static int refuse(const struct rows *rows, const char *command, int c, const char *typed, il_err *e)
{
    char letter[] = { '-', (char)optopt, '\0' };
    const struct row *r = find(rows, optopt);
    if (!r)
        return unknown(rows, command, optopt ? letter : typed, e);
    return il_fail(e, IL_EUSAGE, "%s: %s: %s", command, optopt < LONG ? letter : r->name,
                   c == ':' ? "expected a value" : "takes no value");
}

int il_option_read(void *options, int *words, const il_option *table, const char *command, int argc, char **argv,
                   il_err *e)
{
    const struct rows rows = rows_of(table);
    struct option names[MOST + 1] = { 0 };
    char letters[2 * MOST + 2] = ":";
    bool given[MOST + 1] = { false };
    size_t length = 1;
    for (int i = 0; i < rows.count; i++) {
        const struct row *r = &rows.list[i];
        names[i] = (struct option){ r->name + 2, r->value ? required_argument : no_argument, NULL, LONG + i };
        if (r->letter)
            letters[length++] = r->letter;
        if (r->letter && r->value)
            letters[length++] = ':';
    }
    opterr = optind = 0; /* 0: restart getopt */
    for (int c; (c = getopt_long(argc, argv, letters, names, NULL)) != -1;) {
        if (c == ':' || c == '?')
            return refuse(&rows, command, c, argv[optind - 1], e);
        const struct row *r = find(&rows, c);
        if (r->option == &help_row)
            return IL_OPTION_HELP;
        bool *before = &given[r - rows.list];
        if (*before && r->value && r->option->kind != IL_OPTION_TEXTS)
            return il_fail(e, IL_EUSAGE, "%s: %s: is given twice; expected once", command, r->name);
        *before = true;
        int rc = read_value(options, r, optarg, e);
        if (rc)
            return rc;
    }
    *words = optind;
    return IL_OK;
}

/* ---- what is printed ---- */

static void print_paragraph(FILE *to, const char *text, int indent)
{
    int column = indent;
    while (*text) {
        int size = (int)strcspn(text, " ");
        if (column > indent && column + 1 + size > WIDTH) {
            fprintf(to, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", size, text);
        column += size;
        text += size + (text[size] == ' ');
    }
    fputc('\n', to);
}

void il_option_help(FILE *to, const il_option *table)
{
    const struct rows rows = rows_of(table);
    int width = 0;
    for (int i = 0; i < rows.count; i++) {
        int size = (int)strlen(rows.list[i].option->usage);
        width = size > width ? size : width;
    }
    for (int i = 0; i < rows.count; i++) {
        fprintf(to, "  %-*s  ", width, rows.list[i].option->usage);
        print_paragraph(to, rows.list[i].option->help, width + 4);
    }
}

void il_option_list(FILE *to, const il_option *table, const char *command)
{
    const struct rows rows = rows_of(table);
    for (int i = 0; i < rows.count; i++) {
        const struct row *r = &rows.list[i];
        char letter[] = { '-', r->letter, ' ', '\0' };
        fprintf(to, "%s;%s%s;%s;%s\n", command, r->letter ? letter : "", r->name, r->value ? r->value : "",
                r->option->choices ? r->option->choices : "");
    }
}
