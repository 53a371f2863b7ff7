/* cmd_dataset.c - inpaintlab dataset: builds, checks and previews data sets. */
#include "cli/cli.h"
#include "cli/dataset.h"

const il_command il_cmd_dataset = {
    .name = "dataset",
    .summary = "build, check, preview and augment data sets",
    .about =
        "Builds a data set from photos by a recipe, checks a data set, shows samples of one on a page, or writes what a\n"
        "training makes of them.\n",
    .computes = true,
    .commands = (const il_command *const[]){ &il_dataset_build, &il_dataset_check, &il_dataset_preview,
                                             &il_dataset_augment, NULL },
};
