/* findings.h - a check's findings by type: problems, which fail the check, and warnings. */
#ifndef IL_DATASET_FINDINGS_H
#define IL_DATASET_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>

typedef enum il_finding_type {
    IL_FOUND_COUNTS,
    IL_FOUND_UNPAIRED,
    IL_FOUND_UNREADABLE,
    IL_FOUND_SIZES,
    IL_FOUND_NEVER_255,
    IL_FOUND_EMPTY_MASK,
    IL_FOUND_IDENTICAL,
    IL_FOUND_OUTSIDE,
    IL_FOUND_MANIFEST,
    IL_FOUND_HASHES,
    IL_FOUND_LEAKS,
    IL_FOUND_DUPLICATES,
    IL_FOUND_PROBLEMS, /* number of types that fail a check; warnings follow */
    IL_FOUND_ODD_NAMES = IL_FOUND_PROBLEMS,
    IL_FOUND_FULL_MASK,
    IL_FOUND_NEAR,
    IL_FOUND_TYPES
} il_finding_type;

/* What a type is called in JSON and in text. */
typedef struct il_finding_title {
    const char *key, *one, *many;
} il_finding_title;
extern const il_finding_title il_findings_titles[IL_FOUND_TYPES];

typedef struct il_dataset_finding {
    char *where, *what; /* plain texts */
} il_dataset_finding;

typedef struct il_findings {
    struct {
        il_dataset_finding *list;
        size_t count;
    } of[IL_FOUND_TYPES];
} il_findings;

int il_findings_add(il_findings *f, il_finding_type type, il_err *e, const char *where, const char *format, ...)
    IL_PRINTF(5, 6);
void il_findings_clear(il_findings *f);

size_t il_findings_problems(const il_findings *f);
size_t il_findings_warnings(const il_findings *f);

#endif
