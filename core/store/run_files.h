/* run_files.h - where the files of runs lie: FOLDER/<first 16 digits of the hash>/NAME, FOLDER being `runs` beside the
 * database. */
#ifndef IL_STORE_RUN_FILES_H
#define IL_STORE_RUN_FILES_H

#include <stdbool.h>
#include <inpaintlab/error.h>

#define IL_RUN_WEIGHTS "weights.safetensors"
#define IL_RUN_CALIBRATION ".calibration.json" /* after the name of the weights */
#define IL_RUN_CHECKPOINT "checkpoint.safetensors"
#define IL_RUN_FINISHED "finished.safetensors" /* the last checkpoint of a run that is done, with train.keep */

typedef struct il_run_path {
    char text[4096];
} il_run_path;

/* The folder `runs` beside a database. IL_EUSAGE when its path is too long. */
int il_run_files_folder(il_run_path *out, const char *database, il_err *e);

il_run_path il_run_files_path(const char *folder, const char *hash, const char *name);

/* Weights that are not those of the run in this folder's database lie beside them, named by their SHA-256. */
il_run_path il_run_files_aside(const char *folder, const char *hash, const char *sha256);

/* Whether a text from a database is 64 lower-case hexadecimal digits, so that it may become part of a path. */
bool il_run_files_is_hash(const char *text);

#endif
