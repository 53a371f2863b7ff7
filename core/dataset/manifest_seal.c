/* manifest_seal.c - whether the manifest of a built data set is as its build left it. */
#include <stdlib.h>
#include "base/build_seal.h"
#include "base/file.h"
#include "dataset/manifest.h"

static int check_file(bool *sealed, const char *folder, const char *path, il_err *e)
{
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read(&text, &size, path, IL_FILE_LIST, e);
    if (!rc)
        rc = il_build_seal_check(sealed, folder, text, size, e);
    free(text);
    return rc;
}

int il_manifest_check(bool *sealed, const char *folder, il_err *e)
{
    char *path = il_text_path(folder, "manifest.jsonl");
    int rc = path ? check_file(sealed, folder, path, e) : il_fail_oom(e);
    free(path);
    return rc;
}

int il_manifest_of(il_manifest *out, const char *folder, il_err *e)
{
    char *path = il_text_path(folder, "manifest.jsonl");
    int rc = path ? check_file(NULL, folder, path, e) : il_fail_oom(e);
    if (!rc)
        rc = il_manifest_read(out, path, 1, e);
    free(path);
    return rc;
}
