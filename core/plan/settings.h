/* settings.h - the settings of one run as a flat list of dotted keys, each with its position in the source. */
#ifndef IL_SLOTS_H
#define IL_SLOTS_H

#include "base/yaml.h"

typedef struct il_slot {
    char key[96];         /* "train.lr", "model.name", "model.size", "test" */
    const il_yaml *from;  /* borrowed */
    const il_node *at;    /* the key as written; NULL for --set, which messages already name */
    const il_node *value; /* borrowed */
} il_slot;

/* Start with {0}. The documents must outlive it. */
typedef struct il_slots {
    il_slot *list;
    size_t count;
} il_slots;

void il_slots_free(il_slots *s);
int il_slots_copy(il_slots *out, const il_slots *in, il_err *e);

/* Source of a value. */
typedef struct il_slots_source {
    const il_yaml *from;
    const il_node *at; /* as in il_slot */
    bool base;         /* within `base`: `train` may be set as a whole */
} il_slots_source;

/* Sets a dotted key. A plugin's name or mapping replaces the whole choice. IL_EPARAM for a wrong key or shape; the
 * plugins' own settings are checked later. */
int il_slots_put(il_slots *s, const char *key, const il_node *value, il_slots_source source, il_err *e);

/* NULL when not set. */
const il_slot *il_slots_get(const il_slots *s, const char *key);

/* The name of a choice in tables: its label, else its name; NULL when not set. */
const il_node *il_slots_label(const il_slots *s, const char *choice);

/* Errors at the position of a slot's key or value. */
int il_slots_fail_key(const il_slot *s, il_err *e, const char *format, ...) IL_PRINTF(3, 4);
int il_slots_fail(const il_slot *s, il_err *e, const char *format, ...) IL_PRINTF(3, 4);

#endif
