/* folder_splits.c - the published layout: pairs the files of a split by id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <inpaintlab/folder.h>
#include "base/array.h"
#include "base/file.h"
#include "base/suggest.h"
#include "base/text.h"
#include "image/image_file.h"
#include "loader/folder_splits.h"

/* ---- splits ---- */

const char *const il_split_names[IL_SPLITS] = { "train", "validation", "test" };

il_split il_split_find(const char *name)
{
    int split = 0;
    while (split < IL_SPLITS && strcmp(il_split_names[split], name) != 0)
        split++;
    return (il_split)split;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int il_split_folder(char **out, const char *root, il_split split, il_err *e)
{
    static const char *const names[IL_SPLITS][4] = { { "train" }, { "validation", "val", "valid" }, { "test" } };
    char *found = NULL;
    for (const char *const *name = names[split]; *name; name++) {
        char *path = il_text_path(root, *name);
        bool there = path && is_folder(path);
        if (!path || (there && found)) {
            int rc = path ? il_fail(e, IL_EDATA, "%s and %s could both be the %s split; expected only one of them",
                                    found, path, il_split_names[split])
                          : il_fail_oom(e);
            free(path);
            free(found);
            return rc;
        }
        if (there)
            found = path;
        else
            free(path);
    }
    *out = found;
    return IL_OK;
}

static int find_split(char **out, const char *root, const char *name, il_err *e)
{
    il_split split = il_split_find(name);
    if (split == IL_SPLITS)
        return il_fail(e, IL_EPARAM, "unknown split '%s'; expected train, validation or test", name);
    struct stat st;
    if (stat(root, &st))
        return il_fail(e, IL_EDATA, "%s: %s; expected the folder of a data set", root, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return il_fail(e, IL_EDATA, "%s: is not a folder; expected the folder of a data set", root);
    int rc = il_split_folder(out, root, split, e);
    if (!rc && !*out)
        return il_fail(e, IL_EDATA, "%s: has no folder for the %s split; expected %s/%s", root, name, root,
                       split == IL_SPLIT_VALIDATION ? "validation (or val, valid)" : name);
    return rc;
}

/* ---- files ---- */

/* Splits <id>.<kind>.<extension>. */
static void cut_name(il_split_file *f)
{
    const char *ending = strrchr(f->name, '.'), *kind = ending;
    f->kind = IL_PICTURE_KINDS;
    if (!il_image_file_readable(f->name))
        return;
    while (kind > f->name && kind[-1] != '.')
        kind--;
    if (kind <= f->name + 1) /* no dot, or an empty id */
        return;
    f->id_length = (size_t)(kind - 1 - f->name);
    f->kind = il_picture_kind_find(kind, (size_t)(ending - kind));
}

static int by_id_and_kind(const void *a, const void *b)
{
    const il_split_file *x = a, *y = b;
    bool stranger = x->kind == IL_PICTURE_KINDS, other = y->kind == IL_PICTURE_KINDS;
    if (stranger || other)
        return stranger && other ? strcmp(x->name, y->name) : stranger - other;
    size_t least = x->id_length < y->id_length ? x->id_length : y->id_length;
    int order = memcmp(x->name, y->name, least);
    if (!order && x->id_length != y->id_length)
        order = x->id_length < y->id_length ? -1 : 1;
    if (!order)
        order = (int)x->kind - (int)y->kind;
    return order ? order : strcmp(x->name, y->name);
}

int il_split_files_read(il_split_files *out, const char *folder, il_err *e)
{
    il_file_names names = { 0 };
    int rc = il_file_list(&names, folder, e);
    if (rc)
        return rc;
    il_split_files files = { calloc(names.count ? names.count : 1, sizeof *files.list), names.count };
    for (size_t i = 0; files.list && i < names.count; i++) {
        files.list[i].name = names.list[i];
        cut_name(&files.list[i]);
    }
    if (!files.list) {
        il_file_names_free(&names);
        return il_fail_oom(e);
    }
    free(names.list); /* its texts now belong to the files */
    qsort(files.list, files.count, sizeof *files.list, by_id_and_kind);
    *out = files;
    return IL_OK;
}

void il_split_files_free(il_split_files *f)
{
    for (size_t i = 0; i < f->count; i++)
        free(f->list[i].name);
    free(f->list);
    *f = (il_split_files){ 0 };
}

size_t il_split_files_end(const il_split_files *f, size_t i)
{
    const il_split_file *first = &f->list[i];
    size_t end = i + 1;
    while (end < f->count && first->kind != IL_PICTURE_KINDS && f->list[end].kind != IL_PICTURE_KINDS &&
           f->list[end].id_length == first->id_length && memcmp(f->list[end].name, first->name, first->id_length) == 0)
        end++;
    return end;
}

/* ---- pairing ---- */

/* The kinds that a scan needs of each id. */
enum part { IMAGE, MASK, EXTRA, PARTS };

struct listing {
    il_picture_kind wanted[PARTS]; /* IL_PICTURE_KINDS: none */
    char *path;                    /* of the split's folder */
    il_split_files files;
};

static int reject(il_items *out, const struct listing *l, const char *id, enum part part, const il_split_file *twice,
                  il_err *e)
{
    const char *kind = il_picture_kinds[l->wanted[part]];
    il_text why = { 0 };
    if (twice)
        il_text_add(&why, "two %s files: %s/%s and %s", kind, l->path, twice[0].name, twice[1].name);
    else if (part == MASK)
        il_text_add(&why, "no mask; expected %s/%s.mask.webp", l->path, id);
    else
        il_text_add(&why, "no %s image; expected %s/%s.%s.webp", kind, l->path, id, kind);
    int rc = why.failed ? il_fail_oom(e) : il_items_reject(out, id, why.data, e);
    il_text_free(&why);
    return rc;
}

static int add_item(il_items *out, const struct listing *l, const char *id, const il_split_file *const of[PARTS],
                    il_err *e)
{
    char *image = il_text_path(l->path, of[IMAGE]->name);
    char *mask = of[MASK] ? il_text_path(l->path, of[MASK]->name) : NULL;
    int rc = image && (mask || !of[MASK]) ? il_items_add(out, id, image, mask, e) : il_fail_oom(e);
    free(image);
    free(mask);
    return rc;
}

/* One id's files, by kind. */
static int pair(il_items *out, const struct listing *l, const char *id, const il_split_file *files, size_t count,
                il_err *e)
{
    const il_split_file *of[PARTS] = { NULL }, *twice = NULL;
    enum part twice_part = IMAGE;
    for (int part = 0; part < PARTS; part++)
        for (size_t i = 0; i < count; i++) {
            if (l->wanted[part] == IL_PICTURE_KINDS || files[i].kind != l->wanted[part])
                continue;
            if (of[part] && !twice && part != EXTRA) {
                twice = &files[i - 1];
                twice_part = (enum part)part;
            }
            of[part] = &files[i];
        }
    bool masked = l->wanted[MASK] != IL_PICTURE_KINDS;
    if (l->wanted[EXTRA] != IL_PICTURE_KINDS && !of[EXTRA])
        return IL_OK;
    if (twice)
        return reject(out, l, id, twice_part, twice, e);
    if (!of[IMAGE])
        return of[MASK] ? reject(out, l, id, IMAGE, NULL, e) : IL_OK;
    if (masked && !of[MASK])
        return reject(out, l, id, MASK, NULL, e);
    return add_item(out, l, id, of, e);
}

static int pair_all(il_items *out, const struct listing *l, bool optional, il_err *e)
{
    const char *kind = il_picture_kinds[l->wanted[IMAGE]];
    bool some = false;
    for (size_t i = 0; i < l->files.count && !some; i++)
        some = l->files.list[i].kind == l->wanted[IMAGE];
    if (!some && optional)
        return IL_OK;
    if (!some)
        return il_fail(e, IL_EDATA, "%s: has no %s images; expected files <id>.%s.webp (or .png, .jpg)", l->path, kind,
                       kind);
    int rc = IL_OK;
    for (size_t i = 0, end; i < l->files.count && !rc; i = end) {
        const il_split_file *first = &l->files.list[i];
        end = il_split_files_end(&l->files, i);
        if (first->kind == IL_PICTURE_KINDS)
            continue;
        char *id = strndup(first->name, first->id_length);
        rc = id ? pair(out, l, id, first, end - i, e) : il_fail_oom(e);
        free(id);
    }
    return rc;
}

/* A kind of image to train or test on, so not "mask". */
static int find_kind(il_picture_kind *out, const char *name, il_err *e)
{
    static const char *const names[] = { "original",      "inpainted",       "realfake", "fakefake",
                                         "reconstructed", "selfconditioned", "exchanged" };
    *out = il_picture_kind_find(name, strlen(name));
    if (*out != IL_PICTURE_KINDS && *out != IL_MASK)
        return IL_OK;
    const char *near = il_suggest_nearest(name, names, sizeof names / sizeof *names);
    return il_fail(e, IL_EPARAM, "unknown image kind '%s'; expected " IL_PICTURE_KIND_SHOWN "%s%s%s", name,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

int il_folder_scan(il_items *out, il_folder folder, il_scan what, il_err *e)
{
    struct listing l = { .wanted = { IL_PICTURE_KINDS, IL_MASK, IL_PICTURE_KINDS } };
    int rc = find_kind(&l.wanted[IMAGE], what.images, e);
    if (!il_picture_kind_masked(l.wanted[IMAGE]))
        l.wanted[MASK] = IL_PICTURE_KINDS;
    if (folder.having)
        l.wanted[EXTRA] = il_picture_kind_find(folder.having, strlen(folder.having));
    if (!rc)
        rc = find_split(&l.path, folder.root, what.split, e);
    if (!rc)
        rc = il_split_files_read(&l.files, l.path, e);
    if (!rc)
        rc = pair_all(out, &l, folder.optional, e);
    il_split_files_free(&l.files);
    free(l.path);
    return rc;
}
