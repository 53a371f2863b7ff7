/* peek.h - looking into a shared object without loading it, for dlopen runs its constructors. */
#ifndef IL_PEEK_H
#define IL_PEEK_H

#include <stdbool.h>
#include <stdint.h>
#include <inpaintlab/error.h>

/* The first four bytes of an exported data symbol. *found tells whether there is such a symbol. IL_EPLUGIN when the
 * file is no shared object of this machine. */
int il_peek_word(uint32_t *out, bool *found, const char *path, const char *symbol, il_err *e);

#endif
