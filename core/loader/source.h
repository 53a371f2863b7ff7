/* source.h - what the loader needs of a source beyond loader.h. */
#ifndef IL_SOURCE_H
#define IL_SOURCE_H

#include "loader/loader.h"

/* Reads one sample by the data set's own reader or by il_image_read. seed: of the reader's random choices. *mask stays
 * empty where there is none. Any thread, several at once. */
int il_source_read(const il_source *src, size_t i, uint64_t seed, il_image *image, il_image *mask, il_err *e);

/* Its pictures are files, nothing else: their digest tells what they look like. */
bool il_source_is_files(const il_source *src);

/* Another seed gives another sample. */
bool il_source_varies(const il_source *src);

#endif
