/* params.h - the settings of a plugin: declared in a table, checked by the core, read by name.
 * The table is all the core needs to refuse a wrong YAML key, list the plugin's settings and resolve its defaults,
 * before any code of the plugin has run. */
#ifndef IL_PARAMS_H
#define IL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_param_type {
    IL_PARAM_BOOL,
    IL_PARAM_INT,
    IL_PARAM_REAL,
    IL_PARAM_TEXT,
    IL_PARAM_PATH /* a file or folder: its content, not its name, is part of a run's identity */
} il_param_type;

/* One setting. A table of them ends with an entry whose name is NULL. */
typedef struct il_param_spec {
    const char *name;
    il_param_type type;
    const char *fallback; /* default as written in YAML; NULL: the setting is required */
    double min, max;      /* IL_PARAM_INT, IL_PARAM_REAL: inclusive bounds; both 0: any value */
    const char *choices;  /* IL_PARAM_TEXT: allowed words divided by '|'; NULL: any text */
    const char *help;     /* one line: meaning and unit */
} il_param_spec;

/* The values for one table: every setting of the table is present once resolved. */
typedef struct il_params il_params;

/* New set with every default filled in; required settings still lack a value. specs (NULL: no settings) is borrowed. */
int il_params_new(il_params **out, const il_param_spec *specs, il_err *e);

void il_params_free(il_params *p);

/* Sets one value from its YAML text. IL_EPARAM for an unknown name (the nearest right one is named), a wrong type or
 * a value out of range. */
int il_params_set(il_params *p, const char *name, const char *text, il_err *e);

/* IL_EPARAM naming the first required setting that has no value. */
int il_params_check(const il_params *p, il_err *e);

/* Values by name. The name must be in the table and of that type: anything else is a bug and asserts. */
bool il_params_bool(const il_params *p, const char *name);
int64_t il_params_int(const il_params *p, const char *name);
double il_params_real(const il_params *p, const char *name);
const char *il_params_text(const il_params *p, const char *name); /* IL_PARAM_TEXT or IL_PARAM_PATH; lent by p */

/* The table, and the text of one value (canonical: equal values have equal texts); for listing and hashing. */
const il_param_spec *il_params_specs(const il_params *p);
const char *il_params_canonical(const il_params *p, const char *name);

#ifdef __cplusplus
}
#endif
#endif
