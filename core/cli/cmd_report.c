/* cmd_report.c - inpaintlab report: tables of measured values beside published ones. */
#include <stdbool.h>
#include "cli/cli.h"
#include "cli/output.h"
#include "report/report.h"

enum { HTML = IL_FORMAT_JSON + 1 }; /* a page is a format only of the report, not of single queries */

struct options {
    const char *database, *table, *experiment, *output, *metric, *convention;
    unsigned format;
    bool robustness;
};

static int check(const struct options *o, il_err *e)
{
    if (o->robustness && o->table)
        return il_fail(e, IL_EUSAGE, "report: --table and --robustness cannot be used together");
    if (o->format == HTML && o->table)
        return il_fail(e, IL_EUSAGE, "--table: a page contains all tables; leave it out, or choose another format");
    const char *measure = o->metric ? "--metric" : o->convention ? "--convention" : NULL;
    if (measure && o->table)
        return il_fail(e, IL_EUSAGE, "%s: published tables hold IoU as published; leave --table out", measure);
    if (measure && o->format == HTML)
        return il_fail(e, IL_EUSAGE, "%s: a page shows IoU; choose another format", measure);
    return IL_OK;
}

static int report_tables(FILE *to, il_store *store, const struct options *o, il_err *e)
{
    il_measure measure;
    if (o->format == HTML)
        return il_report_html(to, store, o->experiment, e);
    if (o->metric || o->convention) {
        int rc = il_measure_find(&measure, store, o->convention, o->metric, e);
        return rc ? rc : il_report_measure(to, store, &measure, o->experiment, o->robustness, o->format, e);
    }
    return o->robustness ? il_report_robustness(to, store, o->experiment, o->format, e)
                         : il_report_tables(to, store, o->table, o->experiment, o->format, e);
}

/* Into memory first: a report that fails half-way writes nothing. */
static int report(void *options, const char *const *words, il_err *e)
{
    (void)words;
    const struct options *o = options;
    il_store *store = NULL;
    il_output out = { 0 };
    int rc = check(o, e);
    if (!rc)
        rc = il_output_begin(&out, e);
    if (!rc)
        rc = il_store_open_readonly(&store, o->database, e);
    if (!rc)
        rc = report_tables(out.to, store, o, e);
    il_store_close(store);
    return il_output_end(&out, o->output, rc, e);
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    IL_CLI_DB(struct options, database),
    { "--table N", "one published table, 1 to 7 or text (the mask policies), whether measured or not", INTO(table),
      .choices = "1|2|3|4|5|6|7|text" },
    { "--robustness",
      "tests on degraded images: one table per kind of degradation, with its levels as columns; csv and json list them",
      INTO(robustness) },
    { "--experiment NAME", "only the cells of that experiment", INTO(experiment) },
    { "--metric NAME",
      "what the experiments' tables show, as the view metrics calls it: iou, f1, auc, ap and others (default iou)",
      INTO(metric) },
    { "--convention NAME",
      "what it is averaged over: published, 'image mean', pooled and others (default: the first that has the metric)",
      INTO(convention) },
    { "--format FORMAT",
      "text, md, csv, latex, json or html (default text); csv without --table lists the "
      "cells; html is one self-contained page with curves, intervals and images",
      INTO(format), .choices = IL_FORMATS "|html" },
    { "-o, --output FILE", "write to FILE instead of standard output", INTO(output) },
    { 0 },
};

const il_command il_cmd_report = {
    .name = "report",
    .summary = "print tables of measured and published values",
    .usage = "[options]",
    .about = "Prints the measured cells of each experiment, then the published tables that have measured cells, with\n"
             "measured and published values in separate columns. Cells that were not measured are marked.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the results cannot be read or the report cannot be written, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .database = IL_CLI_DATABASE },
    .expected = "options only; see 'inpaintlab report --help'",
    .run = report,
};
