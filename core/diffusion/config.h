/* config.h - a file of options as diffusers and transformers write them (config.json). Getters give the value, or the
 * fallback where the key is absent or null; the first wrong value is kept as the error, so all are read and checked
 * once: "FILE: 'key' is VALUE, expected …". */
#ifndef IL_DIFFUSION_CONFIG_H
#define IL_DIFFUSION_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

typedef struct il_config il_config;

/* folder/name must hold one JSON object. */
int il_config_open(il_config **out, const char *folder, const char *name, il_err *e);
void il_config_free(il_config *c);

/* IL_OK, or the first error. */
int il_config_status(const il_config *c, il_err *e);
const char *il_config_path(const il_config *c);

bool il_config_has(const il_config *c, const char *key); /* there, and not null */

typedef struct il_config_range {
    int fallback, low, high;
} il_config_range;
int il_config_int(il_config *c, const char *key, il_config_range r);
double il_config_real(il_config *c, const char *key, double fallback);
bool il_config_bool(il_config *c, const char *key, bool fallback);
const char *il_config_text(il_config *c, const char *key, const char *fallback); /* lent by c */

/* A list of 1 to `most` whole numbers in the range into out; a single number counts as a list of one. Returns how many,
 * 0 when the key is absent or the value wrong. */
int il_config_ints(il_config *c, const char *key, int *out, int most, il_config_range r);
/* One of the names (which end with NULL): its index. fallback where the key is absent. */
int il_config_choice(il_config *c, const char *key, const char *const *names, int fallback);
/* A list of exactly `count` of the names: their indices. False (and out as it was) when the key is absent. */
bool il_config_choices(il_config *c, const char *key, const char *const *names, int *out, int count);

/* Options of which only some values are supported, as a JSON list: { "act_fn", "[\"silu\", \"swish\"]" }. */
typedef struct il_config_rule {
    const char *key, *supported;
} il_config_rule;
/* rules end with a NULL key; an absent key is fine. */
void il_config_check(il_config *c, const il_config_rule *rules);

/* Records "FILE: 'key' is VALUE, expected WHAT". */
void il_config_refuse(il_config *c, const char *key, const char *format, ...) IL_PRINTF(3, 4);

#endif
