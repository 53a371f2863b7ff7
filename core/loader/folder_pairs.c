/* folder_pairs.c - IMDL-BenCo's layouts: a folder of tampered images beside a folder of masks, and a JSON list. Its
 * code pairs the files of the two folders by sorted order, which shifts all pairs after a missing file; here names
 * decide. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <inpaintlab/folder.h>
#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/suggest.h"
#include "base/text.h"
#include "image/image_file.h"

/* What the caller wants listed. */
struct wanted {
    bool tampered, authentic;
};

static int read_wanted(struct wanted *out, const char *images, il_err *e)
{
    static const char *const words[] = { "tampered", "original", "all" };
    for (int i = 0; i < 3; i++)
        if (strcmp(images, words[i]) == 0) {
            *out = (struct wanted){ .tampered = i != 1, .authentic = i != 0 };
            return IL_OK;
        }
    const char *near = il_suggest_nearest(images, words, 3);
    return il_fail(e, IL_EPARAM, "unknown image kind '%s'; expected tampered, original or all%s%s%s", images,
                   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static int reject(il_items *out, const char *id, il_text *why, il_err *e)
{
    int rc = why->failed ? il_fail_oom(e) : il_items_reject(out, id, why->data, e);
    il_text_free(why);
    return rc;
}

/* ---- the folder pair ---- */

struct file {
    char *name, *stem; /* stem: the name without its extension, and of a mask also without _gt or _mask */
};

struct folder {
    char *path;
    struct file *files; /* sorted by stem */
    size_t count;
};

static void folder_free(struct folder *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->files[i].name);
        free(f->files[i].stem);
    }
    free(f->files);
    free(f->path);
}

static int add_file(struct folder *f, const char *name, il_err *e)
{
    struct file *files = il_array_grow(f->files, f->count, sizeof *files);
    if (!files)
        return il_fail_oom(e);
    f->files = files;
    struct file file = { strdup(name), strndup(name, (size_t)(strrchr(name, '.') - name)) };
    if (!file.name || !file.stem) {
        free(file.name);
        free(file.stem);
        return il_fail_oom(e);
    }
    f->files[f->count++] = file;
    return IL_OK;
}

static int by_stem(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int order = strcmp(x->stem, y->stem);
    return order ? order : strcmp(x->name, y->name);
}

static int list_folder(struct folder *out, const char *root, const char *name, il_err *e)
{
    out->path = il_text_path(root, name);
    if (!out->path)
        return il_fail_oom(e);
    il_file_names names = { 0 };
    il_err why = { 0 };
    int rc = il_file_list(&names, out->path, &why);
    if (rc)
        return rc == IL_ENOMEM ? il_fail_oom(e)
                               : il_fail(e, IL_EDATA, "%s; expected a folder with Tp (tampered images) and Gt (masks)",
                                         why.message);
    for (size_t i = 0; !rc && i < names.count; i++)
        if (il_image_file_named(names.list[i])) /* includes unsupported formats, which reading then rejects by name */
            rc = add_file(out, names.list[i], e);
    il_file_names_free(&names);
    if (!rc && out->count)
        qsort(out->files, out->count, sizeof *out->files, by_stem);
    return rc;
}

