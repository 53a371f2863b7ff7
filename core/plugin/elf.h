/* elf.h - reads from a shared object without loading it, since dlopen runs its constructors. */
#ifndef IL_PLUGIN_ELF_H
#define IL_PLUGIN_ELF_H

#include <stdbool.h>
#include <stdint.h>
#include <inpaintlab/error.h>

/* The first four bytes of an exported data symbol. *found says whether the symbol exists. IL_EPLUGIN when the file is
 * not a shared object for this machine. */
int il_elf_word(uint32_t *out, bool *found, const char *path, const char *symbol, il_err *e);

#endif
