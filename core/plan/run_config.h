/* config.h - what determines a run's trained weights, as canonical JSON: sorted keys, no blanks. */
#ifndef IL_CONFIG_H
#define IL_CONFIG_H

#include "plan/run.h"

/* Raised when the engine's own results change (loader, training step, evaluation, degradations aside): a plugin's are told
 * by its revision. */
enum { IL_ENGINE_REVISION = 1 };

/* A training setting that changes how fast results come, but no result. */
bool il_config_ignores(const char *setting);

/* *out is allocated. engine: IL_ENGINE_REVISION; 1 is not written, so runs made before it was are what they were. train: the settings under `train`. Labels and tests are left out, and paths: the contents of files
 * count, not their names. Real numbers are texts, so that no library's way of printing them can change an identity. */
int il_config_write(char **out, const il_run *run, const il_params *train, int engine, il_err *e);

#endif
