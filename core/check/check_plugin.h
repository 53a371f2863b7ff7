/* check_plugin.h - checks what each function of a plugin must do, one after the other. */
#ifndef IL_CHECK_CHECK_PLUGIN_H
#define IL_CHECK_CHECK_PLUGIN_H

#include "check/check_step.h"

typedef enum il_plugin_check_verdict {
    IL_PLUGIN_CHECK_GOOD,
    IL_PLUGIN_CHECK_BAD,
    IL_PLUGIN_CHECK_SKIPPED
} il_plugin_check_verdict;

/* Called for each check: begin before any of its code runs, so that the listener knows where a plugin crashed. text
 * is one line: what was found, or what was expected. */
typedef struct il_plugin_check_observer {
    void *context;
    void (*begin)(void *context, const char *check);
    void (*end)(void *context, const char *check, il_plugin_check_verdict verdict, const char *text);
} il_plugin_check_observer;

/* *failed: the number of failed checks. The plugin stays loaded. */
int il_plugin_check_run(int *failed, const il_plugin_check_job *job, const il_plugin_check_observer *observer,
                        il_err *e);

#endif
