/* source.h - what the loader needs of a source beyond loader.h. */
#ifndef IL_SOURCE_H
#define IL_SOURCE_H

#include "loader.h"

/* Reads one sample by the data set's own reader or by il_image_read. *mask stays empty where there is none. Any thread,
 * several at once. */
int il_source_read(const il_source *src, size_t i, il_image *image, il_image *mask, il_err *e);

#endif
