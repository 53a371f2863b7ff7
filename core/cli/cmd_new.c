/* cmd_new.c - inpaintlab new: begins a plugin outside the tree. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "scaffold.h"
#include "words.h"

static const char help[] =
    "usage: inpaintlab new KIND NAME [-o DIR]\n"
    "Begins a plugin of your own: a folder with a small one that works, a Makefile, and a grid or recipe to try it with.\n"
    "KIND is model, dataset, loss, mask-policy, masker or generator.\n"
    "\n"
    "  -o, --output DIR  the folder, which must be absent or empty (default NAME)\n"
    "  -h, --help        this text\n"
    "Exit status: 0 good, 1 the folder is there or cannot be made, 2 wrong usage.\n";

struct options {
    const char *kind, *name, *folder;
    bool help;
};

static const struct option longs[] = {
    { "output", required_argument, NULL, 'o' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int check_kind(const char *kind, il_err *e)
{
    const char *kinds[16];
    size_t count = 0;
    for (const char *k; (k = il_scaffold_kind((int)count)) != NULL; count++) {
        if (strcmp(k, kind) == 0)
            return IL_OK;
        kinds[count] = k;
    }
    const char *near = il_words_nearest(kind, kinds, count);
    return il_fail(e, IL_EUSAGE, "new: no kind is called '%s'%s%s%s; expected model, dataset, loss, mask-policy, masker or "
                   "generator", kind, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c;
    optind = 1;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
        switch (c) {
        case 'o': o->folder = optarg; break;
        case 'h': o->help = true; return IL_OK;
        case ':': return il_fail(e, IL_EUSAGE, "new: %s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "new: unknown option '%s'; see 'inpaintlab new --help'", argv[optind - 1]);
        }
    }
    if (optind + 2 != argc)
        return il_fail(e, IL_EUSAGE, "new: expected a kind and a name, as in inpaintlab new model mine");
    o->kind = argv[optind];
    o->name = argv[optind + 1];
    int rc = check_kind(o->kind, e);
    if (rc)
        return rc;
    const char *objection = il_scaffold_objection(o->name);
    if (objection)
        return il_fail(e, IL_EUSAGE, "new: '%s' is no name for a plugin: %s", o->name, objection);
    if (!o->folder)
        o->folder = o->name;
    return *o->folder ? IL_OK : il_fail(e, IL_EUSAGE, "new: -o: expected a folder");
}

int il_cmd_new(int argc, char **argv)
{
    struct options o = { 0 };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = il_scaffold_write(o.folder, o.kind, o.name, &e);
    if (rc == IL_OK)
        printf("%s: a %s called %s; go on with its README.md\n", o.folder, o.kind, o.name);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
