/* check.h - examines a data set: what it contains, and what is wrong with it. */
#ifndef IL_DATASET_CHECK_H
#define IL_DATASET_CHECK_H

#include <stdio.h>
#include "base/observer.h"
#include "dataset/findings.h"
#include "dataset/sample_stats.h"

typedef struct il_check_opts {
    const char *path; /* a folder or a JSON list */
    const char *as;   /* "dataset1", "dataset2", "inpainted": counts are compared with Table 1; NULL: not */
    bool fast;        /* names, headers and the manifest's lines; nothing is decoded or hashed */
    int threads;      /* 0: one per core */
} il_check_opts;

typedef struct il_check_size {
    int width, height;
    size_t count; /* files */
} il_check_size;

typedef struct il_check_share {
    double least, median, mean, most;
} il_check_share;

typedef struct il_check {
    il_check_opts opts; /* lends the caller's texts */
    il_listing listing;
    il_sample_stats *measures; /* of each sample listed */
    size_t samples[IL_LISTING_GROUPS], files[IL_LISTING_GROUPS][IL_PICTURE_KINDS];
    bool has[IL_PICTURE_KINDS]; /* whether it is told of: a published kind, or one of which there are files */
    /* with opts.as: Table 1 (-1: no number), and what compares with it */
    long published[IL_LISTING_GROUPS], counted[IL_LISTING_GROUPS];
    il_check_size *sizes; /* the most frequent first */
    size_t size_count;
    size_t masks, blurred, touching_255; /* masks read; with grey levels in between; that reach 255 */
    il_check_share area, core;
    bool has_manifest, sealed; /* sealed: recipe.json has its checksum */
    il_manifest manifest;      /* sorted */
    il_findings findings;
} il_check;

/* IL_EDATA when the path is not a data set; problems inside it are findings. IL_ECANCEL when the observer asks to stop. */
int il_check_run(il_check *out, il_check_opts o, const il_observer *observer, il_err *e);
void il_check_free(il_check *c);

/* For people; at most `most` findings of each type. */
void il_check_print(FILE *to, const il_check *c, size_t most);
/* Everything as one JSON object and a newline. */
int il_check_json(FILE *to, const il_check *c, il_err *e);

/* ---- parts of il_check_run ---- */

/* Equal and similar images in two splits. */
int il_check_across(il_check *c, il_err *e);
/* Lines against files; photos in two splits. */
int il_check_manifest(il_check *c, il_err *e);

#endif
