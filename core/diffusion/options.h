/* options.h - an options file as written by diffusers and transformers (config.json). Getters return the value, or the
 * fallback when the key is absent or null. The first wrong value is kept as the error, to be checked once after all
 * were read: "FILE: 'key' is VALUE; expected …". */
#ifndef IL_DIFFUSION_OPTIONS_H
#define IL_DIFFUSION_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

typedef struct il_options il_options;

/* folder/name must contain one JSON object. */
int il_options_open(il_options **out, const char *folder, const char *name, il_err *e);
/* The same from a text; messages call it `name`. */
int il_options_parse(il_options **out, const char *name, const char *text, il_err *e);
void il_options_free(il_options *c);

/* IL_OK, or the first error. */
int il_options_status(const il_options *c, il_err *e);

bool il_options_has(const il_options *c, const char *key); /* present and not null */

typedef struct il_options_range {
    int fallback, low, high;
} il_options_range;
int il_options_int(il_options *c, const char *key, il_options_range r);
double il_options_real(il_options *c, const char *key, double fallback);
bool il_options_bool(il_options *c, const char *key, bool fallback);

/* Reads a list of 1 to `most` integers in the range into out; a single number counts as a list of one. Returns their
 * number, 0 when the key is absent or the value is wrong. */
int il_options_ints(il_options *c, const char *key, int *out, int most, il_options_range r);
/* The index of one of the names (which end with NULL); fallback when the key is absent. */
int il_options_choice(il_options *c, const char *key, const char *const *names, int fallback);
/* Reads a list of exactly `count` names as indices. False, with out unchanged, when the key is absent. */
bool il_options_choices(il_options *c, const char *key, const char *const *names, int *out, int count);

/* An option and its supported values as a JSON list: { "act_fn", "[\"silu\", \"swish\"]" }. */
typedef struct il_options_rule {
    const char *key, *supported;
} il_options_rule;
/* rules end with a NULL key; an absent option is fine. */
void il_options_check(il_options *c, const il_options_rule *rules);

/* Records "FILE: 'key' is VALUE; expected WHAT". */
void il_options_refuse(il_options *c, const char *key, const char *format, ...) IL_PRINTF(3, 4);

#endif
