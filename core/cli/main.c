/* main.c - the table of commands. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/tensor.h>
#include "cli/cli.h"
#include "cli/streams.h"
#include "store/store.h"

static const il_command program = {
    .name = "",
    .about = "Experiments on the detection of AI inpainting: grids in YAML, results in SQLite.\n",
    .commands = (const il_command *const[]){ &il_cmd_plan, &il_cmd_run, &il_cmd_slurm, &il_cmd_report, &il_cmd_compare,
                                             &il_cmd_sql, &il_cmd_export, &il_cmd_weights, &il_cmd_merge, &il_cmd_prune,
                                             &il_cmd_detect, &il_cmd_dataset, &il_cmd_model, &il_cmd_bench,
                                             &il_cmd_plugins, &il_cmd_new, &il_cmd_check_plugin, NULL },
};

/* libgomp's idle threads spin by default, which slows training several times as soon as another thread, of the
 * loader or of another program, needs a core. A short spin costs 2 % when nothing else runs. libgomp reads the
 * environment when it is loaded, together with libtorch, which happens later. */
static void calm_threads(void)
{
    if (!getenv("OMP_WAIT_POLICY"))
        setenv("GOMP_SPINCOUNT", "1000", 0);
}

/* A misspelt word would be no choice at all. */
static bool kernels_known(void)
{
    static const char *const words[] = { "", "libtorch", "all" };
    const char *chosen = getenv("INPAINTLAB_KERNELS");
    bool known = !chosen;
    for (size_t i = 0; i < sizeof words / sizeof *words && !known; i++)
        known = strcmp(chosen, words[i]) == 0;
    if (!known)
        fprintf(stderr, "inpaintlab: INPAINTLAB_KERNELS: '%s' is not known; expected libtorch or all\n", chosen);
    return known;
}

/* On a line of its own, below a bar that may be there. */
static void tell_waiting(const char *database, int seconds)
{
    il_err line = { 0 };
    il_fail(&line, IL_EBUSY, "%s: another program keeps the database locked; waiting for it, for %d s at most",
            database, seconds);
    fprintf(stderr, "%sinpaintlab: %s\n", isatty(STDERR_FILENO) ? "\n" : "", line.message);
}

static int run(const char *name, int argc, char **argv)
{
    if (!kernels_known())
        return 2;
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("inpaintlab %s (libtorch %s)\n", IL_VERSION, il_torch_version());
        return 0;
    }
    if (strcmp(name, "help") == 0 && argc > 2 && strcmp(argv[2], "--options") == 0) {
        il_command_list(stdout, &program);
        return 0;
    }
    const il_command *c = il_command_find(&program, name);
    if (c && c->computes)
        calm_threads();
    return il_command_run(&program, argc, argv);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    il_streams_open();
    il_store_tell_waiting(tell_waiting);
    return il_streams_end(run(name, argc, argv), strcmp(name, "detect") == 0 ? 2 : 1); /* detect's 1 is an answer */
}
