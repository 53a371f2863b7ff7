/* cmd_compare.c - inpaintlab compare: cells against each other, picture by picture. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include "cli.h"
#include "compare.h"

static const char help[] =
    "usage: inpaintlab compare [options] CELL CELL...\n"
    "Compares what was measured, pairing pictures by id: means and mean differences with bootstrap intervals, Wilcoxon's\n"
    "signed-rank test and the paired t-test, corrected by Holm where there are more than two cells, and the spread over\n"
    "cells that differ only in the seed.\n"
    "A CELL is its number in the view `cells`, or a glob of RUN/TESTED_ON or RUN/TESTED_DATASET/TESTED_ON,\n"
    "as in 'model=nix*/realfake'.\n"
    "\n"
    "  --metric NAME    iou, f1, mcc (at score 0.5) or auc, of each picture (default iou)\n"
    "  --db FILE        database (default " IL_CLI_DATABASE ")\n"
    "  --format FORMAT  text, md, csv, latex or json (default text); csv has the pairs alone\n"
    "  -h, --help       this text\n"
    "Exit status: 0 good, 1 the cells cannot be compared, 2 wrong usage.\n";

struct options {
    const char *database;
    il_metric metric;
    il_format format;
    bool help;
};

static const struct option longs[] = {
    { "db", required_argument, NULL, 'd' },
    { "metric", required_argument, NULL, 'm' },
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
        case 'm': rc = il_compare_metric(&o->metric, optarg, e); break;
        case 'f': rc = il_report_format(&o->format, optarg, e); break;
        case 'h': o->help = true; break;
        case ':': return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "compare: unknown option '%s'; see 'inpaintlab compare --help'",
                           argv[optind - 1]);
        }
    }
    if (rc == IL_OK && !o->help && optind == argc)
        return il_fail(e, IL_EUSAGE, "compare: expected cells, as in inpaintlab compare 1 2");
    return rc;
}

static int compare(const struct options *o, const char *const *names, size_t count, il_err *e)
{
    il_store *store = NULL;
    il_comparison c = { 0 };
    int rc = il_store_open_readonly(&store, o->database, e);
    if (rc == IL_OK)
        rc = il_compare_cells(&c, store, names, count, o->metric, e);
    if (rc == IL_OK)
        rc = il_compare_print(stdout, &c, o->format, e);
    if (rc == IL_OK && fflush(stdout) != 0)
        rc = il_fail(e, IL_EIO, "standard output cannot be written: %s", strerror(errno));
    il_compare_free(&c);
    il_store_close(store);
    return rc;
}

int il_cmd_compare(int argc, char **argv)
{
    struct options o = { .database = IL_CLI_DATABASE };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = compare(&o, (const char *const *)(argv + optind), (size_t)(argc - optind), &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
