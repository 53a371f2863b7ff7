/* cli.h - the program's commands. Each takes its own argc and argv (argv[0] is its name) and returns the exit status:
 * 0 good, 1 something failed, 2 wrong usage. */
#ifndef IL_CLI_H
#define IL_CLI_H

#include <inpaintlab/error.h>

#define IL_CLI_DATABASE "results/results.sqlite"

int il_cmd_plan(int argc, char **argv);
int il_cmd_run(int argc, char **argv);
int il_cmd_report(int argc, char **argv);
int il_cmd_compare(int argc, char **argv);
int il_cmd_sql(int argc, char **argv);
int il_cmd_plugins(int argc, char **argv);
int il_cmd_bench(int argc, char **argv);
int il_cmd_model(int argc, char **argv);
int il_cmd_detect(int argc, char **argv);
int il_cmd_dataset(int argc, char **argv);
int il_cmd_export(int argc, char **argv);
int il_cmd_weights(int argc, char **argv);
int il_cmd_new(int argc, char **argv);
int il_cmd_check_plugin(int argc, char **argv);

/* The whole number that an option was given. IL_EUSAGE names the option and the bounds. */
int il_cli_whole(int *out, const char *option, const char *text, int least, int most, il_err *e);

/* Prints "inpaintlab: MESSAGE" to stderr; returns 2 for IL_EUSAGE, else 1. */
int il_cli_fail(const il_err *e);

#endif
