/* cmd_compare.c - inpaintlab compare: compares cells image by image. */
#include "cli/cli.h"
#include "report/compare_print.h"

struct options {
    const char *database;
    il_metric metric;
    il_format format;
};

static int compare(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_store *store = NULL;
    il_comparison c = { 0 };
    size_t count = 0;
    while (words[count])
        count++;
    int rc = il_store_open_readonly(&store, o->database, e);
    if (!rc)
        rc = il_compare_cells(&c, store, words, count, o->metric, e);
    if (!rc)
        rc = il_compare_print(stdout, &c, o->format, e);
    il_compare_free(&c);
    il_store_close(store);
    return rc;
}

static const il_option table[] = {
    { "--metric NAME", "iou, f1, mcc (at score 0.5) or auc of each image (default iou)",
      IL_INTO(struct options, metric), .choices = IL_COMPARE_METRICS },
    IL_CLI_DB(struct options, database),
    { "--format FORMAT", "text, md, csv, latex or json (default text); csv lists only the pairs",
      IL_INTO(struct options, format), .choices = IL_FORMATS },
    { 0 },
};

const il_command il_cmd_compare = {
    .name = "compare",
    .summary = "test whether cells differ, image by image",
    .usage = "[options] CELL CELL...",
    .about =
        "Compares measured cells, pairing images by id: means and mean differences with intervals over the photos\n"
        "that images were cut from, Wilcoxon's signed-rank test and the paired t-test of each photo's mean, with\n"
        "Holm's correction when there are more than two cells, and the spread over cells that differ only in the\n"
        "seed. Cells of different splits, or measured by different truths, are not compared.\n"
        "A CELL is a cell's number in the view `cells`, or a glob for RUN/TESTED_ON or RUN/TESTED_DATASET/TESTED_ON,\n"
        "as in 'model=nix*/realfake'.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the cells cannot be compared, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .database = IL_CLI_DATABASE },
    .least = 1,
    .most = IL_COMMAND_ANY,
    .expected = "cells, as in inpaintlab compare 1 2",
    .run = compare,
};
