/* builds.h - whether a run was made with other builds of its plugins than those that are loaded. */
#ifndef IL_TRAIN_BUILDS_H
#define IL_TRAIN_BUILDS_H

#include "base/json.h"
#include "base/text.h"
#include "plan/run.h"

/* versions: what runs.versions says of the run. *anew: {"model": SHA-256, ...}, the files of those plugins that were built anew
 * since, with the same revision, where one of both builds is not the installed one; NULL when there are none. *rebuilt: the same of
 * installed plugins, as words; NULL when there are none. A plugin whose hash was not recorded is in neither. The caller frees. */
int il_builds_compare(json_t **anew, char **rebuilt, const il_run *run, const char *versions, il_err *e);

/* Adds "model tiny was built anew since the last run: ./tiny.so" for each plugin in anew that is not alike in before (or NULL). */
void il_builds_describe(il_text *t, const il_run *run, const json_t *before, const json_t *anew);

#endif
