/* array.h - growable arrays. */
#ifndef IL_BASE_ARRAY_H
#define IL_BASE_ARRAY_H

#include <stddef.h>

/* Makes room for one more element of `size` bytes after `count` elements; returns the array, which may have moved. The
 * capacity is derived from the count, so the array must have been allocated here. NULL when out of memory; the array is
 * then unchanged. */
void *il_array_grow(void *list, size_t count, size_t size);

/* An array of `count` zeroed elements that il_array_grow can grow. NULL when out of memory. */
void *il_array_new(size_t count, size_t size);

/* Makes room for `need` elements in total; *room is the capacity. NULL when out of memory; the array is unchanged. */
void *il_array_reserve(void *list, size_t *room, size_t need, size_t size);

#endif
