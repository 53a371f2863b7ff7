/* run_record.h - the JSON columns of runs and tests. The caller frees the texts. */
#ifndef IL_TRAIN_RUN_RECORD_H
#define IL_TRAIN_RUN_RECORD_H

#include "plan/run.h"

char *il_run_record_params(const il_choice *c);
char *il_run_record_versions(
    const il_run *
        run); /* of the program, libtorch and the plugins, with their files' hashes, and paths of those that are not installed */

/* A test's settings besides its data: those of the degradation, and a mask policy of its own; NULL: neither. */
int il_run_record_settings(char **out, const il_set *set, il_err *e);

#endif
