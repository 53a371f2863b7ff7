/* source_share.c - a share of a source's photos, chosen by hash. */
#include "loader/share.h"
#include "loader/source_parts.h"
#include "loader/source_photos.h"
#include "loader/source_share.h"

int il_source_keep(il_source *src, double share, bool inside, il_err *e)
{
    size_t all = src->count, kept = 0;
    int rc = il_source_photos_read(src, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < all; i++) {
        struct sample *s = &src->samples[i];
        bool chosen = il_share_place(s->photo ? s->photo : s->listed->id) < share;
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
