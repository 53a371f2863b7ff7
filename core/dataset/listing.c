/* listing.c - finds the samples of a data set on disk, and what is there without belonging to one. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <inpaintlab/folder.h>
#include "dataset/listing.h"
#include "plugin/items.h"
#include "base/text.h"
#include "base/array.h"

const char *const il_listing_splits[IL_SPLITS] = { "train", "validation", "test", "all" };

enum { TRAIN, VALIDATION, TEST, ALL };

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
    if (s->split == ALL)
        return il_words_copy(s->id);
    il_words_add(&t, "%s/%s", il_listing_splits[s->split], s->id);
    if (t.failed)
        il_words_free(&t);
    return t.data;
}

/* Frees both texts' buffers. */
static int add_trouble(il_listing *l, il_text *where, il_text *why, bool unpaired, il_err *e)
{
    il_listing_trouble *list = il_array_grow(l->troubles, l->trouble_count, sizeof *list);
    if (list)
        l->troubles = list;
    if (!list || where->failed || why->failed) {
        il_words_free(where);
        il_words_free(why);
        return il_fail_oom(e);
    }
    list[l->trouble_count++] = (il_listing_trouble){ where->data, why->data, unpaired };
    return IL_OK;
}

static bool is_folder(const char *root, const char *name)
{
    struct stat st;
    char *path = il_words_path(root, name);
    bool is = path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return is;
}

/* ---- the paper's layout ---- */

/* A file of a split's folder: <id>.<kind>.<ending>. */
struct file {
    char *name;
    size_t id_length;
    int kind; /* IL_PICTURE_KINDS: none of ours */
};

struct folder {
    const char *path;
    int split;
    struct file *files;
    size_t count;
};

static bool is_ending(const char *text)
{
    static const char *const endings[] = { "webp", "png", "jpg", "jpeg" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(text, endings[i]) == 0)
            return true;
    return false;
}

static void cut_name(struct file *f)
{
    const char *ending = strrchr(f->name, '.'), *kind = ending;
    f->kind = IL_PICTURE_KINDS;
    if (!ending || !is_ending(ending + 1))
        return;
    while (kind > f->name && kind[-1] != '.')
        kind--;
    if (kind <= f->name + 1) /* no dot, or nothing before it */
        return;
    size_t length = (size_t)(ending - kind);
    f->id_length = (size_t)(kind - 1 - f->name);
    for (int k = 0; k < IL_PICTURE_KINDS; k++)
        if (strlen(il_manifest_kinds[k]) == length && memcmp(kind, il_manifest_kinds[k], length) == 0)
            f->kind = k;
}

/* Those of one id stand together, by kind; strangers come last. */
static int by_id_and_kind(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    bool stranger = x->kind == IL_PICTURE_KINDS, other = y->kind == IL_PICTURE_KINDS;
    if (stranger || other)
        return stranger && other ? strcmp(x->name, y->name) : stranger - other;
    size_t least = x->id_length < y->id_length ? x->id_length : y->id_length;
    int order = memcmp(x->name, y->name, least);
    if (!order && x->id_length != y->id_length)
        order = x->id_length < y->id_length ? -1 : 1;
    if (!order)
        order = x->kind - y->kind;
    return order ? order : strcmp(x->name, y->name);
}

static int read_folder(struct folder *f, il_err *e)
{
    DIR *folder = opendir(f->path);
    if (!folder)
        return il_fail(e, IL_EIO, "%s: %s", f->path, strerror(errno));
    int rc = IL_OK;
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (!entry) {
            if (errno)
                rc = il_fail(e, IL_EIO, "%s: %s", f->path, strerror(errno));
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        struct file *files = il_array_grow(f->files, f->count, sizeof *files);
        struct file file = { .name = strdup(entry->d_name) };
        if (files)
            f->files = files;
        if (!files || !file.name) {
            free(file.name);
            rc = il_fail_oom(e);
            break;
        }
        cut_name(&file);
        files[f->count++] = file;
    }
    closedir(folder);
    if (!rc && f->count)
        qsort(f->files, f->count, sizeof *f->files, by_id_and_kind);
    return rc;
}

static int tell_odd(il_listing *l, const struct folder *f, const char *name, il_err *e)
{
    il_text where = { 0 }, why = { 0 };
    il_words_add(&where, "%s/%s", f->path, name);
    il_words_add(&why, "is no <id>.<kind>.webp (or .png, .jpg); kinds are original, mask, inpainted, realfake, fakefake");
    return add_trouble(l, &where, &why, false, e);
}

/* What a sample lacks, or NULL. A mask goes with a picture it is true of, and the other way round. */
static const char *lacking(const il_listed *s)
{
    bool made = s->path[IL_INPAINTED] || s->path[IL_REALFAKE] || s->path[IL_FAKEFAKE];
    if (made && !s->path[IL_MASK])
        return "no mask";
    return !made && s->path[IL_MASK] ? "a mask, but no inpainted, realfake or fakefake picture" : NULL;
}

