/* build_seal.h - the checksums of a data set that a recipe built: its recipe.json, written when all samples are there, holds the
 * SHA-256 of manifest.jsonl, which has that of every picture, and one of itself. They find damage, not forgery. */
#ifndef IL_BASE_BUILD_SEAL_H
#define IL_BASE_BUILD_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

/* The text of a recipe.json with both checksums; the caller frees it. */
int il_build_seal(char **out, const char *recipe, const char *manifest, size_t size, il_err *e);

/* Compares the manifest that was read from the folder: IL_EDATA where it, or recipe.json, has changed. Builds of earlier versions
 * have no checksums, and other data sets have no recipe.json: *sealed (NULL is allowed) is then false. */
int il_build_seal_check(bool *sealed, const char *folder, const char *manifest, size_t size, il_err *e);

#endif
