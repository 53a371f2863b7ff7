/* config.h - what determines a run's trained weights, as canonical JSON: sorted keys, no blanks. */
#ifndef IL_CONFIG_H
#define IL_CONFIG_H

#include "plan.h"

/* *out is allocated. train: the settings under `train`. Labels and tests are left out, and paths: the contents of files
 * count, not their names. Real numbers are texts, so that no library's way of printing them can change an identity. */
int il_config_write(char **out, const il_run *run, const il_params *train, il_err *e);

#endif
