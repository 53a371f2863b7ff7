/* job_fit.h - how sizes and masks of images enter the identity of runs and tests. */
#ifndef IL_TRAIN_JOB_FIT_H
#define IL_TRAIN_JOB_FIT_H

#include "base/json.h"
#include "loader/source.h"

/* What the sizes and masks of a split's images come to. */
typedef struct il_fit_facts {
    size_t padded, larger;     /* images that are padded; larger than a tile */
    size_t unknown;            /* whose size is not known, because they are computed */
    size_t masks;              /* whose mask earlier versions read or resized in another way */
    size_t tampered, no_truth; /* with a mask; with a mask of which no pixel is true */
    size_t no_truth_example;   /* index of the first of these */
    int no_truth_level;        /* its greatest grey level */
} il_fit_facts;

/* What a fit makes of the images. side: of padding and resizing; tile 0: nothing is larger. */
il_fit_facts il_job_fit_of(const il_source *src, const float labels[256], il_sizing fit, int side, int tile);

/* Adds to a run's manifest what changes its weights against versions that counted padding and read masks by their first channel
 * alone; nothing where there is none of this, so that such runs stay done. Not 0: out of memory. */
int il_job_fit_note(json_t *manifest, const il_run *run, const il_source *train, const il_fit_facts *trained,
                    const il_fit_facts *validated);

/* Adds the run's way of fitting test images to their digest, unless earlier versions measured the same. */
int il_job_fit_digest(il_digest *digest, const il_fit_facts *f, const il_source *src, const il_run *run, il_err *e);

/* "2 of 6 images with a mask have no inpainted pixel under mask policy 'full', such as a3, whose greatest level is 128", or ""
 * when there are none. */
typedef struct il_fit_words {
    char text[400];
} il_fit_words;
il_fit_words il_job_fit_words(const il_fit_facts *f, const il_source *src, const char *policy);

/* Why what earlier versions measured of such images holds no longer. */
const char *il_job_fit_stale(const il_fit_facts *f);

/* "none", "left out" or "counted". */
const char *il_job_fit_padding(const il_fit_facts *f, const il_testing *how);

#endif
