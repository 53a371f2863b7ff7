/* items.c - the samples that a data set's scan found, and those it rejected. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/text.h"
#include "plugin/items.h"

int il_items_new(il_items **out, il_err *e)
{
    il_items *items = calloc(1, sizeof *items);
    if (!items)
        return il_fail_oom(e);
    *out = items;
    return IL_OK;
}

static void item_free(il_item *item)
{
    free((char *)item->id);
    free((char *)item->image);
    free((char *)item->mask);
}

void il_items_free(il_items *items)
{
    if (!items)
        return;
    for (size_t i = 0; i < items->count; i++)
        item_free(&items->list[i]);
    for (size_t i = 0; i < items->rejected_count; i++) {
        free(items->rejected[i].id);
        free(items->rejected[i].why);
    }
    free(items->list);
    free(items->rejected);
    free(items);
}

int il_items_add(il_items *items, const char *id, const char *image, const char *mask, il_err *e)
{
    if (!id || !*id || !image || !*image)
        return il_fail(e, IL_EPLUGIN, "the data set lists a sample without %s", id && *id ? "an image" : "an id");
    il_item *list = il_array_grow(items->list, items->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    items->list = list;
    il_item item = { .id = il_text_copy(id), .image = il_text_copy(image), .mask = il_text_copy(mask) };
    if (!item.id || !item.image || (mask && !item.mask)) {
        item_free(&item);
        return il_fail_oom(e);
    }
    list[items->count++] = item;
    return IL_OK;
}

int il_items_reject(il_items *items, const char *id, const char *why, il_err *e)
{
    il_rejected *list = il_array_grow(items->rejected, items->rejected_count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    items->rejected = list;
    il_rejected r = { .id = il_text_copy(id ? id : ""), .why = il_text_copy(why ? why : "no reason given") };
    if (!r.id || !r.why) {
        free(r.id);
        free(r.why);
        return il_fail_oom(e);
    }
    list[items->rejected_count++] = r;
    return IL_OK;
}

static int by_id(const void *a, const void *b)
{
    const il_item *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->image, y->image);
}

static int by_rejected_id(const void *a, const void *b)
{
    const il_rejected *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : strcmp(x->why, y->why);
}

int il_items_sort(il_items *items, il_err *e)
{
    if (items->count)
        qsort(items->list, items->count, sizeof *items->list, by_id);
    if (items->rejected_count)
        qsort(items->rejected, items->rejected_count, sizeof *items->rejected, by_rejected_id);
    for (size_t i = 1; i < items->count; i++) {
        const il_item *a = &items->list[i - 1], *b = &items->list[i];
        if (strcmp(a->id, b->id) == 0)
            return il_fail(e, IL_EDATA, "%s and %s have the same id '%s'; ids must be unique within a split", a->image,
                           b->image, a->id);
    }
    return IL_OK;
}
