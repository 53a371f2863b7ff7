/* test_notes.h - what makes the numbers of tests mean less than they seem to: leaks, empty truths, images left out, padding. */
#ifndef IL_REPORT_TEST_NOTES_H
#define IL_REPORT_TEST_NOTES_H

#include "report/notes.h"
#include "store/store.h"

/* Which tests: each member may be NULL: any. */
typedef struct il_test_notes_of {
    const char *experiment, *published; /* a grid, a published table */
    const char *dataset, *split;
} il_test_notes_of;

/* Adds a line for each kind of test of which something is to be told, and one of runs that validate on what they train on. */
int il_test_notes_add(il_footnotes *n, il_store *s, il_test_notes_of of, il_err *e);

#endif
