/* left_out.c - how many images could not be read. */
#include <stdlib.h>
#include "train/left_out.h"

int il_left_out_add(size_t *out, const il_loader *l, const il_source *src, il_world *world, il_err *e)
{
    size_t images = il_source_count(src), size = (size_t)il_world_size(world), bad = 0;
    if (!world) {
        *out += il_loader_left_out(l);
        return IL_OK;
    }
    bool *own = calloc(images, sizeof *own), *all = calloc(images * size, sizeof *all);
    int rc = il_world_agree(world, own && all ? IL_OK : il_fail_oom(e), e);
    if (!rc) {
        il_loader_mark_left_out(l, own);
        rc = il_world_gather(world, all, own, images * sizeof *own, e);
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
