/* dataset_preview.c - inpaintlab dataset preview: samples on a page. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "dataset.h"
#include "dataset/preview.h"
#include "whole.h"

static const char help[] =
    "usage: inpaintlab dataset preview [options] DIR|LIST.json -o PAGE.html\n"
    "Writes one HTML page that needs nothing else: how many samples and kinds there are, how large the masks are, and some\n"
    "samples with all their pictures and what the manifest tells of them. DIR and LIST.json as for 'dataset check'.\n"
    "\n"
    "  -o, --output FILE  the page\n"
    "  --count N          so many samples (default 12)\n"
    "  --split SPLIT      only train, validation or test\n"
    "  --seed N           draws other samples (default 0)\n"
    "  -h, --help         this text\n"
    "Exit status: 0 good, 1 DIR is no data set or the page cannot be written, 2 wrong usage.\n";

enum { MOST_SAMPLES = 10000 };

struct options {
    il_preview_opts preview;
    const char *output;
    bool help;
};

static const struct option longs[] = {
    { "output", required_argument, NULL, 'o' },
    { "count", required_argument, NULL, 'c' },
    { "split", required_argument, NULL, 's' },
    { "seed", required_argument, NULL, 'r' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_number(uint64_t *out, const char *option, const char *text, uint64_t least, uint64_t most, il_err *e)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || n < least || n > most)
        return il_fail(e, IL_EUSAGE, "%s %s: expected a number from %" PRIu64 " to %" PRIu64, option, text, least, most);
    *out = n;
    return IL_OK;
}

static int read_split(const char **out, const char *text, il_err *e)
{
    for (int i = 0; i < IL_SPLITS - 1; i++)
        if (strcmp(text, il_listing_splits[i]) == 0) {
            *out = il_listing_splits[i];
            return IL_OK;
        }
    return il_fail(e, IL_EUSAGE, "--split %s: expected train, validation or test", text);
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    uint64_t count = o->preview.count;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'o': o->output = optarg; break;
        case 'c': rc = read_number(&count, "--count", optarg, 1, MOST_SAMPLES, e); break;
        case 's': rc = read_split(&o->preview.split, optarg, e); break;
        case 'r': rc = read_number(&o->preview.seed, "--seed", optarg, 0, UINT64_MAX, e); break;
        case 'h': o->help = true; break;
        case ':': return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "dataset preview: unknown option '%s'; see 'inpaintlab dataset preview --help'",
                           argv[optind - 1]);
        }
    }
    o->preview.count = (size_t)count;
    if (rc != IL_OK || o->help)
        return rc;
    if (optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "dataset preview: expected one folder or JSON list; see 'inpaintlab dataset preview "
                                     "--help'");
    if (!o->output)
        return il_fail(e, IL_EUSAGE, "dataset preview: expected -o PAGE.html");
    o->preview.path = argv[optind];
    return IL_OK;
}

int il_dataset_preview_command(int argc, char **argv)
{
    struct options o = { .preview = { .count = 12 } };
    char *html = NULL;
    size_t size = 0;
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = il_preview_page(&html, &size, o.preview, &e);
    if (rc == IL_OK)
        rc = il_whole_write(o.output, html, size, &e);
    free(html);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
