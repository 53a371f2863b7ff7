/* cmd_dataset.c - inpaintlab dataset: makes, checks and shows data sets. */
#include "cli/cli.h"
#include "cli/dataset.h"

const il_command il_cmd_dataset = {
    .name = "dataset",
    .summary = "make, check and show data sets",
    .about = "Makes a data set from photos by a recipe, checks one, or shows samples of one on a page.\n",
    .computes = true,
    .commands = (const il_command *const[]){ &il_dataset_build, &il_dataset_check, &il_dataset_preview, NULL },
};
