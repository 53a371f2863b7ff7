/* file.c - reading files, creating and listing folders. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

int il_file_code(int why)
{
    return why == ENOMEM ? IL_ENOMEM : IL_EIO;
}

int il_file_pread(int fd, void *out, size_t count, uint64_t at, il_err *e)
{
    char *to = out;
    while (count > 0) {
        ssize_t n = pread(fd, to, count, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return il_fail(e, IL_EIO, "cannot read the file: %s", strerror(errno));
        if (n == 0)
            return il_fail(e, IL_EFORMAT, "the file ends too early");
        to += n;
        at += (uint64_t)n;
        count -= (size_t)n;
    }
    return IL_OK;
}

/* ---- folders ---- */

static int make_folder(const char *path, il_err *e)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return IL_OK;
    int why = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? IL_OK : il_fail(e, IL_EIO, "%s is a file; expected a folder", path);
    return il_fail(e, IL_EIO, "cannot create the folder %s: %s", path, strerror(why));
}

int il_file_make_parents(const char *path, il_err *e)
{
    char *copy = il_text_copy(path);
    if (!copy)
        return il_fail_oom(e);
    int rc = IL_OK;
    for (char *slash = *copy ? strchr(copy + 1, '/') : NULL; !rc && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = make_folder(copy, e);
        *slash = '/';
    }
    free(copy);
    return rc;
}

int il_file_make_folders(const char *path, il_err *e)
{
    int rc = il_file_make_parents(path, e);
    return rc ? rc : make_folder(path, e);
}

static int add_name(il_file_names *n, const char *name, il_err *e)
{
    char **list = il_array_grow(n->list, n->count, sizeof *list);
    if (list)
        n->list = list;
    char *copy = list ? strdup(name) : NULL;
    if (!copy)
        return il_fail_oom(e);
    list[n->count++] = copy;
    return IL_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int il_file_list(il_file_names *out, const char *folder, il_err *e)
{
    il_file_names names = { 0 };
    DIR *d = opendir(folder);
    if (!d)
        return il_fail(e, il_file_code(errno), "cannot read the folder %s: %s", folder, strerror(errno));
    int rc = IL_OK;
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        if (!entry) {
            rc = errno ? il_fail(e, IL_EIO, "cannot read the folder %s: %s", folder, strerror(errno)) : IL_OK;
            break;
        }
        if (entry->d_name[0] != '.')
            rc = add_name(&names, entry->d_name, e);
    }
    closedir(d);
    if (rc) {
        il_file_names_free(&names);
        return rc;
    }
    if (names.count)
        qsort(names.list, names.count, sizeof *names.list, by_bytes);
    *out = names;
    return IL_OK;
}

void il_file_names_free(il_file_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
    *n = (il_file_names){ 0 };
}
