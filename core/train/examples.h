/* examples.h - the best, the median and the worst image of a test, to be shown in reports. */
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

/* Chooses among the images measured, reads the chosen ones again and runs the model on them; none when no image has a
 * defined IoU. The caller frees them with il_store_examples_free. */
int il_examples_make(il_example out[IL_RANKS], size_t *count, const il_image_row *rows, size_t n,
                     const il_examples_job *job, il_err *e);

/* The same for a stored test, whose examples it replaces. Adds their number to *kept. */
int il_examples_keep(size_t *kept, il_store *s, int64_t test, const il_examples_job *job, il_err *e);

/* Whether the test has examples. */
int il_examples_there(bool *there, il_store *s, int64_t test, il_err *e);

#endif
