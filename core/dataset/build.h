/* build.h - a recipe -> a folder of samples with its manifest. */
#ifndef IL_DATASET_BUILD_H
#define IL_DATASET_BUILD_H

#include "base/observer.h"
#include "dataset/build_batch.h"

typedef struct il_build_result {
    size_t samples, made; /* in all; in this run */
    size_t share;         /* that are this process's to make: all, or those of its shard */
    size_t counts[IL_SPLITS];
    size_t unusable, copies, twins;
    size_t photos, uncaptioned; /* uncaptioned: 0 also when no photo has a caption, as it may be meant */
    double seconds[4];          /* reading, masks, generators, writing; the first and the last summed over threads */
} il_build_result;

/* Continues an earlier build of the same recipe, photos and weights, also when some of its files are missing or
 * empty: IL_EDATA when one of them comes out different. The result does not depend on interruptions or on the number
 * of threads. IL_ECANCEL when the observer asks to stop.
 * With opts.shard it makes its share alone, beside others in the same folder, and writes no manifest: a build without
 * it does that, once all are done, and makes what is missing. */
int il_build_run(il_build_result *out, il_recipe *r, const il_build_opts *o, const il_observer *observer, il_err *e);

#endif
