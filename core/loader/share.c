/* share.c - a share of things, chosen by hash of their names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "base/text.h"
#include "loader/share.h"

/* By the first 52 bits. */
double il_share_place(const char *name)
{
    char digits[14];
    il_digest d = il_sha256(name, strlen(name));
    memcpy(digits, d.hex, 13);
    digits[13] = '\0';
    return (double)strtoull(digits, NULL, 16) / (double)(UINT64_C(1) << 52);
}

struct ticket {
    double place;
    size_t index;
};

static int by_place(const void *a, const void *b)
{
    const struct ticket *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Other hashes than those of bare names, so that a share of a kind holds its share of the photos for validation. */
static int draw(struct ticket *tickets, const il_items *items, il_err *e)
{
    for (size_t i = 0; i < items->count; i++) {
        il_text name = { 0 };
        il_text_add(&name, "share of a kind: %s", items->list[i].id);
        if (name.failed)
            return il_fail_oom(e);
        tickets[i] = (struct ticket){ il_share_place(name.data), i };
        il_text_free(&name);
    }
    qsort(tickets, items->count, sizeof *tickets, by_place);
    return IL_OK;
}

int il_share_choose(bool **out, const il_items *items, double share, il_err *e)
{
    size_t count = items->count, wanted = (size_t)llround(share * (double)count);
    bool *chosen = calloc(count + 1, sizeof *chosen);
    struct ticket *tickets = calloc(count + 1, sizeof *tickets);
    int rc = chosen && tickets ? IL_OK : il_fail_oom(e);
    if (!rc && share < 1)
        rc = draw(tickets, items, e);
    for (size_t i = 0; !rc && i < count && (i < wanted || !i); i++)
        chosen[share < 1 ? tickets[i].index : i] = true;
    free(tickets);
    if (rc)
        free(chosen);
    else
        *out = chosen;
    return rc;
}
