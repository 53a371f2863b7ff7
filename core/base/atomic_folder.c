/* atomic_folder.c - folders that appear complete or not at all: filled under a temporary name, then renamed. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_folder.h"
#include "base/draft.h"
#include "base/file.h"
#include "base/text.h"

int il_atomic_folder_begin(il_atomic_folder *w, const char *folder, il_err *e)
{
    il_atomic_folder new = { .lock = -1 };
    il_text plain = { 0 };
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/')
        size--;
    il_text_add(&plain, "%.*s", (int)size, folder);
    int rc = plain.failed ? il_fail_oom(e) : il_draft_target(&new.target, plain.data, e);
    if (!rc)
        rc = il_draft_folder(&new.draft, &new.lock, new.target, e);
    il_text_free(&plain);
    if (rc)
        free(new.target);
    else
        *w = new;
    return rc;
}

/* rename() replaces an empty folder, but nothing else. */
static int give_name(const il_atomic_folder *w, il_err *e)
{
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = stat(w->target, &st) == 0 && S_ISDIR(st.st_mode) ? st.st_mode & 0777 : 0777 & ~mask;
    if (chmod(w->draft, mode) != 0)
        return il_fail(e, IL_EIO, "cannot set the permissions of %s: %s", w->draft, strerror(errno));
    if (rename(w->draft, w->target) == 0)
        return IL_OK;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return il_fail(e, IL_EIO, "%s already exists; nothing was changed", w->target);
    return il_fail(e, IL_EIO, "cannot create the folder %s: %s", w->target, strerror(errno));
}

/* gone: it has its name, or what was in it has. */
static void drop(il_atomic_folder *w, bool gone)
{
    if (!gone)
        il_draft_remove(w->draft);
    close(w->lock);
    free(w->draft);
    free(w->target);
    *w = (il_atomic_folder){ 0 };
}

/* Messages tell the names that the files were to have. */
static int finish(il_atomic_folder *w, const char *folder, bool gone, int rc, il_err *e)
{
    if (rc)
        il_draft_rename(e, w->draft, folder);
    drop(w, gone);
    return rc;
}

int il_atomic_folder_end(il_atomic_folder *w, int rc, il_err *e)
{
    if (!w->draft)
        return rc;
    if (!rc)
        rc = give_name(w, e);
    return finish(w, w->target, !rc, rc, e);
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

static int move(const char *from, const char *to, il_err *e)
{
    return rename(from, to) == 0 ? IL_OK : il_fail(e, IL_EIO, "cannot write %s: %s", to, strerror(errno));
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
        if (!rc)
            rc = move(old.data, new.data, e);
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

static int move_folders(const char *from, const char *to, const char *ending, il_err *e)
{
    il_file_names folders = { 0 };
    il_text old = { 0 }, new = { 0 };
    int rc = il_file_list(&folders, from, e);
    for (size_t i = 0; i < folders.count && !rc; i++) {
        rc = path_of(&old, from, folders.list[i], e);
        if (!rc)
            rc = path_of(&new, to, folders.list[i], e);
        if (!rc)
            rc = move_files(old.data, new.data, ending, e);
    }
    il_text_free(&old);
    il_text_free(&new);
    il_file_names_free(&folders);
    return rc;
}

int il_atomic_folder_join(il_atomic_folder *w, const char *ending, int rc, il_err *e)
{
    struct stat st;
    if (!w->draft || rc || stat(w->target, &st) != 0)
        return il_atomic_folder_end(w, rc, e);
    rc = move_folders(w->draft, w->target, ending, e);
    return finish(w, w->target, false, rc, e);
}

static int pour(const char *draft, const char *folder, il_err *e)
{
    DIR *d = opendir(draft);
    il_text old = { 0 }, new = { 0 };
    int rc = d ? IL_OK : il_fail(e, IL_EIO, "cannot read %s: %s", draft, strerror(errno));
    for (const struct dirent *f; !rc && (f = readdir(d));) { /* hidden ones, too */
        if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
            continue;
        rc = path_of(&old, draft, f->d_name, e);
        if (!rc)
            rc = path_of(&new, folder, f->d_name, e);
        if (!rc)
            rc = move(old.data, new.data, e);
    }
    if (d)
        closedir(d);
    il_text_free(&old);
    il_text_free(&new);
    return rc;
}

int il_atomic_folder_pour(il_atomic_folder *w, const char *folder, int rc, il_err *e)
{
    if (!w->draft)
        return rc;
    if (!rc)
        rc = pour(w->draft, folder, e);
    return finish(w, folder, false, rc, e);
}
