/* check_plugin.h - checks what each function of a plugin must do, one after the other. */
#ifndef IL_CHECK_TRIAL_H
#define IL_CHECK_TRIAL_H

#include "check/check_step.h"

typedef enum il_trial_verdict { IL_TRIAL_GOOD, IL_TRIAL_BAD, IL_TRIAL_SKIPPED } il_trial_verdict;

/* Called for each check: begin before any of its code runs, so that the listener knows where a plugin crashed. text
 * is one line: what was found, or what was expected. */
typedef struct il_trial_watch {
    void *context;
    void (*begin)(void *context, const char *check);
    void (*end)(void *context, const char *check, il_trial_verdict verdict, const char *text);
} il_trial_watch;

/* *failed: the number of failed checks. The plugin stays loaded. */
int il_trial_plugin(int *failed, const il_trial_job *job, const il_trial_watch *watch, il_err *e);

#endif
