/* checkpoint.c - a checkpoint for a network of one tensor and one buffer. Its SHA-256 is left out, as in those of earlier
 * versions, so that changed bytes get past it. Where INPAINTLAB_WRITE_SEED names a file, a sound checkpoint is written there. */
#include <inpaintlab/optimizer.h>
#include "fuzz.h"
#include "train/checkpoint.h"

static const char hash[] = "5eed";

static il_model model;
static il_adam *adam;

static void must(int rc)
{
    if (rc != IL_OK)
        abort();
}

static void set_up(void)
{
    il_err e = { 0 };
    il_epoch_row epochs[] = { { .epoch = 1 }, { .epoch = 2 } };
    il_course course = {
        .epoch = 3, .batch = 1, .epochs = epochs, .done = 2, .early = { .best = 0.5, .best_epoch = 2 }
    };
    must(il_state_new(&model.state, (il_device){ IL_DEVICE_CPU, 0 }, 1, &e));
    il_state_param(model.state, "weight", IL_INIT_ZEROS, 1, 1, (int64_t[]){ 2 });
    il_state_buffer(model.state, "mean", IL_DTYPE_F32, 0, 1, (int64_t[]){ 2 });
    must(il_state_status(model.state, &e));
    must(il_adam_new(&adam, model.state, IL_OPTS(il_adam_opts, .lr = 1e-3), &e));
    if (!getenv("INPAINTLAB_WRITE_SEED"))
        return;
    must(il_bundle_new(&course.best, &e));
    must(il_state_save(model.state, course.best, "", &e));
    must(il_checkpoint_write(getenv("INPAINTLAB_WRITE_SEED"), hash, &course, &model, adam, &e));
    il_bundle_free(course.best);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_course course = { 0 };
    if (!adam)
        set_up();
    fuzz_told(il_checkpoint_read(&course, fuzz_file("checkpoint", data, size), hash, &model, adam, &e), &e);
    il_course_free(&course);
    return 0;
}
