/* cmd_dataset.c - inpaintlab dataset: makes, checks and shows data sets. */
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "dataset.h"
#include "words.h"

static const char help[] =
    "usage: inpaintlab dataset build [options] RECIPE.yaml -o DIR\n"
    "       inpaintlab dataset check [options] DIR\n"
    "       inpaintlab dataset preview [options] DIR -o PAGE.html\n"
    "Makes a data set from photos by a recipe, checks one, or shows samples of one on a page.\n"
    "'inpaintlab dataset build --help' and so on tell more.\n";

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "build", il_dataset_build_command },
    { "check", il_dataset_check_command },
    { "preview", il_dataset_preview_command },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

int il_cmd_dataset(int argc, char **argv)
{
    const char *names[COMMANDS];
    il_err e = { 0 };
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return 0;
    }
    for (int i = 0; i < COMMANDS; i++) {
        names[i] = commands[i].name;
        if (argc >= 2 && strcmp(argv[1], names[i]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    const char *near = argc >= 2 ? il_words_nearest(argv[1], names, COMMANDS) : NULL;
    if (argc >= 2)
        il_fail(&e, IL_EUSAGE, "dataset: no command is called '%s'%s%s%s; see 'inpaintlab dataset --help'", argv[1],
                near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    else
        il_fail(&e, IL_EUSAGE, "dataset: expected build, check or preview; see 'inpaintlab dataset --help'");
    return il_cli_fail(&e);
}
