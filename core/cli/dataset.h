/* dataset.h - the commands of `inpaintlab dataset`. */
#ifndef IL_CLI_DATASET_H
#define IL_CLI_DATASET_H

int il_dataset_build_command(int argc, char **argv);
int il_dataset_check_command(int argc, char **argv);
int il_dataset_preview_command(int argc, char **argv);

#endif
