/* cmd_sql.c - inpaintlab sql: one SELECT on the results. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "report/format.h"
#include "store/sql/functions.h"

enum { LONGEST_QUERY = 1 << 20, MEMORY = 1 << 30 /* bytes */ };

struct options {
    const char *database;
    il_texts folders;
    il_format format;
    int limit; /* rows; 0: all */
    bool functions;
};

static int read_stdin(char **out, il_err *e)
{
    char *text = malloc(LONGEST_QUERY + 1);
    if (!text)
        return il_fail_oom(e);
    size_t size = fread(text, 1, LONGEST_QUERY + 1, stdin);
    int rc = IL_OK;
    if (ferror(stdin))
        rc = il_fail(e, IL_EIO, "cannot read standard input: %s", strerror(errno));
    else if (size > LONGEST_QUERY)
        rc = il_fail(e, IL_EUSAGE, "sql: the query must not be longer than %d bytes", LONGEST_QUERY);
    else if (memchr(text, '\0', size))
        rc = il_fail(e, IL_EUSAGE, "sql: standard input must be text");
    if (rc) {
        free(text);
        return rc;
    }
    text[size] = '\0';
    *out = text;
    return IL_OK;
}

/* The database, or an empty one when the query only concerns data sets. */
static int open_store(il_store **out, const struct options *o, il_err *e)
{
    if (o->folders.count && !o->database && access(IL_CLI_DATABASE, F_OK) != 0)
        return il_store_open(out, ":memory:", e);
    return il_store_open_readonly(out, o->database ? o->database : IL_CLI_DATABASE, e);
}

/* Into memory first where a terminal is to see it; the text table, which asks for its width, is safe as it is. */
static int print_rows(const il_rows *rows, il_format format, il_err *e)
{
    il_output out = { 0 };
    if (!isatty(STDOUT_FILENO) || format == IL_FORMAT_TEXT)
        return il_format_rows(stdout, rows, format, e);
    int rc = il_output_begin(&out, e);
    if (!rc)
        rc = il_format_rows(out.to, rows, format, e);
    return il_output_end(&out, NULL, rc, e);
}

static int run_query(const struct options *o, const char *query, il_err *e)
{
    il_store *store = NULL;
    il_rows rows = { 0 };
    bool more = false;
    int rc = open_store(&store, o, e);
    for (int i = 0; !rc && i < o->folders.count; i++)
        rc = il_store_samples(store, o->folders.list[i], e);
    if (!rc) {
        const volatile int *stop = il_progress_bar_signals();
        il_store_guard(store, stop, MEMORY);
        rc = il_store_query_first(&rows, &more, store, query, (size_t)o->limit, e);
        if (!*stop) { /* what is printed then, one Ctrl-C ends */
            signal(SIGINT, SIG_DFL);
            signal(SIGTERM, SIG_DFL);
        }
    }
    if (!rc)
        rc = print_rows(&rows, o->format, e);
    if (!rc && more)
        fprintf(stderr, "%d row%s shown; more exist\n", o->limit, o->limit == 1 ? "" : "s");
    il_store_rows_free(&rows);
    il_store_close(store);
    return rc;
}

static void list_functions(void)
{
    const char *what = NULL;
    for (size_t i = 0;; i++) {
        const char *call = il_sql_call(&what, i);
        if (!call)
            break;
        printf("%s\n    %s\n", call, what);
    }
}

static int sql(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    char *typed = NULL;
    int rc = IL_OK;
    if (o->functions) {
        list_functions();
        return IL_OK;
    }
    if (!words[0])
        return il_command_expected(&il_cmd_sql, e);
    if (strcmp(words[0], "-") == 0)
        rc = read_stdin(&typed, e);
    if (!rc)
        rc = run_query(o, typed ? typed : words[0], e);
    free(typed);
    return rc;
}

static const il_option table[] = {
    IL_CLI_DB(struct options, database),
    { "--data DIR",
      "add the table `samples`: the origin of the images of a built data set (data, split, id, photo, "
      "masker, rule, area, prompt, inpainted_by, ...); may be repeated; a database is not needed",
      IL_INTO(struct options, folders) },
    { "--functions", "list the functions il_* for use in queries, and exit", IL_INTO(struct options, functions) },
    { "--limit N", "show the first N rows alone, and say whether there are more (default: all rows)",
      IL_INTO(struct options, limit), .least = 1, .most = 1 << 30 },
    { "--format FORMAT", "text, md, csv, latex or json (default text)", IL_INTO(struct options, format),
      .choices = IL_FORMATS },
    { 0 },
};

const il_command il_cmd_sql = {
    .name = "sql",
    .summary = "query the results, read-only",
    .usage = "[options] \"SELECT ...\"",
    .about =
        "Prints the result of one SELECT; '-' reads it from standard input. The database is opened read-only.\n"
        "Ctrl-C stops a long query, a second one at once; one that needs more than 1 GB of memory ends with an error.\n"
        "Start with the views: cells, metrics (every cell under each convention), table1 to table7,\n"
        "table_mask_policies, settings (every setting of every run) and varied (those that differ within an\n"
        "experiment); the tables are experiments, runs, epochs, tests, images, scores, splits, published.\n"
        "\"PRAGMA table_info(cells)\" lists the columns of the view cells.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the query or the database is wrong, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .most = 1,
    .expected = "one query in quotes, as in inpaintlab sql \"SELECT * FROM table4\"",
    .run = sql,
};
