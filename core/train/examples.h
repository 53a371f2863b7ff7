/* examples.h - stores the best, the median and the worst image of a test, to be shown in reports. */
#ifndef IL_TRAIN_EXAMPLES_H
#define IL_TRAIN_EXAMPLES_H

#include "loader/loader.h"
#include "plugin/model.h"
#include "store/store.h"

enum { IL_EXAMPLES_SIDE = 512 }; /* largest side of a stored image, pixels */

/* How the test was made. */
typedef struct il_examples_job {
    const il_model *model;
    il_source *source;
    const float *labels;       /* (256) the mask policy's targets */
    il_loader_opts loader;     /* the test's; batch, threads and cache are overridden */
    const il_testing *testing; /* of native images: tile and overlap; else unused */
} il_examples_job;

/* Chooses among the stored rows of a test, reads the chosen images again, runs the model on them and replaces the
 * test's examples. Adds their number to *kept; none when no image has a defined IoU. */
int il_examples_keep(size_t *kept, il_store *s, int64_t test, const il_examples_job *job, il_err *e);

/* Whether the test has examples. */
int il_examples_there(bool *there, il_store *s, int64_t test, il_err *e);

#endif
