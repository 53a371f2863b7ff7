/* folder_splits.h - the published layout: ROOT/<split>/<id>.<kind>.<extension>, as read by training and `dataset
 * check`. */
#ifndef IL_LOADER_FOLDER_SPLITS_H
#define IL_LOADER_FOLDER_SPLITS_H

#include <stdbool.h>
#include <inpaintlab/error.h>
#include "image/picture_kind.h"

typedef enum il_split { IL_SPLIT_TRAIN, IL_SPLIT_VALIDATION, IL_SPLIT_TEST, IL_SPLITS } il_split;
extern const char *const il_split_names[IL_SPLITS]; /* "train", "validation", "test" */

/* IL_SPLITS when there is no split of that name. */
il_split il_split_find(const char *name);

/* The folder of a split in ROOT; that of the validation split may be named validation, val or valid. *path is NULL
 * where there is none; otherwise the caller frees it. IL_EDATA when there are two. */
int il_split_folder(char **path, const char *root, il_split split, il_err *e);

/* A file in a split's folder. */
typedef struct il_split_file {
    char *name;
    size_t id_length;     /* length of the sample's id in the name; an id may contain dots */
    il_picture_kind kind; /* IL_PICTURE_KINDS: the name does not follow this layout */
} il_split_file;

/* All files, sorted by id and kind; those whose name does not follow this layout come last. */
typedef struct il_split_files {
    il_split_file *list;
    size_t count;
} il_split_files;

int il_split_files_read(il_split_files *out, const char *folder, il_err *e);
void il_split_files_free(il_split_files *f);

/* The index after the last file of the sample that file i belongs to. */
size_t il_split_files_end(const il_split_files *f, size_t i);

#endif
