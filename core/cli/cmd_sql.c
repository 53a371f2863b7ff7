/* cmd_sql.c - inpaintlab sql: one SELECT on the results. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "report.h"
#include "sql/functions.h"

static const char help[] =
    "usage: inpaintlab sql [options] \"SELECT ...\"\n"
    "Prints the result of one SELECT; '-' reads it from standard input. Nothing can be written.\n"
    "Start with the views: cells, metrics (every cell under each convention), table1 to table7, table_mask_policies; the\n"
    "tables are experiments, runs, epochs, tests, images, scores, splits, published. \"PRAGMA table_info(cells)\" lists the\n"
    "columns of one.\n"
    "\n"
    "  --db FILE        database (default " IL_CLI_DATABASE ")\n"
    "  --data DIR       add the table `samples`: where the pictures of a built data set come from (data, split, id, photo,\n"
    "                   masker, rule, area, prompt, inpainted_by, ...); may be repeated, and needs no database\n"
    "  --functions      list the functions il_* that queries may call, and stop\n"
    "  --format FORMAT  text, md, csv, latex or json (default text)\n"
    "  -h, --help       this text\n"
    "Exit status: 0 good, 1 the query or the database is wrong, 2 wrong usage.\n";

enum { LONGEST_QUERY = 1 << 20, MOST_FOLDERS = 16 };

struct options {
    const char *database, *query;
    const char *folders[MOST_FOLDERS];
    int nfolders;
    il_format format;
    bool functions, help;
};

static const struct option longs[] = {
    { "db", required_argument, NULL, 'd' },
    { "data", required_argument, NULL, 'm' },
    { "functions", no_argument, NULL, 'l' },
    { "format", required_argument, NULL, 'f' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        switch (c) {
        case 'd': o->database = optarg; break;
        case 'm':
            if (o->nfolders == MOST_FOLDERS)
                return il_fail(e, IL_EUSAGE, "sql: --data: at most %d of them", MOST_FOLDERS);
            o->folders[o->nfolders++] = optarg;
            break;
        case 'f': rc = il_report_format(&o->format, optarg, e); break;
        case 'l': o->functions = true; break;
        case 'h': o->help = true; break;
        case ':': return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "sql: unknown option '%s'; see 'inpaintlab sql --help'", argv[optind - 1]);
        }
    }
    if (rc != IL_OK || o->help || o->functions)
        return rc;
    if (optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "sql: expected one query in quotes, as in inpaintlab sql \"SELECT * FROM table4\"");
    o->query = argv[optind];
    return IL_OK;
}

static int read_stdin(char **out, il_err *e)
{
    char *text = malloc(LONGEST_QUERY + 1);
    if (!text)
        return il_fail_oom(e);
    size_t size = fread(text, 1, LONGEST_QUERY + 1, stdin);
    int rc = IL_OK;
    if (ferror(stdin))
        rc = il_fail(e, IL_EIO, "standard input cannot be read: %s", strerror(errno));
    else if (size > LONGEST_QUERY)
        rc = il_fail(e, IL_EUSAGE, "sql: the query is over %d bytes long", LONGEST_QUERY);
    else if (memchr(text, '\0', size))
        rc = il_fail(e, IL_EUSAGE, "sql: standard input is no text");
    if (rc != IL_OK) {
        free(text);
        return rc;
    }
    text[size] = '\0';
    *out = text;
    return IL_OK;
}

/* The database, or an empty one where only data sets are asked about. */
static int open_store(il_store **out, const struct options *o, il_err *e)
{
    if (o->nfolders && !o->database && access(IL_CLI_DATABASE, F_OK) != 0)
        return il_store_open(out, ":memory:", e);
    return il_store_open_readonly(out, o->database ? o->database : IL_CLI_DATABASE, e);
}

static int run_query(const struct options *o, const char *query, il_err *e)
{
    il_store *store = NULL;
    il_rows rows = { 0 };
    int rc = open_store(&store, o, e);
    for (int i = 0; rc == IL_OK && i < o->nfolders; i++)
        rc = il_store_samples(store, o->folders[i], e);
    if (rc == IL_OK)
        rc = il_store_query(&rows, store, query, NULL, e);
    if (rc == IL_OK)
        rc = il_report_rows(stdout, &rows, o->format, NULL, e);
    if (rc == IL_OK && fflush(stdout) != 0)
        rc = il_fail(e, IL_EIO, "standard output cannot be written: %s", strerror(errno));
    il_store_rows_free(&rows);
    il_store_close(store);
    return rc;
}

static void list_functions(void)
{
    const char *what = NULL;
    for (size_t i = 0; ; i++) {
        const char *call = il_sql_call(&what, i);
        if (!call)
            break;
        printf("%s\n    %s\n", call, what);
    }
}

int il_cmd_sql(int argc, char **argv)
{
    struct options o = { 0 };
    il_err e = { 0 };
    char *typed = NULL;
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK && o.functions) {
        list_functions();
        return 0;
    }
    if (rc == IL_OK && strcmp(o.query, "-") == 0)
        rc = read_stdin(&typed, &e);
    if (rc == IL_OK)
        rc = run_query(&o, typed ? typed : o.query, &e);
    free(typed);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
