/* run_json.h - what rows of runs and tests keep as JSON. Callers free the texts. */
#ifndef IL_RUN_JSON_H
#define IL_RUN_JSON_H

#include "plan/run.h"

char *il_run_json_params(const il_choice *c);
char *il_run_json_versions(const il_run *run); /* of the program, libtorch and the plugins */

/* What a test was told besides its data: settings of the degradation, a mask policy of its own; NULL: neither. */
int il_run_json_settings(char **out, const il_set *set, il_err *e);

#endif
