/* option.h - the options of a command as one table, for parsing, --help and completion. A row: { "-o, --output DIR",
 * "folder of the data set", IL_INTO(struct options, folder), .needed = true } */
#ifndef IL_CLI_OPTION_H
#define IL_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <inpaintlab/error.h>

typedef enum il_option_kind {
    IL_OPTION_FLAG,   /* bool: becomes true */
    IL_OPTION_WHOLE,  /* int from least to most */
    IL_OPTION_REAL,   /* double from least to most */
    IL_OPTION_CHOICE, /* an enum: the position of the word in choices */
    IL_OPTION_TEXT,   /* const char *: one of choices, or any text when that is NULL */
    IL_OPTION_TEXTS   /* il_texts: may be repeated */
} il_option_kind;

enum { IL_TEXTS_MOST = 64 };

typedef struct il_texts {
    const char *list[IL_TEXTS_MOST + 1]; /* ends with NULL */
    int count;
} il_texts;

typedef struct il_option {
    const char *usage; /* "-q, --quiet", "--size N": as --help shows it; a table ends with { 0 } */
    const char *help;  /* without line breaks; --help wraps it */
    size_t at;         /* this and kind: IL_INTO */
    double least, most;
    const char *choices;                                     /* words separated by '|' */
    int (*read)(void *options, const char *text, il_err *e); /* instead of IL_INTO, for values of no kind above */
    il_option_kind kind;
    bool needed; /* the command requires it */
} il_option;

/* The struct member that receives the value; its type determines how the value is parsed. */
#define IL_INTO(type, member) .kind = IL_OPTION_KIND(((type *)0)->member), .at = offsetof(type, member)
#define IL_OPTION_KIND(x)                                                                                              \
    _Generic((x), bool: IL_OPTION_FLAG, int: IL_OPTION_WHOLE, double: IL_OPTION_REAL, unsigned: IL_OPTION_CHOICE, \
             const char *: IL_OPTION_TEXT, il_texts: IL_OPTION_TEXTS)

enum { IL_OPTION_HELP = 1 }; /* --help was found; nothing after it was read */

/* Parses argv[1] and everything after it; IL_OK, IL_OPTION_HELP or an error that names the command. Arguments that
 * are not options are moved to the end: *words is the index of the first. */
int il_option_read(void *options, int *words, const il_option *table, const char *command, int argc, char **argv,
                   il_err *e);

/* The index of text among choices; IL_EUSAGE names `option`, the choices and the nearest one. */
int il_option_choose(unsigned *out, const char *option, const char *choices, const char *text, il_err *e);

/* Prints the options for --help. */
void il_option_help(FILE *to, const il_option *table);

/* For the completion: "COMMAND;-o --output;FILE;choices", one line per option. */
void il_option_list(FILE *to, const il_option *table, const char *command);

#endif
