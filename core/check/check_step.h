/* check_step.h - what the checks of one plugin share. */
#ifndef IL_CHECK_CHECK_STEP_H
#define IL_CHECK_CHECK_STEP_H

#include "check/test_inputs.h"
#include "plugin/model.h"
#include "plugin/registry.h"

typedef struct il_plugin_check_job {
    const char *path;       /* of the shared object; contains a '/' */
    const char *const *set; /* "setting=value"; ends with NULL; NULL: none */
    const char *images;     /* data sets: an image kind besides those of the published layout; NULL: none */
} il_plugin_check_job;

typedef struct il_plugin_check {
    const il_plugin *plugin; /* once loaded */
    il_choice choice;        /* its settings, as plugins are opened with; its label is not owned */
    il_registry *registry;
    const il_plugin_check_job *job;
    int multiple;   /* models: of which both sides of a picture must be, once tried */
    bool skipped;   /* set by a check that does not apply */
    char note[400]; /* what a check found */
} il_plugin_check;

/* IL_OK: passed, and c->note says what was found. Otherwise the message says what was expected. */
typedef struct il_check_step {
    const char *name;
    int (*run)(il_plugin_check *c, il_err *e);
    bool vital; /* if it fails, the later checks would only repeat the failure and are left out */
} il_check_step;

void il_check_step_note(il_plugin_check *c, const char *format, ...) IL_PRINTF(2, 3);
/* Notes why the check does not apply; returns IL_OK. */
int il_check_step_skip(il_plugin_check *c, const char *format, ...) IL_PRINTF(2, 3);

/* Opens an instance; *out is the caller's to close. */
int il_check_step_open(void **out, const il_plugin_check *c, il_err *e);

/* The model, on the CPU, with the multiple that is known of it; the caller closes it. */
int il_check_step_model_open(il_model *out, const il_plugin_check *c, uint64_t seed, il_err *e);
/* With sides that suit the model: brought up to its multiple. */
il_test_input_size il_check_step_suited(const il_model *m, il_test_input_size z);

/* The checks of each kind; the last has no name. */
extern const il_check_step il_check_step_model[], il_check_step_loss[], il_check_step_mask_policy[],
    il_check_step_dataset[], il_check_step_masker[], il_check_step_generator[];

/* Three checks of models that have a file of their own. */
int il_check_step_slope(il_plugin_check *c, il_err *e);
int il_check_step_gradients(il_plugin_check *c, il_err *e);
int il_check_step_overfit(il_plugin_check *c, il_err *e);

#endif
