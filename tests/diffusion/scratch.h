/* scratch.h - a folder of a test's own, with files written, copied or linked into it. */
#ifndef TEST_SCRATCH_H
#define TEST_SCRATCH_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scratch {
    char path[64];
};

static inline struct scratch scratch_new(void)
{
    struct scratch s = { "/tmp/inpaintlab-test-XXXXXX" };
    cr_assert(mkdtemp(s.path));
    return s;
}

/* Links are removed, not followed. */
static inline void scratch_empty(const char *path)
{
    DIR *folder = opendir(path);
    cr_assert(folder, "%s", path);
    for (struct dirent *d; (d = readdir(folder));) {
        char child[600];
        struct stat st;
        snprintf(child, sizeof child, "%s/%s", path, d->d_name);
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
            scratch_empty(child);
        remove(child);
    }
    closedir(folder);
}

static inline void scratch_remove(const struct scratch *s)
{
    scratch_empty(s->path);
    remove(s->path);
}

static inline void scratch_folder(const struct scratch *s, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
}

static inline void scratch_write(const struct scratch *s, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    remove(path); /* it may be a link */
    FILE *f = fopen(path, "w");
    cr_assert(f, "%s", path);
    cr_assert(fputs(text, f) >= 0);
    cr_assert_eq(fclose(f), 0);
}

/* A link named so to a file or folder. */
static inline void scratch_link(const struct scratch *s, const char *name, const char *target)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    remove(path);
    cr_assert_eq(symlink(target, path), 0, "%s", path);
}

static inline void scratch_drop(const struct scratch *s, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    cr_assert_eq(remove(path), 0, "%s", path);
}

/* Removes the folder's name, which must occur once, from a message. */
static inline void scratch_forget(const struct scratch *s, char *message)
{
    char *at = strstr(message, s->path);
    cr_assert(at, "%s", message);
    memmove(at, at + strlen(s->path), strlen(at + strlen(s->path)) + 1);
    cr_assert_null(strstr(message, s->path), "%s", message);
}

#endif
