/* looks.h - what was seen in photos, kept between programs: looking into thousands of them takes minutes. */
#ifndef IL_DATASET_LOOKS_H
#define IL_DATASET_LOOKS_H

#include "dataset/splits.h"

typedef struct il_looks il_looks;

/* What is kept of the photos below a folder, in $XDG_CACHE_HOME/inpaintlab or ~/.cache/inpaintlab. Where nothing is, or it
 * cannot be read, nothing is known. */
int il_looks_open(il_looks **out, const char *root, il_err *e);
void il_looks_free(il_looks *l);

/* Whether the photo is known as it is now (by size and time of change): sha256, look, width and height of *facts are set. */
bool il_looks_find(il_photo_facts *facts, const il_looks *l, const il_photo *photo);

/* Keeps those that have no `why`. What cannot be kept is looked at again. */
void il_looks_keep(const char *root, const il_photos *photos, const il_photo_facts *facts);

#endif
