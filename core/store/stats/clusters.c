/* clusters.c - values of pictures gathered by photo. */
#include <stdlib.h>
#include <string.h>
#include "store/stats/clusters.h"

/* Of one photo in the order in which they came, so that sums are the same on every machine. */
static int by_photo(const void *a, const void *b)
{
    const il_clustered *x = *(const il_clustered *const *)a, *y = *(const il_clustered *const *)b;
    int order = strcmp(x->photo, y->photo);
    return order ? order : (x > y) - (x < y);
}

int il_clusters_gather(il_clusters *out, const il_clustered *pictures, size_t count, il_err *e)
{
    const il_clustered **sorted = calloc(count + 1, sizeof(const il_clustered *));
    il_clusters c = { calloc(count + 1, sizeof(double)), calloc(count + 1, sizeof(double)),
                      calloc(count + 1, sizeof(double)), 0 };
    if (!sorted || !c.x || !c.y || !c.pictures) {
        free(sorted);
        il_clusters_free(&c);
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < count; i++)
        sorted[i] = &pictures[i];
    if (count)
        qsort(sorted, count, sizeof(const il_clustered *), by_photo);
    for (size_t i = 0; i < count; i++) {
        c.n += i == 0 || strcmp(sorted[i]->photo, sorted[i - 1]->photo) != 0;
        c.x[c.n - 1] += sorted[i]->x;
        c.y[c.n - 1] += sorted[i]->y;
        c.pictures[c.n - 1]++;
    }
    free(sorted);
    *out = c;
    return IL_OK;
}

void il_clusters_free(il_clusters *c)
{
    free(c->x);
    free(c->y);
    free(c->pictures);
    *c = (il_clusters){ 0 };
}

void il_clusters_average(il_clusters *c)
{
    for (size_t i = 0; i < c->n; i++) {
        c->x[i] /= c->pictures[i];
        c->y[i] /= c->pictures[i];
        c->pictures[i] = 1;
    }
}

il_series il_clusters_series(const il_clusters *c)
{
    bool shared = false; /* weights take time */
    for (size_t i = 0; i < c->n; i++)
        shared = shared || c->pictures[i] != 1;
    return (il_series){ c->x, shared ? c->pictures : NULL, c->n };
}
