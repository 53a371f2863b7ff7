/* cmd_report.c - inpaintlab report: the tables, measured beside published. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"
#include "whole.h"
#include "report.h"

static const char help[] =
    "usage: inpaintlab report [options]\n"
    "Prints what was measured: the cells of each experiment, then the published tables that were touched, with measured\n"
    "and published in columns of their own. Cells that were not measured are named as such.\n"
    "\n"
    "  --db FILE          database (default " IL_CLI_DATABASE ")\n"
    "  --table N          one published table, 1 to 7 or text (the mask policies), measured or not\n"
    "  --robustness       tests on degraded pictures: a table for each kind, its levels as columns; csv and json list them\n"
    "  --experiment NAME  only what that experiment measured\n"
    "  --format FORMAT    text, md, csv, latex, json or html (default text); csv without --table lists the cells; html is one\n"
    "                     page that needs no network, with curves, intervals and pictures\n"
    "  -o, --output FILE  write there instead of standard output\n"
    "  -h, --help         this text\n"
    "Exit status: 0 good, 1 there is nothing to read or no place to write, 2 wrong usage.\n";

struct options {
    const char *database, *table, *experiment, *output;
    il_format format;
    bool html, robustness, help;
};

static const struct option longs[] = {
    { "db", required_argument, NULL, 'd' },
    { "table", required_argument, NULL, 't' },
    { "robustness", no_argument, NULL, 'r' },
    { "experiment", required_argument, NULL, 'e' },
    { "format", required_argument, NULL, 'f' },
    { "output", required_argument, NULL, 'o' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* A page is a format of the report alone, not of single queries. */
static int read_format(struct options *o, const char *name, il_err *e)
{
    o->html = strcmp(name, "html") == 0;
    if (o->html || il_report_format(&o->format, name, NULL) == IL_OK)
        return IL_OK;
    return il_fail(e, IL_EUSAGE, "%s: no such format; there are text, md, csv, latex, json and html", name);
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'd': o->database = optarg; break;
        case 't': o->table = optarg; break;
        case 'r': o->robustness = true; break;
        case 'e': o->experiment = optarg; break;
        case 'f': rc = read_format(o, optarg, e); break;
        case 'o': o->output = optarg; break;
        case 'h': o->help = true; break;
        case ':': return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "report: unknown option '%s'; see 'inpaintlab report --help'",
                           argv[optind - 1]);
        }
    }
    if (rc == IL_OK && o->robustness && o->table)
        return il_fail(e, IL_EUSAGE, "report: --table and --robustness do not go together");
    if (rc == IL_OK && !o->help && optind < argc)
        return il_fail(e, IL_EUSAGE, "report: '%s' is one word too many; see 'inpaintlab report --help'", argv[optind]);
    if (rc == IL_OK && o->html && o->table)
        return il_fail(e, IL_EUSAGE, "--table: a page has all tables; leave it out, or choose another format");
    return rc;
}

/* Files appear whole or not at all; pipes and devices take what comes. */
static int write_out(const char *path, const char *text, size_t size, il_err *e)
{
    struct stat st;
    if (path && (stat(path, &st) != 0 || S_ISREG(st.st_mode)))
        return il_whole_write(path, text, size, e);
    FILE *to = path ? fopen(path, "wb") : stdout;
    if (!to)
        return il_fail(e, IL_EIO, "%s: cannot be written: %s", path, strerror(errno));
    bool good = fwrite(text, 1, size, to) == size && fflush(to) == 0;
    int why = errno;
    if (path && fclose(to) != 0 && good) {
        good = false;
        why = errno;
    }
    return good ? IL_OK : il_fail(e, IL_EIO, "%s: cannot be written: %s", path ? path : "standard output", strerror(why));
}

/* Into memory first: a report that fails half-way leaves nothing behind. */
static int report(const struct options *o, il_err *e)
{
    il_store *store = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    int rc = memory ? il_store_open_readonly(&store, o->database, e) : il_fail_oom(e);
    if (rc == IL_OK)
        rc = o->html         ? il_report_html(memory, store, o->experiment, e)
             : o->robustness ? il_report_robustness(memory, store, o->experiment, o->format, e)
                             : il_report_tables(memory, store, o->table, o->experiment, o->format, e);
    if (memory && fclose(memory) != 0 && rc == IL_OK)
        rc = il_fail_oom(e);
    if (rc == IL_OK)
        rc = write_out(o->output, text, size, e);
    il_store_close(store);
    free(text);
    return rc;
}

int il_cmd_report(int argc, char **argv)
{
    struct options o = { .database = IL_CLI_DATABASE };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = report(&o, &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
