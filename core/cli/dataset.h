/* dataset.h - the commands of `inpaintlab dataset`. */
#ifndef IL_CLI_DATASET_H
#define IL_CLI_DATASET_H

#include "cli/command.h"

extern const il_command il_dataset_augment, il_dataset_build, il_dataset_check, il_dataset_preview;

#endif
