/* cmd_export.c - inpaintlab export: the results as plain files. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "draft.h"
#include "export.h"

static const char help[] =
    "usage: inpaintlab export [options] -o DIR\n"
    "Writes the results as files for other programs: experiments, runs, epochs, tests, cells, images and scores (decoded, one\n"
    "row for each bin that is not empty), or what TensorBoard shows of each run. For one query there is 'inpaintlab sql'.\n"
    "\n"
    "  -o, --output DIR   the folder, which must be absent or empty; it appears whole or not at all\n"
    "  --format FORMAT    csv, json (one object a line) or tensorboard (default csv)\n"
    "  --experiment NAME  only what that experiment asks for\n"
    "  --db FILE          database (default " IL_CLI_DATABASE ")\n"
    "  -h, --help         this text\n"
    "Exit status: 0 good, 1 there is nothing to read or no place to write, 2 wrong usage.\n";

struct options {
    const char *database, *experiment, *folder;
    il_export_format format;
    bool help;
};

static const struct option longs[] = {
    { "output", required_argument, NULL, 'o' },
    { "format", required_argument, NULL, 'f' },
    { "experiment", required_argument, NULL, 'e' },
    { "db", required_argument, NULL, 'd' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_format(il_export_format *out, const char *name, il_err *e)
{
    static const char *const names[] = { "csv", "json", "tensorboard" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (il_export_format)i;
            return IL_OK;
        }
    return il_fail(e, IL_EUSAGE, "export: --format %s: no such format; there are csv, json and tensorboard", name);
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'o': o->folder = optarg; break;
        case 'f': rc = read_format(&o->format, optarg, e); break;
        case 'e': o->experiment = optarg; break;
        case 'd': o->database = optarg; break;
        case 'h': o->help = true; return IL_OK;
        case ':': return il_fail(e, IL_EUSAGE, "export: %s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "export: unknown option '%s'; see 'inpaintlab export --help'", argv[optind - 1]);
        }
    }
    if (rc == IL_OK && (optind < argc || !o->folder || !*o->folder))
        rc = il_fail(e, IL_EUSAGE, "export: expected -o DIR and no more words; see 'inpaintlab export --help'");
    return rc;
}

static int export(const struct options *o, il_err *e)
{
    il_store *store = NULL;
    il_text draft = { 0 };
    int rc = il_store_open_readonly(&store, o->database, e);
    if (rc == IL_OK)
        rc = il_draft_begin(&draft, o->folder, e);
    if (rc == IL_OK)
        rc = il_export_database(draft.data, store, o->experiment, o->format, e);
    rc = il_draft_end(&draft, o->folder, rc, e);
    il_store_close(store);
    return rc;
}

int il_cmd_export(int argc, char **argv)
{
    struct options o = { .database = IL_CLI_DATABASE };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = export(&o, &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
