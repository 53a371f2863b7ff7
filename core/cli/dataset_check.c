/* dataset_check.c - inpaintlab dataset check: what is there, and what is wrong with it. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "dataset.h"
#include "dataset/check.h"
#include "progress.h"
#include "words.h"

enum { SHOWN = 10 /* findings of each type */ };

static const char help[] =
    "usage: inpaintlab dataset check [options] DIR|LIST.json\n"
    "Looks a data set over: samples by split and kind, sizes, masks, files that do not fit together, the manifest, and\n"
    "pictures or photos that are in two splits. DIR holds train, validation and test (files <id>.<kind>.webp), or Tp and Gt;\n"
    "LIST.json holds [[\"picture\", \"mask\"], [\"picture\", \"Negative\"], ...].\n"
    "\n"
    "  --as SET           dataset1, dataset2 or inpainted: compare the counts with the paper's Table 1\n"
    "  --fast             names, headers and the manifest's lines only; nothing is decoded or hashed\n"
    "  --json             everything as one JSON object\n"
    "  --threads N        as many pictures are decoded at once (default: one per core)\n"
    "  -h, --help         this text\n"
    "Exit status: 0 no problem (there may be warnings), 1 there are problems, or DIR is no data set, 2 wrong usage.\n";

struct options {
    il_check_opts check;
    bool json, help;
};

static const struct option longs[] = {
    { "as", required_argument, NULL, 'a' },
    { "fast", no_argument, NULL, 'f' },
    { "json", no_argument, NULL, 'j' },
    { "threads", required_argument, NULL, 't' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_set(const char **out, const char *text, il_err *e)
{
    static const char *const sets[] = { "dataset1", "dataset2", "inpainted" };
    for (int i = 0; i < 3; i++)
        if (strcmp(text, sets[i]) == 0) {
            *out = sets[i];
            return IL_OK;
        }
    const char *near = il_words_nearest(text, sets, 3);
    return il_fail(e, IL_EUSAGE, "--as %s: expected dataset1, dataset2 or inpainted%s%s%s", text,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static int read_threads(int *out, const char *text, il_err *e)
{
    char *end = NULL;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < 1 || n > 256)
        return il_fail(e, IL_EUSAGE, "--threads %s: expected a number from 1 to 256", text);
    *out = (int)n;
    return IL_OK;
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        switch (c) {
        case 'a': rc = read_set(&o->check.as, optarg, e); break;
        case 'f': o->check.fast = true; break;
        case 'j': o->json = true; break;
        case 't': rc = read_threads(&o->check.threads, optarg, e); break;
        case 'h': o->help = true; break;
        case ':': return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "dataset check: unknown option '%s'; see 'inpaintlab dataset check --help'",
                           argv[optind - 1]);
        }
    }
    if (rc != IL_OK || o->help)
        return rc;
    if (optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "dataset check: expected one folder or JSON list; see 'inpaintlab dataset check --help'");
    o->check.path = argv[optind];
    return IL_OK;
}

static int check(bool *good, const struct options *o, il_err *e)
{
    il_bar bar;
    il_watch watch = il_bar_watch(&bar, false, NULL);
    il_check c = { 0 };
    int rc = il_check_run(&c, o->check, &watch, e);
    il_bar_clear(&bar);
    if (rc != IL_OK)
        return rc;
    if (o->json)
        rc = il_check_json(stdout, &c, e);
    else
        il_check_print(stdout, &c, SHOWN);
    if (rc == IL_OK && fflush(stdout) != 0)
        rc = il_fail(e, IL_EIO, "standard output: cannot be written: %s", strerror(errno));
    *good = il_findings_problems(&c.findings) == 0;
    il_check_free(&c);
    return rc;
}

int il_dataset_check_command(int argc, char **argv)
{
    struct options o = { .json = false };
    bool good = false;
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = check(&good, &o, &e);
    if (rc != IL_OK)
        return il_cli_fail(&e);
    return good ? 0 : 1;
}
