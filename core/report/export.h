/* export.h - a database's contents as plain files for other programs. */
#ifndef IL_REPORT_EXPORT_H
#define IL_REPORT_EXPORT_H

#include "store/store.h"

typedef enum il_export_format { IL_EXPORT_CSV, IL_EXPORT_JSON, IL_EXPORT_TENSORBOARD } il_export_format;

/* Writes files into a folder that is there: one for each table (NAME.csv, NAME.jsonl), scores as rows of (test, id, bin,
 * above, up_to, tampered, clean) without the bins that are empty; or for TensorBoard a folder for each run with its epochs and tests.
 * experiment: only what that one asks for; NULL: all. IL_EDATA when there is no such experiment. */
int il_export_database(const char *folder, il_store *s, const char *experiment, il_export_format format, il_err *e);

#endif
