/* input_list.c - files, folders and patterns -> images. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "detect/input_list.h"
#include "image/image_file.h"
#include "image/metadata.h"

enum { MAX_DEPTH = 64 };

/* The folders from the first down to the current one; following a link back to one of them would never end. */
struct trail {
    const struct trail *above;
    dev_t device;
    ino_t number;
    int depth;
};

void il_input_list_free(il_input_list *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->list[i].path);
        free(g->list[i].why);
    }
    free(g->list);
    *g = (il_input_list){ 0 };
}

static int add(il_input_list *g, const char *path, const char *why, il_err *e)
{
    il_input *list = il_array_grow(g->list, g->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    g->list = list;
    il_input *one = &g->list[g->count++];
    *one = (il_input){ .path = il_text_copy(path), .why = il_text_copy(why) };
    return one->path && (one->why || !why) ? IL_OK : il_fail_oom(e);
}

static bool begins_like_picture(const char *path)
{
    uint8_t data[16];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof data);
    if (fd >= 0)
        close(fd);
    return n > 0 && il_metadata_read(data, (size_t)n).format;
}

/* ---- folders ---- */

static int add_folder(il_input_list *g, const char *path, const struct stat *st, const char *without,
                      const struct trail *above, il_err *e);

static int add_entry(il_input_list *g, const char *path, const char *without, const struct trail *trail, il_err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return il_image_file_named(path) || errno == ELOOP ? add(g, path, strerror(errno), e) : IL_OK;
    if (S_ISDIR(st.st_mode))
        return add_folder(g, path, &st, without, trail, e);
    bool picture = il_image_file_named(path) || (S_ISREG(st.st_mode) && begins_like_picture(path));
    return picture ? add(g, path, NULL, e) : IL_OK;
}

static bool is_same(const char *path, const struct stat *st)
{
    struct stat other;
    return path && stat(path, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static int add_folder(il_input_list *g, const char *path, const struct stat *st, const char *without,
                      const struct trail *above, il_err *e)
{
    struct trail here = { above, st->st_dev, st->st_ino, above ? above->depth + 1 : 0 };
    if (is_same(without, st))
        return IL_OK;
    for (const struct trail *t = above; t; t = t->above)
        if (t->device == here.device && t->number == here.number)
            return IL_OK; /* its images are in the list already */
    if (here.depth > MAX_DEPTH)
        return add(g, path, "folders are nested too deep", e);
    il_file_names names = { 0 };
    il_err why = { 0 };
    int rc = il_file_list(&names, path, &why);
    if (rc)
        return rc == IL_ENOMEM ? il_fail_oom(e) : add(g, path, strrchr(why.message, ':') + 2, e); /* without the path */
    for (size_t i = 0; i < names.count && !rc; i++) {
        if (names.list[i][0] == '.')
            continue;
        char *next = il_text_path(path, names.list[i]);
        rc = next ? add_entry(g, next, without, &here, e) : il_fail_oom(e);
        free(next);
    }
    il_file_names_free(&names);
    return rc;
}

/* ---- arguments ---- */

static int add_existing(il_input_list *g, const char *path, const char *without, il_err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return add(g, path, strerror(errno), e);
    if (!S_ISDIR(st.st_mode))
        return add(g, path, NULL, e);
    size_t before = g->count;
    int rc = add_folder(g, path, &st, without, NULL, e);
    return !rc && g->count == before && !is_same(without, &st) ? add(g, path, "the folder contains no image", e) : rc;
}

/* glob(3) passes over folders that cannot be read; not for want of memory. */
static int on_glob_error(const char *path, int why)
{
    (void)path;
    return why == ENOMEM;
}

static int add_pattern(il_input_list *g, const char *word, const char *without, il_err *e)
{
    glob_t found = { 0 };
    int rc = IL_OK, result = glob(word, 0, on_glob_error, &found);
    if (result == GLOB_NOSPACE || result == GLOB_ABORTED)
        rc = il_fail_oom(e);
    else if (result != 0)
        rc = add(g, word, "no file matches this pattern", e);
    for (size_t i = 0; result == 0 && i < found.gl_pathc && !rc; i++)
        rc = add_existing(g, found.gl_pathv[i], without, e);
    globfree(&found);
    return rc;
}

int il_input_list_add(il_input_list *g, const char *word, const char *without, il_err *e)
{
    struct stat st;
    if (strcmp(word, "-") == 0)
        return add(g, word, NULL, e);
    if (strpbrk(word, "*?[") && lstat(word, &st) != 0) /* a name may contain these, too */
        return add_pattern(g, word, without, e);
    return add_existing(g, word, without, e);
}

/* ---- names of output files ---- */

void il_result_names_free(il_result_names *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i]);
    free(n->list);
    *n = (il_result_names){ 0 };
}

static bool is_taken(const il_result_names *n, const char *stem)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->list[i], stem) == 0)
            return true;
    return false;
}

static int take(char **stem, il_result_names *n, char *name, il_err *e)
{
    char **list = il_array_grow(n->list, n->count, sizeof *list);
    char *copy = il_text_copy(name);
    if (list)
        n->list = list;
    if (!list || !copy) {
        free(copy);
        free(name);
        return il_fail_oom(e);
    }
    n->list[n->count++] = copy;
    *stem = name;
    return IL_OK;
}

int il_result_names_next(char **stem, il_result_names *n, const char *folder, const char *path, il_err *e)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strcmp(path, "-") == 0)
        name = "stdin";
    const char *dot = strrchr(name, '.');
    size_t size = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    for (unsigned number = 1;; number++) {
        il_text t = { 0 };
        il_text_add(&t, "%s/", folder);
        il_text_add_name(&t, name, size);
        if (number > 1)
            il_text_add(&t, "-%u", number);
        if (t.failed) {
            il_text_free(&t);
            return il_fail_oom(e);
        }
        if (!is_taken(n, t.data))
            return take(stem, n, t.data, e);
        il_text_free(&t);
    }
}
