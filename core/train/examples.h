/* examples.h - the best, the median and the worst picture of a test, kept in the store to be shown. */
#ifndef IL_EXAMPLES_H
#define IL_EXAMPLES_H

#include "loader/loader.h"
#include "plugin/model.h"
#include "store/store.h"

enum { IL_EXAMPLES_SIDE = 512 }; /* pixels of a kept picture's longer side, at most */

/* How the test was made. */
typedef struct il_examples_job {
    const il_model *model;
    il_source *source;
    const float *labels; /* (256) of the mask policy */
    il_loader_opts loader; /* the test's; batch, threads and cache are set anew */
} il_examples_job;

/* Chooses among the stored pictures of a test, reads the chosen ones again, forwards them once more and puts them in the
 * place of those the test had. Adds to *kept how many; none when no picture's IoU is defined. */
int il_examples_keep(size_t *kept, il_store *s, int64_t test, const il_examples_job *job, il_err *e);

/* Does the test have examples? */
int il_examples_there(bool *there, il_store *s, int64_t test, il_err *e);

#endif
