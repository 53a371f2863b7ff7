/* dataset_check.c - inpaintlab dataset check: reports the contents and problems of a data set. */
#include "cli/cli.h"
#include "cli/dataset.h"
#include "cli/progress.h"
#include "dataset/check.h"
#include "image/budget.h"

enum { SHOWN = 10 /* findings of each type */ };

struct options {
    il_check_opts check;
    bool json;
    int memory_mib;
};

static int check(void *options, const char *const *words, il_err *e)
{
    struct options *o = options;
    il_progress_bar bar;
    il_observer observer = il_progress_bar_observer(&bar, false, NULL);
    il_check c = { 0 };
    o->check.path = words[0];
    il_budget_set((uint64_t)o->memory_mib << 20);
    int rc = il_check_run(&c, o->check, &observer, e);
    il_progress_bar_clear(&bar);
    if (rc)
        return rc;
    if (o->json)
        rc = il_check_json(stdout, &c, e);
    else
        il_check_print(stdout, &c, SHOWN);
    if (!rc && il_findings_problems(&c.findings) > 0)
        rc = 1;
    il_check_free(&c);
    return rc;
}

static const il_option table[] = {
    { "--as SET", "dataset1, dataset2 or inpainted: compare the counts with the paper's Table 1",
      IL_INTO(struct options, check.as), .choices = "dataset1|dataset2|inpainted" },
    { "--fast", "check only names, headers and the manifest's lines; nothing is decoded or hashed",
      IL_INTO(struct options, check.fast) },
    { "--json", "print everything as one JSON object", IL_INTO(struct options, json) },
    { "--threads N", "images to decode at once (default: one per core)", IL_INTO(struct options, check.threads),
      .least = 1, .most = 256 },
    IL_CLI_MEMORY(struct options, memory_mib),
    { 0 },
};

const il_command il_dataset_check = {
    .name = "dataset check",
    .summary = "report the contents and problems of a data set",
    .usage = "[options] DIR|LIST.json",
    .about =
        "Checks a data set: samples by split and kind, sizes, masks, missing and inconsistent files, the manifest,\n"
        "and images or photos that are in two splits. DIR contains train, validation and test (files\n"
        "<id>.<kind>.webp), or Tp and Gt;\n"
        "LIST.json contains [[\"image\", \"mask\"], [\"image\", \"Negative\"], ...].\n",
    .options = table,
    .notes = "Exit status: 0 no problems (there may be warnings), 1 there are problems, or DIR is not a data set, 2 "
             "wrong usage.\n",
    .size = sizeof(struct options),
    .least = 1,
    .most = 1,
    .expected = "one folder or JSON list; see 'inpaintlab dataset check --help'",
    .run = check,
};
