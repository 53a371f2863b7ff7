/* stamp.h - the state of a folder that a recipe fills: what it was begun with, what is done, who works on it. */
#ifndef IL_DATASET_STAMP_H
#define IL_DATASET_STAMP_H

#include "dataset/photos.h"
#include "dataset/recipe.h"
#include "base/text.h"
#include "base/sha256.h"

enum { IL_STAMP_PATH = 4096 };

typedef struct il_stamp {
    char folder[IL_STAMP_PATH - 64];
    char manifest[IL_STAMP_PATH]; /* FOLDER/manifest.jsonl: there when all is done */
    il_manifest done;             /* samples that were finished before */
    bool complete;                /* all of them */
    int lock, journal;            /* file descriptors; -1: none */
} il_stamp;

/* A build has begun to fill the folder. */
bool il_stamp_begun(const char *folder);

/* Makes or enters the folder. FOLDER/recipe.json tells what it is made of: IL_EDATA when that is something else, IL_EBUSY
 * when another process fills it. digests: of the files of each part, in the order maskers, inpainters, reconstructors. */
int il_stamp_open(il_stamp *out, const il_recipe *r, const il_photos *photos, const il_digest *digests, const char *folder,
                  il_err *e);

/* Of a complete folder that lost files: as if the build had been cut off after the last sample. The manifest stays. */
int il_stamp_reopen(il_stamp *s, const il_recipe *r, il_err *e);

/* Notes one finished sample, so that a build that is cut off goes on after it. */
int il_stamp_note(il_stamp *s, const il_sample *sample, il_err *e);

/* All `expected` samples are noted: writes the manifest, and removes what only a build needs. */
int il_stamp_finish(il_stamp *s, size_t expected, il_err *e);
void il_stamp_close(il_stamp *s);

#endif
