/* main.c - the table of commands. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/tensor.h>
#include "cli.h"
#include "words.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    { "plan", il_cmd_plan, "list the runs and cells of a grid, and what is left to do" },
    { "run", il_cmd_run, "train and test what is left" },
    { "report", il_cmd_report, "print the tables: measured beside published" },
    { "compare", il_cmd_compare, "test whether cells differ, picture by picture" },
    { "sql", il_cmd_sql, "query the results, read-only" },
    { "export", il_cmd_export, "the results as CSV, JSON lines or for TensorBoard" },
    { "weights", il_cmd_weights, "list and copy the weights of a run" },
    { "detect", il_cmd_detect, "find what was inpainted in pictures of your own" },
    { "dataset", il_cmd_dataset, "make, check and show data sets" },
    { "model", il_cmd_model, "tell what the parts of a model weigh and cost" },
    { "bench", il_cmd_bench, "measure speed and memory on this machine" },
    { "plugins", il_cmd_plugins, "list plugins and their settings" },
    { "new", il_cmd_new, "begin a plugin of your own" },
    { "check-plugin", il_cmd_check_plugin, "test a plugin: settings, shapes, gradients, leaks" },
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int print_help(FILE *to)
{
    fprintf(to, "usage: inpaintlab COMMAND [options]\n"
                "Experiments on the detection of AI inpainting: grids in YAML, results in SQLite.\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].what);
    fprintf(to, "\n'inpaintlab COMMAND --help' tells more; so does 'man inpaintlab'.\n");
    return to == stdout ? 0 : 2;
}

int il_cli_whole(int *out, const char *option, const char *text, int least, int most, il_err *e)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (end == text || *end || errno || n < least || n > most)
        return il_fail(e, IL_EUSAGE, "%s: '%s' is no number from %d to %d", option, text, least, most);
    *out = (int)n;
    return IL_OK;
}

int il_cli_fail(const il_err *e)
{
    fprintf(stderr, "inpaintlab: %s\n", e->message);
    return e->code == IL_EUSAGE ? 2 : 1;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS];
    il_err e = { 0 };
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = il_words_nearest(name, names, COMMANDS);
    il_fail(&e, IL_EUSAGE, "no command is called '%s'%s%s%s; see 'inpaintlab help'", name,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return il_cli_fail(&e);
}

/* libgomp's idle threads spin by default, which slows training several times as soon as another thread, of the loader or
 * of another program, wants a core. A short spin costs 2 % alone. libgomp reads the environment before main runs, so the
 * program starts itself once more; if it cannot, it goes on as it is. */
static void calm_threads(const char *command, char **argv)
{
    static const char *const computing[] = { "run", "detect", "dataset", "bench" };
    bool computes = false;
    for (size_t i = 0; i < sizeof computing / sizeof *computing; i++)
        computes = computes || strcmp(command, computing[i]) == 0;
    if (!computes || getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || setenv("GOMP_SPINCOUNT", "1000", 0))
        return;
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_help(stderr);
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return print_help(stdout);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("inpaintlab %s (libtorch %s)\n", IL_VERSION, il_torch_version());
        return 0;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) {
            calm_threads(name, argv);
            il_torch_init();
            return commands[i].run(argc - 1, argv + 1);
        }
    return unknown(name);
}