static int tell_unpaired(il_listing *l, const struct folder *f, const il_listed *s, const struct file *twice, il_err *e)
{
    il_text where = { 0 }, why = { 0 };
    if (!twice && !lacking(s))
        return IL_OK;
    il_words_add(&where, "%s/%s", il_listing_splits[f->split], s->id);
    if (twice)
        il_words_add(&why, "two %s files: %s and %s", il_manifest_kinds[twice->kind], twice[0].name, twice[1].name);
    else
        il_words_add(&why, "%s", lacking(s));
    return add_trouble(l, &where, &why, true, e);
}

/* One id's files. */
static int add_sample(il_listing *l, const struct folder *f, const struct file *files, size_t count, il_err *e)
{
    const struct file *twice = NULL;
    il_listed s = { .split = f->split, .id = strndup(files->name, files->id_length) };
    bool good = s.id;
    for (size_t i = 0; i < count && good; i++) {
        if (s.path[files[i].kind]) {
            twice = twice ? twice : &files[i - 1];
            continue;
        }
        s.path[files[i].kind] = il_words_path(f->path, files[i].name);
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

static bool same_id(const struct file *a, const struct file *b)
{
    return b->kind < IL_PICTURE_KINDS && a->id_length == b->id_length && memcmp(a->name, b->name, a->id_length) == 0;
}

static int list_split(il_listing *l, const char *path, int split, il_err *e)
{
    struct folder f = { .path = path, .split = split };
    int rc = read_folder(&f, e);
    for (size_t i = 0, end; i < f.count && !rc; i = end) {
        end = i + 1;
        if (f.files[i].kind == IL_PICTURE_KINDS) {
            rc = tell_odd(l, &f, f.files[i].name, e);
            continue;
        }
        while (end < f.count && same_id(&f.files[i], &f.files[end]))
            end++;
        rc = add_sample(l, &f, f.files + i, end - i, e);
    }
    for (size_t i = 0; i < f.count; i++)
        free(f.files[i].name);
    free(f.files);
    return rc;
}

static const struct {
    const char *name;
    int split;
} folders[] = { { "train", TRAIN }, { "validation", VALIDATION }, { "val", VALIDATION }, { "valid", VALIDATION }, { "test", TEST } };

enum { FOLDERS = sizeof folders / sizeof *folders };

static int list_splits(il_listing *l, il_err *e)
{
    const char *seen[IL_SPLITS] = { NULL };
    int rc = IL_OK;
    for (int i = 0; i < FOLDERS && !rc; i++) {
        const char *name = folders[i].name, *before = seen[folders[i].split];
        if (!is_folder(l->root, name))
            continue;
        if (before)
            return il_fail(e, IL_EDATA, "%s: %s and %s: which one is the validation split? Expected only one of them", l->root,
                           before, name);
        seen[folders[i].split] = name;
        char *path = il_words_path(l->root, name);
        rc = path ? list_split(l, path, folders[i].split, e) : il_fail_oom(e);
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
        *s = (il_listed){ .split = ALL, .id = il_words_copy(item->id) };
        s->path[item->mask ? IL_REALFAKE : IL_ORIGINAL] = il_words_copy(item->image);
        s->path[IL_MASK] = il_words_copy(item->mask);
        if (!s->id || !s->path[item->mask ? IL_REALFAKE : IL_ORIGINAL] || (item->mask && !s->path[IL_MASK]))
            return il_fail_oom(e);
    }
    for (size_t i = 0; i < items->rejected_count; i++) {
        il_text where = { 0 }, why = { 0 };
        il_words_add(&where, "%s", items->rejected[i].id);
        il_words_add(&why, "%s", items->rejected[i].why);
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

static int find_layout(il_layout *out, const char *path, il_err *e)
{
    static const char expected[] = "expected a folder with train, validation or test, a folder with Tp and Gt, or a JSON list";
    struct stat st;
    if (stat(path, &st))
        return il_fail(e, IL_EDATA, "%s: %s; %s", path, strerror(errno), expected);
    bool splits = false;
    for (int i = 0; i < FOLDERS; i++)
        splits = splits || is_folder(path, folders[i].name);
    if (S_ISREG(st.st_mode))
        *out = IL_LAYOUT_LIST;
    else if (splits)
        *out = IL_LAYOUT_SPLITS;
    else if (is_folder(path, "Tp") || is_folder(path, "Gt"))
        *out = IL_LAYOUT_PAIRS;
    else
        return il_fail(e, IL_EDATA, "%s: is no data set; %s", path, expected);
    return IL_OK;
}

int il_listing_open(il_listing *out, const char *path, il_err *e)
{
    il_listing l = { .root = il_words_copy(path) };
    int rc = l.root ? find_layout(&l.layout, path, e) : il_fail_oom(e);
    if (!rc)
        rc = l.layout == IL_LAYOUT_SPLITS ? list_splits(&l, e) : list_items(&l, e);
    if (!rc && !l.count && !l.trouble_count)
        rc = il_fail(e, IL_EDATA, "%s: holds no samples; expected files <split>/<id>.<kind>.webp (or .png, .jpg)", path);
    if (rc)
        il_listing_free(&l);
    else
        *out = l;
    return rc;
}
