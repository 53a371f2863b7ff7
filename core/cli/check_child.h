/* check_child.h - the checks of a plugin in a process of their own, so that a crash or an endless loop of the plugin
 * becomes a finding. */
#ifndef IL_CLI_CHECK_CHILD_H
#define IL_CLI_CHECK_CHILD_H

#include "check/check_plugin.h"

/* Runs the checks and reports them to the observer from this process. A crash, an exit, or a check that takes longer than
 * `seconds` counts as that check's failure and ends the checks: *whole is then false. */
int il_check_child_run(int *failed, bool *whole, const il_plugin_check_job *job, int seconds, int threads,
                       const il_plugin_check_observer *observer, il_err *e);

#endif
