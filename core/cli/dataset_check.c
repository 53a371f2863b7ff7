/* dataset_check.c - inpaintlab dataset check: what is there, and what is wrong with it. */
#include "cli/cli.h"
#include "cli/dataset.h"
#include "dataset/check.h"
#include "cli/progress.h"

enum { SHOWN = 10 /* findings of each type */ };

struct options {
    il_check_opts check;
    bool json;
};

static int check(void *options, const char *const *words, il_err *e)
{
    struct options *o = options;
    il_bar bar;
    il_watch watch = il_bar_watch(&bar, false, NULL);
    il_check c = { 0 };
    o->check.path = words[0];
    int rc = il_check_run(&c, o->check, &watch, e);
    il_bar_clear(&bar);
    if (rc != IL_OK)
        return rc;
    if (o->json)
        rc = il_check_json(stdout, &c, e);
    else
        il_check_print(stdout, &c, SHOWN);
    if (rc == IL_OK && il_findings_problems(&c.findings) > 0)
        rc = 1;
    il_check_free(&c);
    return rc;
}

static const il_option table[] = {
    { "--as SET", "dataset1, dataset2 or inpainted: compare the counts with the paper's Table 1",
      IL_INTO(struct options, check.as), .choices = "dataset1|dataset2|inpainted" },
    { "--fast", "names, headers and the manifest's lines only; nothing is decoded or hashed",
      IL_INTO(struct options, check.fast) },
    { "--json", "everything as one JSON object", IL_INTO(struct options, json) },
    { "--threads N", "as many pictures are decoded at once (default: one per core)",
      IL_INTO(struct options, check.threads), .least = 1, .most = 256 },
    { 0 },
};

const il_command il_dataset_check = {
    .name = "dataset check",
    .summary = "tell what is in one, and what is wrong with it",
    .usage = "[options] DIR|LIST.json",
    .about =
        "Looks a data set over: samples by split and kind, sizes, masks, files that do not fit together, the manifest, and\n"
        "pictures or photos that are in two splits. DIR holds train, validation and test (files <id>.<kind>.webp), or Tp and Gt;\n"
        "LIST.json holds [[\"picture\", \"mask\"], [\"picture\", \"Negative\"], ...].\n",
    .options = table,
    .notes = "Exit status: 0 no problem (there may be warnings), 1 there are problems, or DIR is no data set, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .least = 1, .most = 1, .expected = "one folder or JSON list; see 'inpaintlab dataset check --help'",
    .run = check,
};
