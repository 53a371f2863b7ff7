/* source.h - a fixed list of the samples of one split: what a loader reads. */
#ifndef IL_LOADER_SOURCE_H
#define IL_LOADER_SOURCE_H

#include "base/file.h"
#include "base/sha256.h"
#include "image/degradation.h"
#include "image/mask_file.h"
#include "plan/run.h"

/* One split of one or more image kinds: the data manifest. */
typedef struct il_source il_source;

typedef struct il_source_left_out {
    const char *id, *why;
} il_source_left_out;

/* Scans the data set. Samples are sorted by id. images: a kind, or several joined by '+', each with its truth and share
 * (plan/mixture.h); with several, ids include the kind, as in "0007.original". IL_EDATA when a sample is incomplete and `missing` is refuse, or when no sample is left; the
 * message names the first file and the number of such samples. `dataset` must outlive the source. */
int il_source_open(il_source **out, const il_choice *dataset, const char *split, const char *images, il_missing missing,
                   il_err *e);
/* The same samples, degraded when they are read. `plain` must outlive it. */
int il_source_degrade(il_source **out, il_source *plain, il_degradation d, il_err *e);
void il_source_free(il_source *src);
/* Lets the data set prepare its reader; call once, before samples are loaded. */
int il_source_load(il_source *src, il_device device, il_err *e);
size_t il_source_count(const il_source *src);
il_item il_source_at(const il_source *src, size_t i);
const char *il_source_name(const il_source *src, size_t i); /* its id without the image kind */

/* Numbers[i] of sample i: equal for the pictures of one id, whatever their kind, and from 0 in the order of ids. The caller frees
 * them. */
int il_source_numbers(uint32_t **numbers, const il_source *src, il_err *e);

/* Keeps the ids that have a picture of every kind. The others are left out, or IL_EDATA where `missing` is refuse. Before
 * il_source_digest. */
int il_source_pair(il_source *src, il_err *e);
size_t il_source_kinds(const il_source *src);

/* "84 inpainted, 84 reconstructed (nothing is true), 21 original (a share of 0.25)", or "" where every kind has all its pictures
 * and the truth of their masks. */
typedef struct il_mixture_words {
    char text[400];
} il_mixture_words;
il_mixture_words il_source_mixture(const il_source *src);

size_t il_source_left_out_count(const il_source *src);
il_source_left_out il_source_left_out_at(const il_source *src, size_t i);

/* A cache of what is known of unchanged files. get returns 1 and fills *f when it knows the file. */
typedef struct il_file_cache {
    void *context;
    int (*get)(void *context, const char *path, int64_t size, int64_t mtime_ns, il_file_facts *f);
    void (*put)(void *context, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f);
} il_file_cache;

/* Hash over the ids, the contents of all files (not their paths) and the degradation; computed once. cache may be
 * NULL. */
int il_source_digest(il_digest *out, il_source *src, const il_file_cache *cache, il_err *e);

/* What il_source_digest has found out about a sample's files. */
typedef struct il_sample_facts {
    int width, height; /* of the image, degraded as asked; 0: not known, because it is computed or unreadable */
    bool masked;       /* the members below are known */
    il_mask_levels levels;
    bool levels_changed; /* the mask is not simply grey: earlier versions read other levels from it */
} il_sample_facts;
il_sample_facts il_source_facts(const il_source *src, size_t i);

/* SHA-256 of a sample's image file, as il_source_digest found it; "" where it is unreadable. Of computed images, the hash of
 * the photo that they are made from. */
const char *il_source_hash(const il_source *src, size_t i);
/* SHA-256 of the photo that a sample was made from, by the manifest of its data set; "" where none tells. */
const char *il_source_photo_hash(const il_source *src, size_t i);

/* Reads one sample by the data set's own reader or by il_image_read. seed: of the reader's random choices. *mask stays
 * empty where there is none. Thread-safe. */
int il_source_read(const il_source *src, size_t i, uint64_t seed, il_image *image, il_image *mask, il_err *e);

/* Whether its images are plain files, so that their digest determines the pixels. */
bool il_source_is_files(const il_source *src);

/* Whether another seed gives another sample. */
bool il_source_varies(const il_source *src);

#endif
