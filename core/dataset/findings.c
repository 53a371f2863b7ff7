/* findings.c - lists of a check's findings. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dataset/findings.h"

const il_finding_title il_findings_titles[IL_FOUND_TYPES] = {
    [IL_FOUND_COUNTS] = { "counts", "count that differs from the paper's Table 1",
                          "counts that differ from the paper's Table 1" },
    [IL_FOUND_UNPAIRED] = { "unpaired", "sample without its partner files", "samples without their partner files" },
    [IL_FOUND_UNREADABLE] = { "unreadable", "unreadable file", "unreadable files" },
    [IL_FOUND_SIZES] = { "sizes", "sample whose images differ in size", "samples whose images differ in size" },
    [IL_FOUND_NEVER_255] = { "never_255", "mask that never reaches 255", "masks that never reach 255" },
    [IL_FOUND_EMPTY_MASK] = { "empty_masks", "empty mask", "empty masks" },
    [IL_FOUND_IDENTICAL] = { "identical", "image that is identical to its original",
                             "images that are identical to "
                             "their originals" },
    [IL_FOUND_OUTSIDE] = { "outside", "image that differs from its original outside the mask",
                           "images that differ from their originals outside the mask" },
    [IL_FOUND_MANIFEST] = { "manifest", "wrong manifest entry", "wrong manifest entries" },
    [IL_FOUND_HASHES] = { "hashes", "file whose hash differs from the manifest's",
                          "files whose hashes differ from "
                          "the manifest's" },
    [IL_FOUND_LEAKS] = { "leaks", "photo in more than one split", "photos in more than one split" },
    [IL_FOUND_DUPLICATES] = { "duplicates", "image with a duplicate in another split",
                              "images with a duplicate in another split" },
    [IL_FOUND_ODD_NAMES] = { "odd_names", "file that belongs to no sample", "files that belong to no sample" },
    [IL_FOUND_FULL_MASK] = { "full_masks", "mask that covers the whole image", "masks that cover the whole image" },
    [IL_FOUND_NEAR] = { "near_duplicates", "pair of similar images in two splits",
                        "pairs of similar images in two splits" },
};

static char *text_of(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = n < 0 ? NULL : malloc((size_t)n + 1);
    if (text)
        vsnprintf(text, (size_t)n + 1, format, args);
    return text;
}

int il_findings_add(il_findings *f, il_finding_type type, il_err *e, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    il_dataset_finding found = { .where = il_text_copy(where), .what = text_of(format, args) };
    va_end(args);
    il_dataset_finding *list = il_array_grow(f->of[type].list, f->of[type].count, sizeof *list);
    if (list)
        f->of[type].list = list;
    if (!list || !found.where || !found.what) {
        free(found.where);
        free(found.what);
        return il_fail_oom(e);
    }
    il_utf8_make_plain(found.where);
    il_utf8_make_plain(found.what);
    list[f->of[type].count++] = found;
    return IL_OK;
}

void il_findings_clear(il_findings *f)
{
    for (int t = 0; t < IL_FOUND_TYPES; t++) {
        for (size_t i = 0; i < f->of[t].count; i++) {
            free(f->of[t].list[i].where);
            free(f->of[t].list[i].what);
        }
        free(f->of[t].list);
    }
    *f = (il_findings){ 0 };
}

static size_t count(const il_findings *f, int first, int end)
{
    size_t n = 0;
    for (int t = first; t < end; t++)
        n += f->of[t].count;
    return n;
}

size_t il_findings_problems(const il_findings *f)
{
    return count(f, 0, IL_FOUND_PROBLEMS);
}

size_t il_findings_warnings(const il_findings *f)
{
    return count(f, IL_FOUND_PROBLEMS, IL_FOUND_TYPES);
}
