/* check_step.h - what the checks of one plugin share. */
#ifndef IL_CHECK_STEP_H
#define IL_CHECK_STEP_H

#include "plugin/instance.h"
#include "plugin/registry.h"

typedef struct il_trial_job {
    const char *path;       /* of the shared object; contains a '/' */
    const char *const *set; /* "setting=value"; ends with NULL; NULL: none */
    const char *images;     /* data sets: an image kind besides the four of the paper; NULL: none */
} il_trial_job;

typedef struct il_trial {
    const il_plugin *plugin; /* once loaded */
    il_choice choice;        /* its settings, as plugins are opened with; its label is not owned */
    il_registry *registry;
    const il_trial_job *job;
    bool skipped;            /* set by a check that does not apply */
    char note[400];          /* what a check found */
} il_trial;

/* IL_OK: passed, and c->note says what was found. Otherwise the message says what was expected. */
typedef struct il_check_step {
    const char *name;
    int (*run)(il_trial *c, il_err *e);
    bool vital; /* if it fails, the later checks would only repeat the failure and are left out */
} il_check_step;

void il_step_note(il_trial *c, const char *format, ...) IL_PRINTF(2, 3);
/* Notes why the check does not apply; returns IL_OK. */
int il_step_skip(il_trial *c, const char *format, ...) IL_PRINTF(2, 3);

/* Opens an instance; *out is the caller's to close. */
int il_step_open(void **out, const il_trial *c, il_err *e);

/* The checks of each kind; the last has no name. */
extern const il_check_step il_step_model[], il_step_loss[], il_step_mask_policy[], il_step_dataset[], il_step_masker[],
    il_step_generator[];

/* Three checks of models that have a file of their own. */
int il_step_slope(il_trial *c, il_err *e);
int il_step_gradients(il_trial *c, il_err *e);
int il_step_overfit(il_trial *c, il_err *e);

#endif
