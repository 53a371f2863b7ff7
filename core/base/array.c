/* array.c - lists that grow. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include "base/array.h"

enum { LEAST = 8 };

/* The room doubles whenever the count reaches a power of two. */
void *il_array_grow(void *list, size_t count, size_t size)
{
    bool full = count == 0 || (count >= LEAST && (count & (count - 1)) == 0);
    if (!full && list)
        return list;
    size_t room = count < LEAST ? LEAST : 2 * count;
    return room <= SIZE_MAX / size ? realloc(list, room * size) : NULL;
}

void *il_array_reserve(void *list, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return list;
    size_t wanted = *room > SIZE_MAX / 2 || 2 * *room < need ? need : 2 * *room;
    void *moved = wanted <= SIZE_MAX / size ? realloc(list, wanted * size) : NULL;
    if (moved)
        *room = wanted;
    return moved;
}
