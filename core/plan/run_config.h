/* run_config.h - what determines a run's trained weights, as canonical JSON: sorted keys, no spaces. */
#ifndef IL_PLAN_RUN_CONFIG_H
#define IL_PLAN_RUN_CONFIG_H

#include "plan/run.h"

/* To be raised when the engine's own results change (loader, training step, evaluation; not degradations). A plugin's
 * results are covered by its revision. */
enum { IL_ENGINE_REVISION = 1 };

/* Whether a training setting changes only speed or memory, not results. */
bool il_run_config_ignores(const char *setting);

/* *out is allocated. engine: IL_ENGINE_REVISION; 1 is not written, so that runs older than the number keep their
 * identity. train: the settings under `train`. Labels, tests and paths are left out: the contents of files count, not
 * their names. Real numbers are texts, so that the JSON library's number format cannot change an identity. */
int il_run_config_write(char **out, const il_run *run, const il_params *train, int engine, il_err *e);

#endif
