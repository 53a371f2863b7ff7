/* job_inputs.h - the files that decide a run's weights besides its pictures. */
#ifndef IL_TRAIN_JOB_INPUTS_H
#define IL_TRAIN_JOB_INPUTS_H

#include "base/json.h"
#include "plan/plan.h"

/* Adds "model.file": hash, and so on: those that settings of the model, loss and mask policy name, those that these plugins use
 * besides, and the initial weights. */
int il_job_inputs(json_t *files, const il_run *run, il_err *e);

#endif
