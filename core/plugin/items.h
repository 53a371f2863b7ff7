/* items.h - the list filled by a data set's scan. */
#ifndef IL_PLUGIN_ITEMS_H
#define IL_PLUGIN_ITEMS_H

#include <inpaintlab/plugin.h>

typedef struct il_rejected {
    char *id, *why;
} il_rejected;

struct il_items {
    il_item *list; /* its texts are owned */
    size_t count;
    il_rejected *rejected;
    size_t rejected_count;
};

int il_items_new(il_items **out, il_err *e);
void il_items_free(il_items *items);

/* Sorts both lists by id, in byte order. IL_EDATA when an id was added twice; the message names both files. */
int il_items_sort(il_items *items, il_err *e);

#endif
