/* folder.c - the paper's folder layout: files of one split paired by id. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <inpaintlab/folder.h>
#include "base/text.h"
#include "base/array.h"
#include "base/suggest.h"

static const char *const kinds[] = { "original", "inpainted", "realfake", "fakefake" };
static const char *const endings[] = { "webp", "png", "jpg", "jpeg" };

/* Which of the wanted kinds a file is. */
enum part { IMAGE, MASK, EXTRA, PARTS };

struct file {
    char *id;
    char *name;
    enum part part;
};

struct listing {
    const char *wanted[PARTS]; /* kinds; NULL: not wanted */
    char *path;                /* of the split's folder */
    struct file *files;
    size_t count;
};

static void listing_free(struct listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->files[i].id);
        free(l->files[i].name);
    }
    free(l->files);
    free(l->path);
}

/* ---- the split's folder ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Names a split's folder may have; ends with NULL. */
static const char *const *split_names(const char *split)
{
    static const char *const table[][4] = {
        { "train" }, { "validation", "val", "valid" }, { "test" }
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(split, table[i][0]) == 0)
            return table[i];
    return NULL;
}

static int find_split(char **out, const char *root, const char *split, il_err *e)
{
    const char *const *names = split_names(split);
    if (!names)
        return il_fail(e, IL_EPARAM, "split '%s' is unknown; expected train, validation or test", split);
    struct stat st;
    if (stat(root, &st))
        return il_fail(e, IL_EDATA, "%s: %s; expected the folder of a data set", root, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return il_fail(e, IL_EDATA, "%s: is no folder; expected the folder of a data set", root);
    char *found = NULL;
    for (; *names; names++) {
        char *path = il_words_path(root, *names);
        if (!path || (is_folder(path) && found)) {
            int rc = path ? il_fail(e, IL_EDATA, "%s and %s: which one is the %s split? Expected only one of them",
                                    found, path, split) : il_fail_oom(e);
            free(path);
            free(found);
            return rc;
        }
        if (is_folder(path))
            found = path;
        else
            free(path);
    }
    if (!found)
        return il_fail(e, IL_EDATA, "%s: has no folder for the %s split; expected %s/%s", root, split, root,
                       strcmp(split, "validation") == 0 ? "validation (or val, valid)" : split);
    *out = found;
    return IL_OK;
}

/* ---- its files ---- */

static bool is_ending(const char *text)
{
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(text, endings[i]) == 0)
            return true;
    return false;
}

static int add_file(struct listing *l, const char *name, size_t id_length, enum part part, il_err *e)
{
    struct file *files = il_array_grow(l->files, l->count, sizeof *files);
    if (!files)
        return il_fail_oom(e);
    l->files = files;
    struct file f = { .id = strndup(name, id_length), .name = strdup(name), .part = part };
    if (!f.id || !f.name) {
        free(f.id);
        free(f.name);
        return il_fail_oom(e);
    }
    l->files[l->count++] = f;
    return IL_OK;
}

/* Takes <id>.<kind>.<ending> if the kind is wanted; an id may hold dots. */
static int take(struct listing *l, const char *name, il_err *e)
{
    const char *ending = strrchr(name, '.');
    if (!ending || ending == name || !is_ending(ending + 1))
        return IL_OK;
    const char *kind = ending;
    while (kind > name && kind[-1] != '.')
        kind--;
    if (kind <= name + 1) /* no dot, or nothing before it */
        return IL_OK;
    size_t length = (size_t)(ending - kind);
    int rc = IL_OK;
    for (int part = 0; part < PARTS && !rc; part++)
        if (l->wanted[part] && strlen(l->wanted[part]) == length && memcmp(kind, l->wanted[part], length) == 0)
            rc = add_file(l, name, (size_t)(kind - 1 - name), (enum part)part, e);
    return rc;
}

static int by_id_and_part(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    if (!order)
        order = (int)x->part - (int)y->part;
    return order ? order : strcmp(x->name, y->name);
}

