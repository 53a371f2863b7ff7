/* source_photos.h - which photo each picture of a source was cut from. */
#ifndef IL_LOADER_SOURCE_PHOTOS_H
#define IL_LOADER_SOURCE_PHOTOS_H

#include "loader/source.h"

/* Reads, once, the manifest of a data set that a recipe built: manifest.jsonl in a folder that the pictures lie in or below. One
 * that is absent or has damaged lines tells of no photo there; one that is not as its build left it (base/build_seal.h) is IL_EDATA. il_source_digest does it too. */
int il_source_photos_read(il_source *src, il_err *e);
/* Afterwards: the photo of the sample of that id, as the manifest names it; lent by the source. Where it does not: the sample's id
 * without its kind, if the source has several kinds (they show one scene); else NULL: nothing is known. */
const char *il_source_photo_of(const il_source *src, const char *id);

#endif
