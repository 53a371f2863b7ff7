/* whole.h - files that appear whole or not at all. */
#ifndef IL_DATASET_WHOLE_H
#define IL_DATASET_WHOLE_H

#include <stddef.h>
#include <inpaintlab/error.h>

/* Through a file beside it that takes its name at the end; what stood there before stays until then. */
int il_whole_write(const char *path, const void *data, size_t size, il_err *e);

#endif
