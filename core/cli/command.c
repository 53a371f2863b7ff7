/* command.c - from a command line to a command: groups, help, options, arguments, exit status. */
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/streams.h"

static int status_of(const il_command *c, const il_err *e)
{
    bool enough = e->code == IL_EIO && strncmp(e->message, "cannot write", 12) == 0 && il_streams_left();
    if (!enough) /* main ends as other programs do then */
        fprintf(stderr, "inpaintlab: %s\n", e->message);
    return e->code == IL_EUSAGE ? 2 : c->trouble ? c->trouble : 1;
}

int il_command_expected(const il_command *c, il_err *e)
{
    return il_fail(e, IL_EUSAGE, "%s: expected %s", c->name, c->expected);
}

/* ---- a group ---- */

static const char *last_word(const char *name)
{
    const char *space = strrchr(name, ' ');
    return space ? space + 1 : name;
}

const il_command *il_command_find(const il_command *group, const char *name)
{
    const il_command *const *c = group->commands;
    while (*c && strcmp(last_word((*c)->name), name) != 0)
        c++;
    return *c;
}

static void print_group(FILE *to, const il_command *group)
{
    const char *name = group->name, *gap = *name ? " " : "";
    fprintf(to, "usage: inpaintlab%s%s COMMAND [options]\n%s\n", gap, name, group->about);
    for (const il_command *const *c = group->commands; *c; c++)
        fprintf(to, "  %-12s %s\n", last_word((*c)->name), (*c)->summary);
    fprintf(to, "\nSee 'inpaintlab%s%s COMMAND --help' or 'man inpaintlab' for more.\n", gap, name);
}

static int no_such_command(const il_command *group, const char *name)
{
    enum { MOST = 32 };
    const char *names[MOST];
    size_t count = 0;
    il_err e = { 0 };
    for (const il_command *const *c = group->commands; *c && count < MOST; c++)
        names[count++] = last_word((*c)->name);
    const char *of = group->name;
    il_fail(&e, IL_EUSAGE, "%s%sunknown command '%s'%s; see 'inpaintlab %s%shelp'", of, *of ? ": " : "", name,
            il_suggest_hint(name, names, count).text, of, *of ? " " : "");
    return status_of(group, &e);
}

static void print_help(const il_command *c);

/* help, help COMMAND, help GROUP COMMAND */
static int help(const il_command *group, char *const *words)
{
    if (!*words) {
        print_group(stdout, group);
        return 0;
    }
    const il_command *c = il_command_find(group, *words);
    if (!c)
        return no_such_command(group, *words);
    if (c->commands)
        return help(c, words + 1);
    print_help(c);
    return 0;
}

static int run_group(const il_command *group, int argc, char **argv)
{
    if (argc < 2) {
        print_group(stderr, group);
        return 2;
    }
    const il_command *c = il_command_find(group, argv[1]);
    if (c)
        return il_command_run(c, argc - 1, argv + 1);
    if (strcmp(argv[1], "help") != 0 && strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0)
        return no_such_command(group, argv[1]);
    return help(group, argv + 2);
}

void il_command_list(FILE *to, const il_command *group)
{
    for (const il_command *const *c = group->commands; *c; c++)
        if ((*c)->commands)
            il_command_list(to, *c);
        else
            il_option_list(to, (*c)->options, (*c)->name);
}

/* ---- a command ---- */

static void print_help(const il_command *c)
{
    printf("usage: inpaintlab %s %s\n%s\n", c->name, c->usage, c->about);
    il_option_help(stdout, c->options);
    fputs(c->notes, stdout);
}

/* Whether a required option is missing; required options are texts. */
static bool lacks(const il_command *c, const void *options)
{
    for (const il_option *o = c->options; o->usage; o++) {
        const char *text = o->needed ? *(const char *const *)((const char *)options + o->at) : "";
        if (o->needed && (!text || !*text))
            return true;
    }
    return false;
}

/* The value of the option whose usage begins so; NULL: the command has none, or it was not given. */
static const char *text_of(const il_command *c, const void *options, const char *usage)
{
    for (const il_option *o = c->options; o->usage; o++)
        if (strncmp(o->usage, usage, strlen(usage)) == 0)
            return *(const char *const *)((const char *)options + o->at);
    return NULL;
}

/* Whatever the command writes, the measurements are not to be replaced by it. */
static int check_output(const il_command *c, const void *options, il_err *e)
{
    const char *output = text_of(c, options, "-o, "), *database = text_of(c, options, "--db ");
    const char *file = text_of(c, options, "-o, --output FILE");
    int rc = output ? il_output_spare(output, database ? database : IL_CLI_DATABASE, e) : IL_OK;
    return rc || !file ? rc : il_output_spare_inputs(file, e);
}

static int read_and_run(const il_command *c, void *options, int argc, char **argv, il_err *e)
{
    int at = argc;
    int rc = il_option_read(options, &at, c->options, c->name, argc, argv, e);
    if (rc == IL_OPTION_HELP) {
        print_help(c);
        return IL_OK;
    }
    if (rc)
        return rc;
    if (argc - at < c->least || argc - at > c->most || lacks(c, options))
        return il_command_expected(c, e);
    rc = check_output(c, options, e);
    return rc ? rc : c->run(options, (const char *const *)(argv + at), e);
}

int il_command_run(const il_command *c, int argc, char **argv)
{
    il_err e = { 0 };
    if (c->commands)
        return run_group(c, argc, argv);
    void *options = calloc(1, c->size + 1);
    int rc = options ? IL_OK : il_fail_oom(&e);
    if (!rc && c->defaults)
        memcpy(options, c->defaults, c->size);
    if (!rc)
        rc = read_and_run(c, options, argc, argv, &e);
    free(options);
    if (rc >= 0 && il_streams_check(&e) != IL_OK)
        rc = e.code;
    return rc < 0 ? status_of(c, &e) : rc;
}
