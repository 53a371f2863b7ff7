/* growth.h - does memory grow when something is done again and again? */
#ifndef IL_CHECK_GROWTH_H
#define IL_CHECK_GROWTH_H

#include "check/check_step.h"

/* Repeats `round` (until enough, or for about 20 seconds) and fails when memory grows: when every one of the later rounds
 * leaves more bytes of the heap in use than the one before, or when the process's resident size goes on growing. The note
 * says what was measured. what: "open, forward, close". */
int il_growth_check(il_trial *c, const char *what, int (*round)(il_trial *c, il_err *e), il_err *e);

#endif
