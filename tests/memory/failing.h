/* failing.h - scenarios in which each allocation fails once.
 *
 * failing.c defines malloc and its kin for the test program. An allocation counts when our own code asked for it: the
 * library, a plugin, or a library (jansson, libyaml, the codecs, libc, SQLite where a scenario wants it) that they called.
 * Allocations are told apart by the call that made them and our two calls around it; of each such place the first use
 * fails, of each call the last one too, one in each run. A run, in a process of its own, must not crash, hang or leak, must
 * tell of an error or give the right result, must leave no draft behind, and must succeed when it is repeated. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include <stdbool.h>
#include <stdio.h>
#include <inpaintlab/error.h>

struct scenario {
    const char *name;
    /* Makes, in an empty folder, what the run needs; nothing fails here. NULL: nothing. */
    void (*prepare)(const char *folder);
    /* The run: writes what it came to and frees what it took. A repetition finds what the first left in the folder. */
    int (*run)(const char *folder, FILE *out, il_err *e);
    bool sqlite;  /* SQLite's allocations fail too */
    bool changes; /* the run writes into its folder: each gets a fresh one */
};

/* For main: 0 when every run of every scenario was good. only: those whose names begin so; NULL: all. */
int failing_run(const struct scenario *list, size_t count, const char *only);

/* folder/name, in a text that a later call overwrites. */
const char *failing_path(const char *folder, const char *name);

#endif
