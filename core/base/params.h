/* params.h - what the engine needs of tables of settings beyond inpaintlab/params.h. */
#ifndef IL_BASE_PARAMS_H
#define IL_BASE_PARAMS_H

#include <inpaintlab/params.h>

/* The setting of that name in a table (which may be NULL), or NULL. */
const il_param_spec *il_params_find(const il_param_spec *table, const char *name);

/* The values that a whole or real number may have: "0 to 9007199254740992", "0.5 or more"; "" for any real number. */
typedef struct il_params_words {
    char text[96];
} il_params_words;

il_params_words il_params_range(const il_param_spec *s);

/* The shortest text that reads back as v. */
il_params_words il_params_real_text(double v);

#endif
