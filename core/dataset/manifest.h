/* manifest.h - DIR/manifest.jsonl: the origin of each sample of a data set, one JSON object per line, by split and
 * id. */
#ifndef IL_DATASET_MANIFEST_H
#define IL_DATASET_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include "base/text.h"
#include "image/picture_kind.h"

/* Texts may be NULL where the recipe does not make that part. Owned by the sample. */
typedef struct il_sample {
    char *split, *id;
    char *photo, *photo_sha256; /* path below the folder of photos; hash of the file */
    int tile;                   /* number of the photo's tile, from 0; -1: the whole photo, resized */
    uint64_t seed;              /* of the mask and of the noise */
    char *masker, *rule;        /* plugin; what it did */
    double area;                /* share of pixels that the blurred mask touches (grey > 0) */
    double core;                /* share of pixels that were painted (grey 255) */
    char *prompt;
    char *inpainted_by, *inpainted_sha256;         /* generator; hash of its files */
    char *reconstructed_by, *reconstructed_sha256; /* generator; hash of its files */
    char *settings;                                /* the generators' settings, a JSON object */
    char *sha256[IL_PICTURE_KINDS];                /* of each file written */
} il_sample;

void il_sample_free(il_sample *s);

typedef struct il_manifest {
    il_sample *list;
    size_t count;
} il_manifest;

/* Adds the sample of one line, without its newline. */
int il_manifest_add_line(il_manifest *m, const char *line, size_t size, il_err *e);

/* Reads the lines of a file. complete: the last line must end with a newline; otherwise an incomplete last line,
 * which a killed build leaves, is dropped. Errors read "FILE:LINE: …". IL_EIO when the file does not exist. */
int il_manifest_read(il_manifest *out, const char *path, int complete, il_err *e);
void il_manifest_free(il_manifest *m);

/* FOLDER/manifest.jsonl, complete and as the build left it: IL_EDATA when it has changed (base/build_seal.h). */
int il_manifest_of(il_manifest *out, const char *folder, il_err *e);
/* The same without a look at its lines; *sealed: there was a checksum to compare with. */
int il_manifest_check(bool *sealed, const char *folder, il_err *e);

/* Takes the sample's texts. */
int il_manifest_add(il_manifest *m, il_sample *s, il_err *e);
/* What a manifest's file holds: the samples by split (train, validation, test) and id. Errors name `path`; the caller frees *out. */
int il_manifest_text(il_text *out, il_manifest *m, const char *path, il_err *e);
/* Writes the whole file or nothing. */
int il_manifest_write(il_manifest *m, const char *path, il_err *e);
/* One sample as a line of JSON with a newline; the caller frees it. Keys in a fixed order. NULL: il_json_short says whether
 * memory was short; else a text is no UTF-8, or the settings are no JSON object. */
char *il_manifest_line(const il_sample *s);
/* NULL when absent. After il_manifest_sort. */
void il_manifest_sort(il_manifest *m);
const il_sample *il_manifest_find(const il_manifest *m, const char *split, const char *id);

#endif
