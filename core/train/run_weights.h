/* run_weights.h - the file of a run's weights: written, and found again by its hash, since databases beside each other share
 * its folder. */
#ifndef IL_RUN_WEIGHTS_H
#define IL_RUN_WEIGHTS_H

#include "train/job.h"
#include "plugin/model.h"
#include "base/sha256.h"

/* Writes the model's weights of an epoch. What stood in their place and is another file is kept: *aside is then its new path,
 * else "". */
int il_run_weights_write(il_digest *digest, il_job_path *aside, const il_job *j, const char *folder, const il_model *model,
                         int epoch, il_err *e);

bool il_run_weights_there(const il_job *j, const char *folder);

/* The file with that hash. IL_EDATA when there is only another one. */
int il_run_weights_find(il_job_path *out, const il_job *j, const char *folder, const char *sha256, il_err *e);

#endif
