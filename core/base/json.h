/* json.h - jansson, which does not tell of every failed allocation: a text that could not grow lacks some of its characters, and a
 * call whose result nobody looks at leaves a member out. Here each thread remembers that one failed. */
#ifndef IL_JSON_H
#define IL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <inpaintlab/error.h>

/* From here on; the readers below begin by themselves. */
void il_json_begin(void);
/* Whether an allocation of jansson's has failed in this thread since. */
bool il_json_short(void);
/* IL_ENOMEM if one has, else `code`. */
int il_json_code(int code);

/* As json_loads and so on; NULL too when memory was short, which il_json_short tells from a wrong text. */
json_t *il_json_loads(const char *text, size_t flags, json_error_t *why);
json_t *il_json_loadb(const char *text, size_t size, size_t flags, json_error_t *why);
json_t *il_json_loadf(FILE *from, size_t flags, json_error_t *why);
json_t *il_json_load_file(const char *path, size_t flags, json_error_t *why);

/* As json_dumps: NULL when there is no value or memory was short, while dumping alone. */
char *il_json_text(const json_t *value, size_t flags);

/* IL_ENOMEM when there is no text of the value; what cannot be written shows by ferror(to). */
int il_json_put(FILE *to, const json_t *value, size_t flags, il_err *e);

#endif
