/* process.h - another program's answer. */
#ifndef IL_CLUSTER_PROCESS_H
#define IL_CLUSTER_PROCESS_H

#include <stdbool.h>
#include <inpaintlab/error.h>

/* Runs argv[0] from the PATH without a shell; *out is what it printed, for the caller to free. Its complaints go where ours go, or
 * nowhere where it is `quiet`. IL_EIO when it cannot be started or ends with another status than 0. */
int il_process_read(char **out, const char *const *argv, bool quiet, il_err *e);

/* Whether the PATH has a program of that name. */
bool il_process_there(const char *name);

#endif
