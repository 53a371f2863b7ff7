/* params_json.h - settings as a JSON object, for what is hashed: equal settings give equal texts. */
#ifndef IL_PARAMS_JSON_H
#define IL_PARAMS_JSON_H

#include "base/json.h"
#include <inpaintlab/params.h>

/* Paths are left out: the contents of files count. Real numbers are texts, so that no library's way of printing them
 * matters. *bad is set when there was no memory. */
json_t *il_params_json(const il_params *p, bool *bad);

/* The same to be read and queried: paths too, real numbers as numbers. */
json_t *il_params_json_shown(const il_params *p, bool *bad);

/* Sets a member; *bad when there was no memory. */
void il_params_json_put(json_t *object, const char *key, json_t *value, bool *bad);

#endif
