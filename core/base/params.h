/* params.h - what the engine asks of tables of settings beyond inpaintlab/params.h. */
#ifndef IL_BASE_PARAMS_H
#define IL_BASE_PARAMS_H

#include <inpaintlab/params.h>

/* The setting called so in a table (NULL: none), or NULL. */
const il_param_spec *il_params_find(const il_param_spec *table, const char *name);

#endif
