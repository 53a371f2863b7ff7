/* clusters.h - pictures of one photo are not independent: their values gathered by photo, to be resampled and paired so. */
#ifndef IL_STORE_STATS_CLUSTERS_H
#define IL_STORE_STATS_CLUSTERS_H

#include "store/stats/stats.h"

/* With fewer photos no interval is given; below `rough` one is, but it is told to be rough. */
enum { IL_PHOTOS_LEAST = 3, IL_PHOTOS_ROUGH = 10 };

/* One picture. */
typedef struct il_clustered {
    const char *photo; /* borrowed while gathering */
    double x, y;
} il_clustered;

/* Sums over each photo's pictures, in the order of the photos' names. */
typedef struct il_clusters {
    double *x, *y, *pictures;
    size_t n;
} il_clusters;

int il_clusters_gather(il_clusters *out, const il_clustered *pictures, size_t count, il_err *e);
void il_clusters_free(il_clusters *c);
/* To be resampled: lent by the clusters. */
il_series il_clusters_series(const il_clusters *c);
/* Divides by the pictures: x and y are means over each photo's pictures. */
void il_clusters_average(il_clusters *c);

#endif
