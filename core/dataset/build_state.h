/* build_state.h - the state of a folder that a recipe fills: what it is built from, what is finished, who works on
 * it. */
#ifndef IL_DATASET_STAMP_H
#define IL_DATASET_STAMP_H

#include "dataset/photos.h"
#include "dataset/recipe.h"
#include "base/text.h"
#include "base/sha256.h"

enum { IL_STAMP_PATH = 4096 };

typedef struct il_stamp {
    char folder[IL_STAMP_PATH - 64];
    char manifest[IL_STAMP_PATH]; /* FOLDER/manifest.jsonl: exists when all is finished */
    il_manifest done;             /* samples that were finished before */
    bool complete;                /* all of them */
    int lock, journal;            /* file descriptors; -1: none */
} il_stamp;

/* Whether a build has begun to fill the folder. */
bool il_stamp_begun(const char *folder);

/* Creates or enters the folder. FOLDER/recipe.json records what it is built from: IL_EDATA when that differs,
 * IL_EBUSY when another process fills it. digests: of the files of each part, in the order maskers, inpainters,
 * reconstructors. */
int il_stamp_open(il_stamp *out, const il_recipe *r, const il_photos *photos, const il_digest *digests, const char *folder,
                  il_err *e);

/* For a complete folder that has lost files: as if the build had been interrupted after the last sample. The
 * manifest stays. */
int il_stamp_reopen(il_stamp *s, const il_recipe *r, il_err *e);

/* Records one finished sample, so that an interrupted build continues after it. */
int il_stamp_note(il_stamp *s, const il_sample *sample, il_err *e);

/* All `expected` samples are recorded: writes the manifest and removes what only a build needs. */
int il_stamp_finish(il_stamp *s, size_t expected, il_err *e);
void il_stamp_close(il_stamp *s);

#endif
