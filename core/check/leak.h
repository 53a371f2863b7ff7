/* leak.h - does memory grow when an operation is repeated? */
#ifndef IL_CHECK_LEAK_H
#define IL_CHECK_LEAK_H

#include "check/check_step.h"

/* Repeats `round` (often enough, or for about 20 seconds) and fails when memory grows: when each of the later rounds
 * leaves more heap bytes in use than the one before, or when the resident size keeps growing. The note gives the
 * measurement. what: "open, forward, close". */
int il_leak_check(il_plugin_check *c, const char *what, int (*round)(il_plugin_check *c, il_err *e), il_err *e);

#endif
