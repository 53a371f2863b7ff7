/* listing.h - the samples of a data set on disk, whatever its layout, as one list. */
#ifndef IL_DATASET_LISTING_H
#define IL_DATASET_LISTING_H

#include <stdbool.h>
#include "dataset/manifest.h"
#include "loader/folder_splits.h"

typedef enum il_layout {
    IL_LAYOUT_SPLITS, /* the paper's: ROOT/<split>/<id>.<kind>.webp */
    IL_LAYOUT_PAIRS,  /* IMDL-BenCo's ROOT/Tp and ROOT/Gt */
    IL_LAYOUT_LIST    /* IMDL-BenCo's JSON list */
} il_layout;

/* Groups in which samples are counted: the splits, and "all" for layouts without splits. */
enum { IL_LISTING_ALL = IL_SPLITS, IL_LISTING_GROUPS };
extern const char *const il_listing_groups[IL_LISTING_GROUPS];

/* One sample. In the layouts without splits a tampered image is the realfake, an authentic one the original. */
typedef struct il_listed {
    int split; /* in il_listing_groups */
    char *id;
    char *path[IL_PICTURE_KINDS]; /* NULL: absent */
} il_listed;

/* A sample or file that does not fit the layout. */
typedef struct il_listing_trouble {
    char *where, *why;
    bool unpaired; /* else the name does not fit */
} il_listing_trouble;

typedef struct il_listing {
    il_layout layout;
    char *root;
    il_listed *list; /* by split and id */
    size_t count;
    il_listing_trouble *troubles;
    size_t trouble_count;
} il_listing;

/* Path of a folder or of a JSON list; the layout is recognised by its content. IL_EDATA when it is not a data set. */
int il_listing_open(il_listing *out, const char *path, il_err *e);
void il_listing_free(il_listing *l);

/* "test/17-3", or the id alone where there are no splits. The caller frees it; NULL when out of memory. */
char *il_listing_name(const il_listing *l, size_t i);

#endif