static bool has_stem(const struct folder *f, const char *stem)
{
    struct file key = { .name = "", .stem = (char *)stem };
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_stem(&f->files[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < f->count && strcmp(f->files[low].stem, stem) == 0;
}

/* Strips _gt and _mask from masks that have no image with their full name. */
static void shorten(struct folder *masks, const struct folder *pictures)
{
    static const char *const tails[] = { "_gt", "_mask" };
    for (size_t i = 0; i < masks->count; i++) {
        char *stem = masks->files[i].stem;
        size_t n = strlen(stem);
        for (int k = 0; k < 2 && !has_stem(pictures, stem); k++) {
            size_t tail = strlen(tails[k]);
            if (n > tail && strcasecmp(stem + n - tail, tails[k]) == 0)
                stem[n - tail] = '\0';
        }
    }
    if (masks->count)
        qsort(masks->files, masks->count, sizeof *masks->files, by_stem);
}

/* The files of one stem: images from index p, masks from index m. */
struct stem {
    const char *id;
    size_t p, pictures, m, masks;
};

static int reject_pair(il_items *out, const struct folder *pictures, const struct folder *masks, struct stem s,
                       il_err *e)
{
    il_text why = { 0 };
    if (pictures->files && s.pictures > 1)
        il_text_add(&why, "two tampered images: %s/%s and %s", pictures->path, pictures->files[s.p].name,
                    pictures->files[s.p + 1].name);
    else if (masks->files && s.masks > 1)
        il_text_add(&why, "two masks: %s/%s and %s", masks->path, masks->files[s.m].name, masks->files[s.m + 1].name);
    else if (s.pictures)
        il_text_add(&why, "no mask; expected %s/%s.png", masks->path, s.id);
    else
        il_text_add(&why, "no tampered image; expected %s/%s.jpg (or .png, .webp)", pictures->path, s.id);
    return reject(out, s.id, &why, e);
}

static int pair(il_items *out, const struct folder *pictures, const struct folder *masks, struct stem s, il_err *e)
{
    if (!pictures->files || !masks->files || s.pictures != 1 || s.masks != 1)
        return reject_pair(out, pictures, masks, s, e);
    char *image = il_text_path(pictures->path, pictures->files[s.p].name);
    char *mask = il_text_path(masks->path, masks->files[s.m].name);
    int rc = image && mask ? il_items_add(out, s.id, image, mask, e) : il_fail_oom(e);
    free(image);
    free(mask);
    return rc;
}

/* Number of files from `at` on that have the stem. */
static size_t run_of(const struct folder *f, size_t at, const char *stem)
{
    size_t end = at;
    while (end < f->count && strcmp(f->files[end].stem, stem) == 0)
        end++;
    return end - at;
}

static int pair_all(il_items *out, const struct folder *pictures, const struct folder *masks, il_err *e)
{
    size_t p = 0, m = 0;
    int rc = IL_OK;
    while (!rc && (p < pictures->count || m < masks->count)) {
        const char *id = p < pictures->count ? pictures->files[p].stem : masks->files[m].stem;
        if (m < masks->count && strcmp(masks->files[m].stem, id) < 0)
            id = masks->files[m].stem;
        struct stem s = { id, p, run_of(pictures, p, id), m, run_of(masks, m, id) };
        rc = pair(out, pictures, masks, s, e);
        p += s.pictures;
        m += s.masks;
    }
    return rc;
}

int il_folder_pairs(il_items *out, const char *root, const char *images, il_err *e)
{
    struct wanted wanted = { 0 };
    struct folder pictures = { 0 }, masks = { 0 };
    int rc = read_wanted(&wanted, images, e);
    if (!rc)
        rc = list_folder(&pictures, root, "Tp", e);
    if (!rc)
        rc = list_folder(&masks, root, "Gt", e);
    if (!rc && !wanted.tampered)
        rc = il_fail(e, IL_EDATA, "%s: has no authentic images; a pair of folders contains only tampered ones", root);
    if (!rc && !pictures.count)
        rc = il_fail(e, IL_EDATA, "%s: contains no images", pictures.path);
    if (!rc) {
        shorten(&masks, &pictures);
        rc = pair_all(out, &pictures, &masks, e);
    }
    folder_free(&pictures);
    folder_free(&masks);
    return rc;
}

/* ---- the list ---- */

struct entry {
    const char *id, *mask; /* borrowed from the JSON; mask NULL: authentic */
    size_t number;         /* from 1 */
    bool again;            /* an earlier entry names the same image */
};

static const char *without_dot(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

static int read_entry(struct entry *out, const json_t *pair, size_t number, const char *path, il_err *e)
{
    const char *image = json_string_value(json_array_get(pair, 0)), *mask = json_string_value(json_array_get(pair, 1));
    if (json_array_size(pair) != 2 || !image || !mask || !*without_dot(image) || !*mask)
        return il_fail(e, IL_EFORMAT, "%s: entry %zu: expected [\"image\", \"mask\"] or [\"image\", \"Negative\"]",
                       path, number);
    if (strcmp(image, "ManiDataset") == 0 || strcmp(image, "JsonDataset") == 0)
        return il_fail(e, IL_EFORMAT, "%s: lists data sets, not images; name one of them, such as %s", path, mask);
    *out = (struct entry){ without_dot(image), strcmp(mask, "Negative") == 0 ? NULL : mask, number, false };
    return IL_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static char *beside(const char *list, const char *path)
{
    const char *slash = strrchr(list, '/');
    il_text t = { 0 };
    if (*path == '/' || !slash)
        il_text_add(&t, "%s", path);
    else
        il_text_add(&t, "%.*s%s", (int)(slash + 1 - list), list, without_dot(path));
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int add_entry(il_items *out, const struct entry *entry, const char *list, il_err *e)
{
    il_text why = { 0 };
    char *image = beside(list, entry->id), *mask = entry->mask ? beside(list, entry->mask) : NULL;
    int rc = IL_OK;
    if (!image || (entry->mask && !mask))
        rc = il_fail_oom(e);
    else if (entry->again)
        il_text_add(&why, "entry %zu of %s repeats it", entry->number, list);
    else if (!is_file(image))
        il_text_add(&why, "no image; expected %s", image);
    else if (mask && !is_file(mask))
        il_text_add(&why, "no mask; expected %s", mask);
    if (!rc)
        rc = why.failed || why.size ? reject(out, entry->id, &why, e) : il_items_add(out, entry->id, image, mask, e);
    free(image);
    free(mask);
    return rc;
}

static int read_entries(struct entry **out, const json_t *root, const char *path, il_err *e)
{
    size_t n = json_array_size(root);
    if (!n)
        return il_fail(e, IL_EFORMAT, "%s: expected a list of pairs [\"image\", \"mask\"]", path);
    struct entry *entries = malloc(n * sizeof *entries);
    int rc = entries ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < n && !rc; i++)
        rc = read_entry(&entries[i], json_array_get(root, i), i + 1, path, e);
    if (rc) {
        free(entries);
        return rc;
    }
    qsort(entries, n, sizeof *entries, by_id);
    for (size_t i = 1; i < n; i++)
        entries[i].again = strcmp(entries[i].id, entries[i - 1].id) == 0;
    *out = entries;
    return IL_OK;
}

int il_folder_list(il_items *out, const char *path, const char *images, il_err *e)
{
    struct wanted wanted = { 0 };
    struct entry *entries = NULL;
    json_t *root = NULL;
    size_t listed = 0;
    int rc = read_wanted(&wanted, images, e);
    if (rc)
        return rc;
    rc = il_json_read(&root, path, IL_FILE_LIST, JSON_REJECT_DUPLICATES, e);
    if (rc)
        return rc;
    rc = read_entries(&entries, root, path, e);
    for (size_t i = 0; !rc && i < json_array_size(root); i++)
        if (entries[i].mask ? wanted.tampered : wanted.authentic) {
            rc = add_entry(out, &entries[i], path, e);
            listed++;
        }
    if (!rc && !listed)
        rc = il_fail(e, IL_EDATA, "%s: lists no %s images", path, wanted.tampered ? "tampered" : "authentic");
    free(entries);
    json_decref(root);
    return rc;
}
