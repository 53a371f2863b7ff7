/* draft.c - the temporary name under which a file or a folder is written until it is complete. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* nftw */
#endif
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/draft.h"
#include "base/file.h"
#include "base/text.h"

#define MARK "inpaintlab-"
#define ENDING ".tmp"

enum { SWEPT = 8, NAME_TRIES = 100, MOST_LINKS = 40 };

static char *name_of(const char *path, int i)
{
    il_text name = { 0 };
    il_text_add(&name, "%s." MARK "%d" ENDING, path, i);
    return name.data;
}

/* ---- what killed writers left ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

void il_draft_remove(const char *draft)
{
    if (remove(draft) != 0) /* which needs no memory */
        nftw(draft, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void il_draft_rename(il_err *e, const char *draft, const char *path)
{
    il_text told = { 0 };
    const char *at = e ? e->message : "", *hit;
    for (; (hit = strstr(at, draft)) != NULL; at = hit + strlen(draft))
        il_text_add(&told, "%.*s%s", (int)(hit - at), at, path);
    if (e && told.data && !told.failed)
        il_fail(e, e->code, "%s%s", told.data, at);
    il_text_free(&told);
}

static bool is_at(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* With its lock, nobody else removes it and puts another in its place meanwhile. */
static void remove_abandoned(const char *draft)
{
    struct stat st;
    if (lstat(draft, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
        return;
    int how = S_ISDIR(st.st_mode) ? O_RDONLY | O_DIRECTORY : O_RDWR; /* NFS locks only what may be written */
    int fd = open(draft, how | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(fd, draft))
        il_draft_remove(draft);
    close(fd);
}

static size_t digits_before(const char *text, size_t end)
{
    size_t n = 0;
    while (n < end && text[end - n - 1] >= '0' && text[end - n - 1] <= '9')
        n++;
    return n;
}

/* Also as earlier versions named them: NAME.PID-N.tmp. */
static bool is_draft(const char *file, const char *name)
{
    size_t end = strlen(file), mark = strlen(MARK), number;
    if (end < strlen(ENDING) || strcmp(file + end - strlen(ENDING), ENDING) != 0)
        return false;
    end -= strlen(ENDING);
    number = digits_before(file, end);
    end -= number;
    if (number && end > mark && strncmp(file + end - mark, MARK, mark) == 0)
        end -= mark;
    else if (number && end > 1 && file[end - 1] == '-' && digits_before(file, end - 1))
        end -= 1 + digits_before(file, end - 1);
    else
        return false;
    return end > 1 && file[end - 1] == '.' && (!name || (strlen(name) == end - 1 && strncmp(file, name, end - 1) == 0));
}

void il_draft_sweep(const char *folder, const char *name)
{
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    (void)il_file_list(&names, folder, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char *path = is_draft(names.list[i], name) ? il_text_path(folder, names.list[i]) : NULL;
        if (path)
            remove_abandoned(path);
        free(path);
    }
    il_file_names_free(&names);
}

/* ---- a new one ---- */

static int create(const char *draft, mode_t mode, bool folder)
{
    if (!folder)
        return open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return mkdir(draft, mode) == 0 ? open(draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

/* False where another process took it for abandoned before it was locked. */
static bool lock(int fd, const char *draft)
{
    return !(flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) && is_at(fd, draft);
}

static int sweep(const char *path, il_err *e)
{
    for (int i = 0; i < SWEPT; i++) {
        char *old = name_of(path, i);
        if (!old)
            return il_fail_oom(e);
        remove_abandoned(old);
        free(old);
    }
    return IL_OK;
}

static int begin(char **draft, int *fd, const char *path, mode_t mode, bool folder, il_err *e)
{
    int why = EEXIST, rc = sweep(path, e);
    if (rc)
        return rc;
    for (int i = 0; i < NAME_TRIES && why == EEXIST; i++) {
        char *name = name_of(path, i);
        if (!name)
            return il_fail_oom(e);
        int made = create(name, mode, folder);
        why = made < 0 ? errno : EEXIST;
        if (made >= 0 && lock(made, name)) {
            *draft = name;
            *fd = made;
            return IL_OK;
        }
        if (made >= 0)
            close(made);
        free(name);
    }
    return il_fail(e, IL_EIO, "cannot create %s%s: %s", folder ? "the folder " : "", path, strerror(why));
}

int il_draft_file(char **draft, int *fd, const char *path, mode_t mode, il_err *e)
{
    return begin(draft, fd, path, mode, false, e);
}

int il_draft_folder(char **draft, int *fd, const char *path, il_err *e)
{
    return begin(draft, fd, path, 0700, true, e);
}

/* ---- symbolic links ---- */

static char *next_link(const char *path, const char *link)
{
    const char *slash = *link == '/' ? NULL : strrchr(path, '/');
    il_text next = { 0 };
    il_text_add(&next, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, link);
    return next.data;
}

int il_draft_target(char **target, const char *path, il_err *e)
{
    char *at = il_text_copy(path), link[PATH_MAX + 1];
    for (int i = 0; at && i < MOST_LINKS; i++) {
        ssize_t size = readlink(at, link, sizeof link - 1);
        if (size < 0) {
            *target = at;
            return IL_OK;
        }
        link[size] = '\0';
        char *next = next_link(at, link);
        free(at);
        at = next;
    }
    if (!at)
        return il_fail_oom(e);
    free(at);
    return il_fail(e, IL_EIO, "cannot create %s: %s", path, strerror(ELOOP));
}
