/* build.h - a recipe -> a folder of samples with its manifest. */
#ifndef IL_DATASET_BUILD_H
#define IL_DATASET_BUILD_H

#include "dataset/build_batch.h"
#include "base/observer.h"

typedef struct il_build_result {
    size_t samples, made;       /* in all; in this sitting */
    size_t counts[IL_SPLITS];
    size_t unusable, copies, twins;
    size_t photos, uncaptioned; /* uncaptioned: 0 also when no photo has a caption, as it may be meant */
    double seconds[4];          /* reading, masks, generators, writing; the first and the last summed over threads */
} il_build_result;

/* Goes on where an earlier build of the same recipe, photos and weights stopped, also when files of it are missing or empty
 * since: IL_EDATA when one is not the same as before. What it makes does not depend on that, nor on the number of threads.
 * IL_ECANCEL when the watch says stop. */
int il_build_run(il_build_result *out, il_recipe *r, const il_build_opts *o, const il_watch *watch, il_err *e);

#endif
