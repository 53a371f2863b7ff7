/* array.h - lists that grow. */
#ifndef IL_ARRAY_H
#define IL_ARRAY_H

#include <stddef.h>

/* Room for one more element of `size` bytes behind `count`, in a list that may move. The room follows from the count, so
 * a list must come from here. NULL when memory is out; the list stays as it was. */
void *il_array_grow(void *list, size_t count, size_t size);

/* A list of `count` zeroed elements that il_array_grow may grow. NULL when memory is out. */
void *il_array_new(size_t count, size_t size);

/* Room for `need` elements in all; *room counts those there is room for. NULL when memory is out; the list stays. */
void *il_array_reserve(void *list, size_t *room, size_t need, size_t size);

#endif
