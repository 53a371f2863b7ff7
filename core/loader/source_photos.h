/* source_photos.h - which photo each picture of a source was cut from. */
#ifndef IL_LOADER_SOURCE_PHOTOS_H
#define IL_LOADER_SOURCE_PHOTOS_H

#include "loader/source.h"

/* By id; the source must outlive it. */
typedef struct il_source_photos il_source_photos;

/* Reads the manifest of a data set that a recipe built: manifest.jsonl in a folder that the pictures lie in or below. One that
 * is absent or damaged tells of no photo; only IL_ENOMEM is an error. */
int il_source_photos_read(il_source_photos **out, const il_source *src, il_err *e);
/* The photo as the manifest names it. Where it does not: the picture's own id without its kind, if the source has several
 * kinds (they show one scene); else NULL: nothing is known. */
const char *il_source_photos_of(const il_source_photos *p, const char *id);
/* SHA-256 of that photo's file as the manifest has it; "" where nothing is known. */
const char *il_source_photos_hash(const il_source_photos *p, const char *id);
void il_source_photos_free(il_source_photos *p);

#endif
