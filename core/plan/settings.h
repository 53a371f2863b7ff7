/* settings.h - the settings of one run as a flat list of dotted keys, each with its position in the source. */
#ifndef IL_PLAN_SETTINGS_H
#define IL_PLAN_SETTINGS_H

#include "base/text.h"
#include "base/yaml.h"

typedef struct il_setting {
    char key[96];         /* "train.lr", "model.name", "model.size", "test" */
    const il_yaml *from;  /* borrowed */
    const il_node *at;    /* the key as written; NULL for --set, which messages already name */
    const il_node *value; /* borrowed */
} il_setting;

/* Start with {0}. The documents must outlive it. */
typedef struct il_settings {
    il_setting *list;
    size_t count;
} il_settings;

void il_settings_free(il_settings *s);
int il_settings_copy(il_settings *out, const il_settings *in, il_err *e);

/* Source of a value. */
typedef struct il_settings_source {
    const il_yaml *from;
    const il_node *at; /* as in il_setting */
    bool base;         /* within `base`: `train` may be set as a whole */
} il_settings_source;

/* Sets a dotted key. A plugin's name or mapping replaces the whole choice. IL_EPARAM for a wrong key or shape; the
 * plugins' own settings are checked later. */
int il_settings_put(il_settings *s, const char *key, const il_node *value, il_settings_source source, il_err *e);

/* NULL when not set. */
const il_setting *il_settings_get(const il_settings *s, const char *key);

/* The name of a choice in tables: its label, else its name; NULL when not set. */
const il_node *il_settings_label(const il_settings *s, const char *choice);

/* What weights from elsewhere are called: their label, else their file's name; lent. NULL when none are set. */
const char *il_settings_weights(const il_settings *s);

/* Appends the single values of a list, as in "0.485, 0.456, 0.406". IL_EPARAM where an item is none. */
int il_settings_join(il_text *out, const il_setting *slot, il_err *e);

/* Errors at the position of a slot's key or value. */
int il_settings_fail_key(const il_setting *s, il_err *e, const char *format, ...) IL_PRINTF(3, 4);
int il_settings_fail(const il_setting *s, il_err *e, const char *format, ...) IL_PRINTF(3, 4);

#endif
