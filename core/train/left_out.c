/* left_out.c - how many images could not be read. */
#include <stdlib.h>
#include "train/left_out.h"

int il_left_out_add(size_t *out, const il_loader *l, const il_source *src, il_ranks *ranks, il_err *e)
{
    size_t images = il_source_count(src), size = (size_t)il_ranks_size(ranks), bad = 0;
    if (!ranks) {
        *out += il_loader_left_out(l);
        return IL_OK;
    }
    bool *own = calloc(images, sizeof *own), *all = calloc(images * size, sizeof *all);
    int rc = il_ranks_agree(ranks, own && all ? IL_OK : il_fail_oom(e), e);
    if (!rc) {
        il_loader_mark_left_out(l, own);
        rc = il_ranks_gather(ranks, all, own, images * sizeof *own, e);
    }
    for (size_t i = 0; i < images && !rc; i++) {
        bool some = false;
        for (size_t k = 0; k < size; k++)
            some = some || all[k * images + i];
        bad += some;
    }
    free(own);
    free(all);
    if (!rc)
        *out += bad;
    return rc;
}
