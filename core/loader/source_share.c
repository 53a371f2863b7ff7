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

/* By the manifests' names of photos, which lend the samples' ids. */
static int choose(bool *chosen, const il_source *src, double share, il_err *e)
{
    il_source_photos *photos = NULL;
    int rc = il_source_photos_read(&photos, src, e);
    for (size_t i = 0; !rc && i < src->count; i++) {
        const char *photo = il_source_photos_of(photos, src->samples[i].item.id);
        chosen[i] = place_of(photo ? photo : src->samples[i].listed->id) < share;
    }
    il_source_photos_free(photos);
    return rc;
}

int il_source_keep(il_source *src, double share, bool inside, il_err *e)
{
    size_t all = src->count, kept = 0;
    bool *chosen = calloc(all + 1, sizeof *chosen);
    int rc = chosen ? choose(chosen, src, share, e) : il_fail_oom(e);
    for (size_t i = 0; !rc && i < all; i++) {
        if (chosen[i] == inside)
            src->samples[kept++] = src->samples[i];
        else
            free((char *)src->samples[i].item.id);
    }
    free(chosen);
    if (rc)
        return rc;
    src->count = kept;
    if (!kept)
        return il_fail(e, IL_EDATA, "validation: a share of %g of %zu images leaves none for %s", share, all,
                       inside ? "validation" : "training");
    return IL_OK;
}
