/* atomic_folder.c - folders that appear complete or not at all: filled under a temporary name, then renamed. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* nftw */
#endif
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/atomic_folder.h"

int il_atomic_folder_begin(il_text *draft, const char *folder, il_err *e)
{
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/')
        size--;
    il_text_add(draft, "%.*s.XXXXXX", (int)size, folder);
    if (draft->failed)
        return il_fail_oom(e);
    if (mkdtemp(draft->data))
        return IL_OK;
    int why = errno;
    il_text_free(draft);
    *draft = (il_text){ 0 };
    return il_fail(e, IL_EIO, "cannot create the folder %s: %s", folder, strerror(why));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

/* rename() replaces an empty folder, but nothing else. */
static int give_name(const char *draft, const char *folder, il_err *e)
{
    mode_t mask = umask(0);
    umask(mask);
    if (chmod(draft, 0777 & ~mask) != 0)
        return il_fail(e, IL_EIO, "cannot set the permissions of %s: %s", draft, strerror(errno));
    if (rename(draft, folder) == 0)
        return IL_OK;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return il_fail(e, IL_EIO, "%s already exists; nothing was changed", folder);
    return il_fail(e, IL_EIO, "cannot create the folder %s: %s", folder, strerror(errno));
}

int il_atomic_folder_end(il_text *draft, const char *folder, int rc, il_err *e)
{
    if (!draft->data)
        return rc;
    if (!rc)
        rc = give_name(draft->data, folder, e);
    if (rc)
        nftw(draft->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    il_text_free(draft);
    return rc;
}
