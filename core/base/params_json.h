/* params_json.h - settings as a JSON object. */
#ifndef IL_BASE_PARAMS_JSON_H
#define IL_BASE_PARAMS_JSON_H

#include <inpaintlab/params.h>
#include "base/json.h"

/* For hashing: equal settings give equal texts. Paths are left out, since the contents of files count. Real numbers are
 * texts, so that the JSON library's number format does not matter. Sets *bad when out of memory. */
json_t *il_params_json(const il_params *p, bool *bad);

/* For people and queries: with paths, and real numbers as numbers. */
json_t *il_params_json_shown(const il_params *p, bool *bad);

/* Sets a member; sets *bad when out of memory. */
void il_params_json_put(json_t *object, const char *key, json_t *value, bool *bad);

#endif
