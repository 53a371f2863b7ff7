/* build_journal.h - the samples of a build that is not finished: lines of a manifest, each with the SHA-256 of itself,
 * so that a sample whose line was damaged or cut off is made again. */
#ifndef IL_DATASET_BUILD_JOURNAL_H
#define IL_DATASET_BUILD_JOURNAL_H

#include "dataset/manifest.h"

/* The lines that are whole, and those of earlier versions, which have no SHA-256. */
int il_build_journal_read(il_manifest *out, const char *path, il_err *e);
int il_build_journal_write(il_manifest *m, const char *path, il_err *e);
int il_build_journal_append(int fd, const char *path, const il_sample *sample, il_err *e);

#endif
