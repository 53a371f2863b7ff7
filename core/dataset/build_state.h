/* build_state.h - the state of a folder that a recipe fills: what it is built from, what is finished, who works on
 * it. */
#ifndef IL_DATASET_BUILD_STATE_H
#define IL_DATASET_BUILD_STATE_H

#include "base/sha256.h"
#include "base/text.h"
#include "dataset/build_lock.h"
#include "dataset/photos.h"
#include "dataset/recipe.h"

enum { IL_BUILD_STATE_PATH = 4096 };

typedef struct il_build_state {
    char folder[IL_BUILD_STATE_PATH - 64];
    char manifest[IL_BUILD_STATE_PATH]; /* FOLDER/manifest.jsonl: exists when all is finished */
    il_manifest done;                   /* samples that were finished before */
    bool complete;                      /* all of them */
    il_build_shard shard;
    il_build_lock lock;
    int journal; /* file descriptor; -1: none */
} il_build_state;

/* Whether a build has begun to fill the folder. */
bool il_build_state_begun(const char *folder);

/* Creates or enters the folder. FOLDER/recipe.json records what it is built from: IL_EDATA when that differs,
 * IL_EBUSY when another process fills it. digests: of the files of each part, in the order maskers, inpainters,
 * reconstructors. */
int il_build_state_open(il_build_state *out, const il_recipe *r, const il_photos *photos, const il_digest *digests,
                        const char *folder, il_build_shard shard, il_err *e);

/* For a complete folder that has lost files: as if the build had been interrupted after the last sample. The
 * manifest stays. */
int il_build_state_reopen(il_build_state *s, const il_recipe *r, il_err *e);

/* Records one finished sample, so that an interrupted build continues after it. */
int il_build_state_note(il_build_state *s, const il_sample *sample, il_err *e);

/* All `expected` samples are recorded: writes the manifest and removes what only a build needs. Not by one of several. */
int il_build_state_finish(il_build_state *s, size_t expected, il_err *e);
void il_build_state_close(il_build_state *s);

#endif
