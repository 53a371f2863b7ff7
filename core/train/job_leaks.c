/* job_leaks.c - images that are tested although the model has seen them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "train/job_leaks.h"

static int by_hash(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef struct hashes {
    const char **list;
    size_t count;
} hashes;

static void add(hashes *h, const char *hash)
{
    if (*hash)
        h->list[h->count++] = hash;
}

static bool among(const hashes *h, const char *hash)
{
    return *hash && bsearch(&hash, h->list, h->count, sizeof *h->list, by_hash);
}

int il_leak_find(il_leak *out, const il_source *tested, const il_source *const *seen, size_t n, il_err *e)
{
    size_t all = 0;
    hashes h = { 0 };
    *out = (il_leak){ 0 };
    for (size_t k = 0; k < n; k++)
        all += 2 * il_source_count(seen[k]);
    h.list = malloc((all + 1) * sizeof *h.list);
    if (!h.list)
        return il_fail_oom(e);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < il_source_count(seen[k]); i++) {
            add(&h, il_source_hash(seen[k], i));
            add(&h, il_source_photo_hash(seen[k], i));
        }
    qsort(h.list, h.count, sizeof *h.list, by_hash);
    for (size_t i = 0; h.count && i < il_source_count(tested); i++)
        if ((among(&h, il_source_hash(tested, i)) || among(&h, il_source_photo_hash(tested, i))) && !out->count++)
            out->example = i;
    free(h.list);
    return IL_OK;
}

il_leak_words il_leak_in_words(const il_leak *l, const il_source *tested, const char *what)
{
    il_leak_words w = { "" };
    if (l->count)
        snprintf(w.text, sizeof w.text, "%zu of %zu images, or the photos they were made from, are %s, such as %.150s",
                 l->count, il_source_count(tested), what, il_source_at(tested, l->example).id);
    return w;
}
