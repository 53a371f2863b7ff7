/* run_weights.h - writes the file of a run's weights, and finds it by its hash, since databases in the same folder
 * share the folder of weights. */
#ifndef IL_TRAIN_RUN_WEIGHTS_H
#define IL_TRAIN_RUN_WEIGHTS_H

#include "base/sha256.h"
#include "plugin/model.h"
#include "train/job.h"

/* Writes the model's weights of an epoch. A different file in their place is renamed and kept: *aside is then its new
 * path, else "". */
int il_run_weights_write(il_digest *digest, il_job_path *aside, const il_job *j, const char *folder,
                         const il_model *model, int epoch, il_err *e);

bool il_run_weights_there(const il_job *j, const char *folder);

/* Finds the file with that hash. IL_EDATA when there is only a different one. */
int il_run_weights_find(il_job_path *out, const il_job *j, const char *folder, const char *sha256, il_err *e);

#endif
