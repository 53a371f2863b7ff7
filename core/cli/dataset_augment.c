/* dataset_augment.c - inpaintlab dataset augment: writes pictures as a training sees them. */
#include <stdio.h>
#include "base/atomic_folder.h"
#include "cli/cli.h"
#include "cli/dataset.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "plan/plan.h"
#include "plugin/registry.h"
#include "train/augmented.h"

struct options {
    const char *folder, *only, *device;
    il_texts set;
    int count, epoch;
};

static const il_run *first_training(const il_plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!p->runs[i].test_only)
            return &p->runs[i];
    return NULL;
}

static int write(FILE *to, const il_run *run, const struct options *o, il_err *e)
{
    il_augmented_opts opts = { .count = (size_t)o->count, .epoch = o->epoch };
    il_atomic_folder folder = { 0 };
    il_text list = { 0 };
    il_augment_describe(&list, &run->training.augment);
    int rc = list.failed ? il_fail_oom(e) : il_cli_device(&opts.device, o->device, e);
    if (!rc)
        rc = il_atomic_folder_begin(&folder, o->folder, e);
    if (!rc) {
        fprintf(to, "%s, epoch %d, augmented by: %s\n", run->name, o->epoch, list.data);
        opts.folder = folder.draft;
        rc = il_augmented_write(to, run, &opts, e);
    }
    il_text_free(&list);
    return il_atomic_folder_end(&folder, rc, e);
}

static int augment(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    il_output out = { 0 };
    il_registry_trust(); /* the user asked to read by what the grid names */
    int rc = il_registry_open(&registry, e);
    if (!rc)
        rc = il_plan_read(&plan, words[0], registry, (il_plan_opts){ .set = o->set.list, .only = o->only }, e);
    const il_run *run = rc ? NULL : first_training(plan);
    if (!rc && !run)
        rc = il_fail(e, IL_EPARAM, "%s: trains nothing", words[0]);
    if (!rc)
        rc = il_output_begin(&out, e);
    if (!rc)
        rc = write(out.to, run, o, e);
    rc = il_output_end(&out, NULL, rc, e);
    il_plan_free(plan);
    il_registry_free(registry);
    return rc;
}

static const il_option table[] = {
    { "-o, --output DIR", "folder for the images, which must not exist or be empty", IL_INTO(struct options, folder),
      .needed = true },
    { "--count N", "number of images (default 12)", IL_INTO(struct options, count), .least = 1, .most = 10000 },
    { "--epoch N", "of which epoch (default 1)", IL_INTO(struct options, epoch), .least = 1, .most = 1000000 },
    IL_GRID_ONLY(struct options, only),
    IL_GRID_SET(struct options, set),
    IL_CLI_DEVICE(struct options, device),
    { 0 },
};

const il_command il_dataset_augment = {
    .name = "dataset augment",
    .summary = "write images as a training sees them",
    .usage = "[options] GRID.yaml -o DIR",
    .about =
        "Writes the first images of an epoch as the grid's first training sees them, augmented and cropped, with their\n"
        "masks: DIR/0001.png, DIR/0001.mask.png and so on. A line on each says which sample it is and what was\n"
        "changed. Nothing is trained.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the grid or its data are wrong or DIR is not empty, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .count = 12, .epoch = 1, .device = "auto" },
    .least = 1,
    .most = 1,
    .expected = "one grid and -o DIR; see 'inpaintlab dataset augment --help'",
    .run = augment,
};
