/* array.c - growable arrays. */
#include <stdint.h>
#include <stdlib.h>
#include "base/array.h"

enum { LEAST = 8 };

/* Capacity for `count` elements: a power of two. */
static size_t room_of(size_t count)
{
    size_t room = LEAST;
    while (room < count && room <= SIZE_MAX / 2)
        room *= 2;
    return room;
}

void *il_array_new(size_t count, size_t size)
{
    return calloc(room_of(count), size);
}

void *il_array_grow(void *list, size_t count, size_t size)
{
    if (list && count && room_of(count) > count)
        return list;
    size_t room = room_of(count + 1);
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
