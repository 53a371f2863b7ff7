/* command.h - a command of the program: its name, options and function. A group's commands follow its name, as in
 * `inpaintlab dataset build`. */
#ifndef IL_CLI_COMMAND_H
#define IL_CLI_COMMAND_H

#include "cli/option.h"

#define IL_CLI_DATABASE "results/results.sqlite" /* where --db is not given; no -o may replace it */

typedef struct il_command il_command;
struct il_command {
    const char *name;         /* "run", "dataset build" */
    const char *summary;      /* in the list of commands */
    const char *usage;        /* what follows the name */
    const char *about;        /* lines above the options */
    const il_option *options; /* ends with { 0 } */
    const char *notes;        /* lines below them */
    size_t size;              /* of the struct that receives the options */
    const void *defaults;     /* of that struct; NULL: zeros */
    int least, most;          /* number of arguments that are not options */
    const char *expected;     /* the error when those, or a needed option, are missing: "expected …" */
    int trouble;              /* exit status when it fails; 0: 1 */
    bool computes;            /* needs all cores */
    /* words end with NULL. Returns an error or the exit status. */
    int (*run)(void *options, const char *const *words, il_err *e);
    const il_command *const *commands; /* of a group, which has only these and names; ends with NULL */
};

enum { IL_COMMAND_ANY = 1 << 20 /* arguments */ };

/* argv[0] is the command's name. Prints the error, if any. Returns the exit status: 0 success, 1 something failed, 2
 * wrong usage. */
int il_command_run(const il_command *c, int argc, char **argv);

/* The group's command of that name, or NULL. */
const il_command *il_command_find(const il_command *group, const char *name);

/* IL_EUSAGE: what the command expects. */
int il_command_expected(const il_command *c, il_err *e);

/* All options of a group's commands, for the completion. */
void il_command_list(FILE *to, const il_command *group);

#endif
