/* job_leaks.h - images that are tested although the model has seen them. */
#ifndef IL_TRAIN_JOB_LEAKS_H
#define IL_TRAIN_JOB_LEAKS_H

#include "loader/source.h"

typedef struct il_leak {
    size_t count;   /* images whose file, or the photo that it was made from, is among those seen */
    size_t example; /* index of the first */
} il_leak;

/* Compares files, and the photos that manifests name as their origin, by their hashes; after il_source_digest. Copies that were
 * edited or compressed anew are not found: `inpaintlab dataset check` compares what images look like. */
int il_leak_find(il_leak *out, const il_source *tested, const il_source *const *seen, size_t n, il_err *e);

#define IL_LEAK_TEST "among those that the run was trained or validated on"
#define IL_LEAK_VALIDATION "also trained on"

/* "4 of 12 images, or the photos they were made from, are also trained on, such as a3", or "" when there are none; what: one of the two above. */
typedef struct il_leak_words {
    char text[300];
} il_leak_words;
il_leak_words il_leak_in_words(const il_leak *l, const il_source *tested, const char *what);

#endif
