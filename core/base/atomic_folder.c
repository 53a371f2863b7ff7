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
#include <unistd.h>
#include "base/atomic_folder.h"
#include "base/file.h"

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

/* ---- into a folder that is there ---- */

static int path_of(il_text *out, const char *folder, const char *name, il_err *e)
{
    il_text_free(out);
    *out = (il_text){ 0 };
    il_text_add(out, "%s/%s", folder, name);
    return out->failed ? il_fail_oom(e) : IL_OK;
}

static bool ends(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n >= m && strcmp(name + n - m, ending) == 0;
}

static bool is_among(const il_file_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return true;
    return false;
}

static int move_files(const char *from, const char *to, const char *ending, il_err *e)
{
    il_file_names fresh = { 0 }, there = { 0 };
    il_text old = { 0 }, new = { 0 };
    int rc = il_file_make_folders(to, e);
    if (!rc)
        rc = il_file_list(&fresh, from, e);
    for (size_t i = 0; i < fresh.count && !rc; i++) {
        rc = path_of(&old, from, fresh.list[i], e);
        if (!rc)
            rc = path_of(&new, to, fresh.list[i], e);
        if (!rc && rename(old.data, new.data) != 0)
            rc = il_fail(e, IL_EIO, "cannot write %s: %s", new.data, strerror(errno));
    }
    if (!rc)
        rc = il_file_list(&there, to, e);
    for (size_t i = 0; i < there.count && !rc; i++) {
        if (!ends(there.list[i], ending) || is_among(&fresh, there.list[i]))
            continue;
        rc = path_of(&old, to, there.list[i], e);
        if (!rc && unlink(old.data) != 0)
            rc = il_fail(e, IL_EIO, "cannot remove %s: %s", old.data, strerror(errno));
    }
    il_text_free(&old);
    il_text_free(&new);
    il_file_names_free(&fresh);
    il_file_names_free(&there);
    return rc;
}

int il_atomic_folder_join(il_text *draft, const char *folder, const char *ending, int rc, il_err *e)
{
    struct stat st;
    il_file_names folders = { 0 };
    il_text from = { 0 }, to = { 0 };
    if (!draft->data || rc || stat(folder, &st) != 0)
        return il_atomic_folder_end(draft, folder, rc, e);
    rc = il_file_list(&folders, draft->data, e);
    for (size_t i = 0; i < folders.count && !rc; i++) {
        rc = path_of(&from, draft->data, folders.list[i], e);
        if (!rc)
            rc = path_of(&to, folder, folders.list[i], e);
        if (!rc)
            rc = move_files(from.data, to.data, ending, e);
    }
    il_text_free(&from);
    il_text_free(&to);
    il_file_names_free(&folders);
    nftw(draft->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    il_text_free(draft);
    return rc;
}