static int list_files(struct listing *l, il_err *e)
{
    DIR *folder = opendir(l->path);
    if (!folder)
        return il_fail(e, IL_EIO, "%s: %s", l->path, strerror(errno));
    int rc = IL_OK;
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            if (errno)
                rc = il_fail(e, IL_EIO, "%s: %s", l->path, strerror(errno));
            break;
        }
        rc = take(l, entry->d_name, e);
    }
    closedir(folder);
    if (!rc && l->count)
        qsort(l->files, l->count, sizeof *l->files, by_id_and_part);
    return rc;
}

/* ---- pairing ---- */

static int reject(il_items *out, const struct listing *l, const char *id, enum part part, const struct file *twice,
                  il_err *e)
{
    il_text why = { 0 };
    if (twice)
        il_words_add(&why, "two %s files: %s/%s and %s", l->wanted[part], l->path, twice[0].name, twice[1].name);
    else if (part == MASK)
        il_words_add(&why, "no mask: expected %s/%s.mask.webp", l->path, id);
    else
        il_words_add(&why, "no %s picture: expected %s/%s.%s.webp", l->wanted[part], l->path, id, l->wanted[part]);
    int rc = why.failed ? il_fail_oom(e) : il_items_reject(out, id, why.data, e);
    il_words_free(&why);
    return rc;
}

/* One id's files, sorted by part. */
static int pair(il_items *out, const struct listing *l, const struct file *files, size_t count, il_err *e)
{
    const struct file *of[PARTS] = { NULL };
    const struct file *twice = NULL;
    for (size_t i = 0; i < count; i++) {
        if (of[files[i].part] && !twice && files[i].part != EXTRA)
            twice = &files[i - 1];
        of[files[i].part] = &files[i];
    }
    const char *id = files[0].id;
    if (l->wanted[EXTRA] && !of[EXTRA])
        return IL_OK;
    if (twice)
        return reject(out, l, id, twice->part, twice, e);
    if (!of[IMAGE])
        return of[MASK] ? reject(out, l, id, IMAGE, NULL, e) : IL_OK;
    if (l->wanted[MASK] && !of[MASK])
        return reject(out, l, id, MASK, NULL, e);
    char *image = il_words_path(l->path, of[IMAGE]->name);
    char *mask = of[MASK] ? il_words_path(l->path, of[MASK]->name) : NULL;
    int rc = image && (mask || !of[MASK]) ? il_items_add(out, id, image, mask, e) : il_fail_oom(e);
    free(image);
    free(mask);
    return rc;
}

static int pair_all(il_items *out, const struct listing *l, bool optional, il_err *e)
{
    bool some = false;
    for (size_t i = 0; i < l->count && !some; i++)
        some = l->files[i].part == IMAGE;
    if (!some && optional)
        return IL_OK;
    if (!some)
        return il_fail(e, IL_EDATA, "%s: has no %s pictures; expected files <id>.%s.webp (or .png, .jpg)", l->path,
                       l->wanted[IMAGE], l->wanted[IMAGE]);
    int rc = IL_OK;
    for (size_t i = 0, end; i < l->count && !rc; i = end) {
        for (end = i + 1; end < l->count && strcmp(l->files[end].id, l->files[i].id) == 0; end++)
            ;
        rc = pair(out, l, l->files + i, end - i, e);
    }
    return rc;
}

static int check_kind(const char *kind, il_err *e)
{
    size_t n = sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < n; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return IL_OK;
    const char *near = il_words_nearest(kind, kinds, n);
    return il_fail(e, IL_EPARAM, "image kind '%s' is unknown; expected original, inpainted, realfake or fakefake%s%s%s",
                   kind, near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

int il_folder_scan(il_items *out, il_folder folder, il_scan what, il_err *e)
{
    bool authentic = strcmp(what.images, "original") == 0;
    struct listing l = { .wanted = { what.images, authentic ? NULL : "mask", folder.having } };
    int rc = check_kind(what.images, e);
    if (!rc)
        rc = find_split(&l.path, folder.root, what.split, e);
    if (!rc)
        rc = list_files(&l, e);
    if (!rc)
        rc = pair_all(out, &l, folder.optional, e);
    listing_free(&l);
    return rc;
}
