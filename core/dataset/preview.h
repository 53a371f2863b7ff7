/* preview.h - one self-contained HTML page that shows samples of a data set. */
#ifndef IL_DATASET_PREVIEW_H
#define IL_DATASET_PREVIEW_H

#include <stdint.h>
#include <inpaintlab/image.h>
#include "base/text.h"
#include "dataset/listing.h"

typedef struct il_preview_opts {
    const char *path;  /* a folder or a JSON list */
    const char *split; /* only samples of this split; NULL: of all */
    size_t count;      /* this many, or all if there are fewer */
    uint64_t seed;     /* selects which ones */
} il_preview_opts;

/* The page's bytes; the caller frees *html. Equal data and options give equal bytes. IL_EDATA when there is no data
 * set or no such split. */
int il_preview_page(char **html, size_t *size, il_preview_opts o, il_err *e);

/* ---- parts of il_preview_page ---- */

enum { IL_PREVIEW_BINS = 20, IL_PREVIEW_SIDE = 320 /* pixels of a thumbnail's longer side, at most */ };

typedef struct il_preview {
    il_preview_opts opts;
    il_listing listing;
    bool has_manifest;
    il_manifest manifest;
    size_t samples[IL_LISTING_GROUPS], files[IL_LISTING_GROUPS][IL_PICTURE_KINDS];
    size_t bins[IL_PREVIEW_BINS]; /* of mask areas */
    size_t areas;                 /* number counted */
    bool from_manifest;           /* areas; else from masks, not all of them when there are many */
    size_t *chosen;               /* samples, in order */
    size_t chosen_count;
} il_preview;

/* One thumbnail. */
typedef struct il_preview_picture {
    const char *label, *what; /* "realfake"; what it shows, for those who cannot see it */
    il_image image;           /* empty: why says the reason */
    char *why;
} il_preview_picture;

/* What is known about a sample besides its images. */
typedef struct il_preview_facts {
    const char *id, *split; /* split "": the layout has none */
    const il_sample *line;  /* NULL: not in a manifest */
    double area, core;      /* of the mask; area -1: no mask was read */
} il_preview_facts;

/* What a kind is called; in the layouts without splits a realfake image is simply tampered. */
const char *il_preview_label(const il_preview *p, int kind);

void il_preview_begin(il_text *t, const il_preview *p);
int il_preview_sample(il_text *t, const il_preview_facts *facts, const il_preview_picture *pictures, size_t count,
                      il_err *e);
void il_preview_end(il_text *t, const il_preview *p);

#endif
