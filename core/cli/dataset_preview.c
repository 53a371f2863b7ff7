/* dataset_preview.c - inpaintlab dataset preview: shows samples on a page. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include "base/atomic_file.h"
#include "cli/cli.h"
#include "cli/dataset.h"
#include "dataset/preview.h"

struct options {
    const char *output, *split;
    int count;
    uint64_t seed;
};

static int read_seed(void *options, const char *text, il_err *e)
{
    struct options *o = options;
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return il_fail(e, IL_EUSAGE, "--seed: '%s' is not a whole number from 0 to %" PRIu64, text, UINT64_MAX);
    o->seed = n;
    return IL_OK;
}

static int preview(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_preview_opts opts = { .path = words[0], .split = o->split, .count = (size_t)o->count, .seed = o->seed };
    char *html = NULL;
    size_t size = 0;
    int rc = il_preview_page(&html, &size, opts, e);
    if (!rc)
        rc = il_atomic_file_write(o->output, html, size, e);
    free(html);
    return rc;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "-o, --output FILE", "the page to write", INTO(output), .needed = true },
    { "--count N", "number of samples (default 12)", INTO(count), .least = 1, .most = 10000 },
    { "--split SPLIT", "only train, validation or test", INTO(split), .choices = "train|validation|test" },
    { "--seed N", "draw other samples (default 0)", .read = read_seed },
    { 0 },
};

const il_command il_dataset_preview = {
    .name = "dataset preview",
    .summary = "show samples of a data set on a page",
    .usage = "[options] DIR|LIST.json -o PAGE.html",
    .about = "Writes one self-contained HTML page: the number of samples and files, the sizes of the masks, and some\n"
             "samples with all their images and manifest entries. DIR and LIST.json are as for 'dataset check'.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 DIR is not a data set or the page cannot be written, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .count = 12 },
    .least = 1,
    .most = 1,
    .expected = "one folder or JSON list and -o PAGE.html; see 'inpaintlab dataset preview --help'",
    .run = preview,
};
