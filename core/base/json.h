/* json.h - jansson, which does not tell of every failed allocation: a text that could not grow lacks some of its
 * characters, and a call whose result nobody looks at leaves a member out. Here each thread remembers that one failed. */
#ifndef IL_BASE_JSON_H
#define IL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- building ---- */

/* Before a value is built from many calls, whose results need not be looked at. */
void il_json_begin(void);
/* Afterwards: whether a piece is missing since il_json_begin, as memory was short in this thread. */
bool il_json_short(void);
/* A piece is missing for another failed allocation than jansson's. */
void il_json_lacks(void);

/* As json_dumps: NULL when there is no value or memory is short while dumping. */
char *il_json_text(const json_t *value, size_t flags);
/* The same with \u202e in place of what could steer a terminal, for output. */
char *il_json_shown(const json_t *value, size_t flags);
/* Writes the text; IL_ENOMEM when there is none. */
int il_json_put(FILE *to, const json_t *value, size_t flags, il_err *e);

/* The SHA-256 of an object's members but `sha256`, however they are spaced and ordered. False when out of memory. */
struct il_digest;
bool il_json_digest(struct il_digest *out, const json_t *object);

/* ---- reading ---- */

/* As json_loads and json_loadb; NULL too when memory is short. A byte-order mark is passed over. */
json_t *il_json_loads(const char *text, size_t flags, json_error_t *why);
json_t *il_json_loadb(const char *text, size_t size, size_t flags, json_error_t *why);
/* What a NULL of these comes to: IL_ENOMEM, or `code` when the text is wrong. */
int il_json_code(int code);

/* A file of at most `most` bytes (base/file.h). Errors name it and the line. */
int il_json_read(json_t **out, const char *path, uint64_t most, size_t flags, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
