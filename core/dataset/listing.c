/* listing.c - finds the samples of a data set on disk, and files that belong to none. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/folder.h>
#include "base/array.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dataset/listing.h"
#include "plugin/items.h"

const char *const il_listing_groups[IL_LISTING_GROUPS] = { "train", "validation", "test", "all" };

static void listed_free(il_listed *s)
{
    free(s->id);
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        free(s->path[k]);
}

void il_listing_free(il_listing *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        listed_free(&l->list[i]);
    for (size_t i = 0; i < l->trouble_count; i++) {
        free(l->troubles[i].where);
        free(l->troubles[i].why);
    }
    free(l->list);
    free(l->troubles);
    free(l->root);
    *l = (il_listing){ 0 };
}

char *il_listing_name(const il_listing *l, size_t i)
{
    il_text t = { 0 };
    const il_listed *s = &l->list[i];
    if (s->split == IL_LISTING_ALL)
        return il_text_copy(s->id);
    il_text_add(&t, "%s/%s", il_listing_groups[s->split], s->id);
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

/* Frees both texts' buffers. */
static int add_trouble(il_listing *l, il_text *where, il_text *why, bool unpaired, il_err *e)
{
    il_listing_trouble *list = il_array_grow(l->troubles, l->trouble_count, sizeof *list);
    if (list)
        l->troubles = list;
    if (!list || where->failed || why->failed) {
        il_text_free(where);
        il_text_free(why);
        return il_fail_oom(e);
    }
    list[l->trouble_count++] = (il_listing_trouble){ where->data, why->data, unpaired };
    return IL_OK;
}

static bool is_folder(const char *root, const char *name)
{
    struct stat st;
    char *path = il_text_path(root, name);
    bool is = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return is;
}

/* ---- the published layout ---- */

/* A split's folder. */
struct place {
    const char *path;
    il_split split;
};

static int tell_odd(il_listing *l, const struct place *f, const char *name, il_err *e)
{
    il_text where = { 0 }, why = { 0 };
    il_text_add(&where, "%s/%s", f->path, name);
    il_text_add(&why, "is not named <id>.<kind>.webp (or .png, .jpg); the kind must be " IL_PICTURE_KIND_WORDS);
    return add_trouble(l, &where, &why, false, e);
}

/* What a sample lacks, or NULL. A mask needs an image that it applies to, and such an image needs a mask. */
static const char *lacking(const il_listed *s)
{
    bool made = false;
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        made = made || (s->path[k] && il_picture_kind_masked((il_picture_kind)k));
    if (made && !s->path[IL_MASK])
        return "has no mask";
    return !made && s->path[IL_MASK] ? "has a mask, but no inpainted, realfake, fakefake or exchanged image" : NULL;
}

static int tell_unpaired(il_listing *l, const struct place *f, const il_listed *s, const il_split_file *twice,
                         il_err *e)
{
    il_text where = { 0 }, why = { 0 };
    if (!twice && !lacking(s))
        return IL_OK;
    il_text_add(&where, "%s/%s", il_listing_groups[f->split], s->id);
    if (twice)
        il_text_add(&why, "has two %s files: %s and %s", il_picture_kinds[twice->kind], twice[0].name, twice[1].name);
    else
        il_text_add(&why, "%s", lacking(s));
    return add_trouble(l, &where, &why, true, e);
}

/* One id's files. */
static int add_sample(il_listing *l, const struct place *f, const il_split_file *files, size_t count, il_err *e)
{
    const il_split_file *twice = NULL;
    il_listed s = { .split = f->split, .id = strndup(files->name, files->id_length) };
    bool good = s.id;
    for (size_t i = 0; i < count && good; i++) {
        if (s.path[files[i].kind]) {
            twice = twice ? twice : &files[i - 1];
            continue;
        }
        s.path[files[i].kind] = il_text_path(f->path, files[i].name);
        good = s.path[files[i].kind];
    }
    il_listed *list = good ? il_array_grow(l->list, l->count, sizeof *list) : NULL;
    if (!list) {
        listed_free(&s);
        return il_fail_oom(e);
    }
    l->list = list;
    list[l->count++] = s;
    return tell_unpaired(l, f, &s, twice, e);
}

