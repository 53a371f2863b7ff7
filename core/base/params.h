/* params.h - what the engine needs of tables of settings beyond inpaintlab/params.h. */
#ifndef IL_BASE_PARAMS_H
#define IL_BASE_PARAMS_H

#include <inpaintlab/params.h>

/* The setting of that name in a table (which may be NULL), or NULL. */
const il_param_spec *il_params_find(const il_param_spec *table, const char *name);

#endif
