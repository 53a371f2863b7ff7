/* source_share.c - a share of a source's photos, chosen by hash. */
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "loader/source_parts.h"
#include "loader/source_photos.h"
#include "loader/source_share.h"

/* In [0, 1), by the first 52 bits. */
static double place_of(const char *name)
{
    char digits[14];
    il_digest d = il_sha256(name, strlen(name));
    memcpy(digits, d.hex, 13);
    digits[13] = '\0';
    return (double)strtoull(digits, NULL, 16) / (double)(UINT64_C(1) << 52);
}

int il_source_keep(il_source *src, double share, bool inside, il_err *e)
{
    size_t all = src->count, kept = 0;
    int rc = il_source_photos_read(src, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < all; i++) {
        struct sample *s = &src->samples[i];
        bool chosen = place_of(s->photo ? s->photo : s->listed->id) < share;
        if (chosen == inside)
            src->samples[kept++] = *s;
        else
            il_sample_drop(s);
    }
    src->count = kept;
    if (!kept)
        return il_fail(e, IL_EDATA, "validation: a share of %g of %zu images leaves none for %s", share, all,
                       inside ? "validation" : "training");
    return IL_OK;
}