static int list_split(il_listing *l, const char *path, il_split split, il_err *e)
{
    struct place place = { path, split };
    il_split_files files = { 0 };
    int rc = il_split_files_read(&files, path, e);
    for (size_t i = 0, end; i < files.count && !rc; i = end) {
        end = il_split_files_end(&files, i);
        if (files.list[i].kind == IL_PICTURE_KINDS)
            rc = tell_odd(l, &place, files.list[i].name, e);
        else
            rc = add_sample(l, &place, files.list + i, end - i, e);
    }
    il_split_files_free(&files);
    return rc;
}

static int list_splits(il_listing *l, il_err *e)
{
    int rc = IL_OK;
    for (int split = 0; split < IL_SPLITS && !rc; split++) {
        char *path = NULL;
        rc = il_split_folder(&path, l->root, (il_split)split, e);
        if (!rc && path)
            rc = list_split(l, path, (il_split)split, e);
        free(path);
    }
    return rc;
}

/* ---- the layouts without splits ---- */

static int take_items(il_listing *l, const il_items *items, il_err *e)
{
    for (size_t i = 0; i < items->count; i++) {
        const il_item *item = &items->list[i];
        il_listed *list = il_array_grow(l->list, l->count, sizeof *list);
        if (!list)
            return il_fail_oom(e);
        l->list = list;
        il_listed *s = &list[l->count++];
        *s = (il_listed){ .split = IL_LISTING_ALL, .id = il_text_copy(item->id) };
        s->path[item->mask ? IL_REALFAKE : IL_ORIGINAL] = il_text_copy(item->image);
        s->path[IL_MASK] = il_text_copy(item->mask);
        if (!s->id || !s->path[item->mask ? IL_REALFAKE : IL_ORIGINAL] || (item->mask && !s->path[IL_MASK]))
            return il_fail_oom(e);
    }
    for (size_t i = 0; i < items->rejected_count; i++) {
        il_text where = { 0 }, why = { 0 };
        il_text_add(&where, "%s", items->rejected[i].id);
        il_text_add(&why, "%s", items->rejected[i].why);
        int rc = add_trouble(l, &where, &why, true, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static int list_items(il_listing *l, il_err *e)
{
    il_items *items = NULL;
    int rc = il_items_new(&items, e);
    if (!rc && l->layout == IL_LAYOUT_PAIRS)
        rc = il_folder_pairs(items, l->root, "all", e);
    else if (!rc)
        rc = il_folder_list(items, l->root, "all", e);
    if (!rc)
        rc = il_items_sort(items, e);
    if (!rc)
        rc = take_items(l, items, e);
    il_items_free(items);
    return rc;
}

/* As far as its first characters tell; what is wrong with a list, its reader says. */
static bool is_json(const char *path)
{
    char text[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    const char *at = il_utf8_after_mark(text);
    at += strspn(at, " \t\r\n");
    return size < 0 || strchr("[{", *at); /* nothing but spaces so far, too */
}

static int find_layout(il_layout *out, const char *path, il_err *e)
{
    static const char expected[] =
        "expected a folder with train, validation or test, a folder with Tp and Gt, or a JSON list";
    struct stat st;
    if (stat(path, &st))
        return il_fail(e, IL_EDATA, "%s: %s; %s", path, strerror(errno), expected);
    bool splits = false;
    static const char *const names[] = { "train", "validation", "val", "valid", "test" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        splits = splits || is_folder(path, names[i]);
    if (S_ISREG(st.st_mode) && is_json(path))
        *out = IL_LAYOUT_LIST;
    else if (splits)
        *out = IL_LAYOUT_SPLITS;
    else if (is_folder(path, "Tp") || is_folder(path, "Gt"))
        *out = IL_LAYOUT_PAIRS;
    else
        return il_fail(e, IL_EDATA, "%s: is not a data set; %s", path, expected);
    return IL_OK;
}

int il_listing_open(il_listing *out, const char *path, il_err *e)
{
    il_listing l = { .root = il_text_copy(path) };
    int rc = l.root ? find_layout(&l.layout, path, e) : il_fail_oom(e);
    if (!rc)
        rc = l.layout == IL_LAYOUT_SPLITS ? list_splits(&l, e) : list_items(&l, e);
    if (!rc && !l.count && !l.trouble_count)
        rc = il_fail(e, IL_EDATA, "%s: contains no samples; expected files <split>/<id>.<kind>.webp (or .png, .jpg)",
                     path);
    if (rc)
        il_listing_free(&l);
    else
        *out = l;
    return rc;
}
