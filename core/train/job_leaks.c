/* job_leaks.c - images that are tested although the model has seen them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "train/job_leaks.h"

static int by_hash(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int il_leak_find(il_leak *out, const il_source *tested, const il_source *const *seen, size_t n, il_err *e)
{
    size_t all = 0, count = 0;
    *out = (il_leak){ 0 };
    for (size_t k = 0; k < n; k++)
        all += il_source_count(seen[k]);
    const char **hashes = malloc((all + 1) * sizeof *hashes);
    if (!hashes)
        return il_fail_oom(e);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < il_source_count(seen[k]); i++) {
            const char *hash = il_source_hash(seen[k], i);
            if (*hash)
                hashes[count++] = hash;
        }
    qsort(hashes, count, sizeof *hashes, by_hash);
    for (size_t i = 0; count && i < il_source_count(tested); i++) {
        const char *hash = il_source_hash(tested, i);
        if (*hash && bsearch(&hash, hashes, count, sizeof *hashes, by_hash) && !out->count++)
            out->example = i;
    }
    free(hashes);
    return IL_OK;
}

il_leak_words il_leak_in_words(const il_leak *l, const il_source *tested, const char *what)
{
    il_leak_words w = { "" };
    if (l->count)
        snprintf(w.text, sizeof w.text, "%zu of %zu images are %s, such as %.150s", l->count, il_source_count(tested),
                 what, il_source_at(tested, l->example).id);
    return w;
}
