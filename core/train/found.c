/* found.c - what a test found in each picture, as the store takes it. */
#include <stdlib.h>
#include "train/found.h"

void il_found_drop(il_found *f)
{
    for (size_t i = 0; f->scores && i < f->count; i++)
        free(f->scores[i].bytes);
    free(f->scores);
    free(f->rows);
    *f = (il_found){ 0 };
}

int il_found_list(il_found *out, il_tested_picture *pictures, size_t n, const il_source *source, il_err *e)
{
    il_found f = { calloc(n ? n : 1, sizeof *f.rows), calloc(n ? n : 1, sizeof *f.scores), n };
    if (!f.rows || !f.scores) {
        il_found_drop(&f);
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < n; i++) {
        f.rows[i] = (il_image_row){ il_source_at(source, pictures[i].index).id, pictures[i].batch, pictures[i].counts };
        f.scores[i] = pictures[i].scores;
        pictures[i].scores = (il_scores){ 0 };
    }
    *out = f;
    return IL_OK;
}
