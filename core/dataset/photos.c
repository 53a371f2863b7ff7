/* photos.c - finds photos and their captions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dataset/photos.h"
#include "image/image_file.h"

enum { MAX_DEPTH = 32 };

/* Keeps the first `kept` photos. */
static void cut(il_photos *p, size_t kept)
{
    for (; p->count > kept; p->count--) {
        il_photo *last = &p->list[p->count - 1];
        free(last->id);
        free(last->path);
        free(last->below);
        free(last->caption);
    }
}

void il_photos_free(il_photos *p)
{
    cut(p, 0);
    free(p->list);
    *p = (il_photos){ 0 };
}

/* ---- files ---- */

static char *joined(const char *a, const char *b)
{
    il_text t = { 0 };
    il_text_add(&t, "%s%s%s", a, *a ? "/" : "", b);
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

/* "a/b.jpg" -> "a_b" */
static char *id_of(const char *below)
{
    char *id = il_text_copy(below);
    if (!id)
        return NULL;
    *strrchr(id, '.') = '\0';
    for (char *p = id; *p; p++)
        if (*p == '/')
            *p = '_';
    return id;
}

static int add_photo(il_photos *p, const char *root, const char *below, int64_t size, il_err *e)
{
    il_photo *list = il_array_grow(p->list, p->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    p->list = list;
    il_photo *photo = &p->list[p->count];
    *photo = (il_photo){ .id = id_of(below),
                         .path = joined(root, below),
                         .below = il_text_copy(below),
                         .caption = il_text_copy(""),
                         .size = size };
    p->count++;
    return photo->id && photo->path && photo->below && photo->caption ? IL_OK : il_fail_oom(e);
}

static int add_folder(il_photos *p, const char *root, const char *below, int depth, il_err *e);

static int add_entry(il_photos *p, const char *root, const char *below, int depth, il_err *e)
{
    struct stat st;
    char *path = joined(root, below);
    if (!path)
        return il_fail_oom(e);
    int failed = stat(path, &st);
    free(path);
    if (failed)
        return IL_OK; /* a broken link */
    if (S_ISDIR(st.st_mode))
        return depth < MAX_DEPTH
                   ? add_folder(p, root, below, depth + 1, e)
                   : il_fail(e, IL_EDATA, "%s/%s: folders are nested more than %d deep", root, below, MAX_DEPTH);
    return S_ISREG(st.st_mode) && il_image_file_readable(below) ? add_photo(p, root, below, st.st_size, e) : IL_OK;
}

static int add_folder(il_photos *p, const char *root, const char *below, int depth, il_err *e)
{
    char *path = *below ? joined(root, below) : il_text_copy(root);
    if (!path)
        return il_fail_oom(e);
    il_file_names names = { 0 };
    int rc = il_file_list(&names, path, e);
    free(path);
    for (size_t i = 0; !rc && i < names.count; i++) {
        if (names.list[i][0] == '.')
            continue;
        char *next = joined(below, names.list[i]);
        rc = next ? add_entry(p, root, next, depth, e) : il_fail_oom(e);
        free(next);
    }
    il_file_names_free(&names);
    return rc;
}

static int by_place(const void *a, const void *b)
{
    return strcmp(((const il_photo *)a)->below, ((const il_photo *)b)->below);
}

/* A photo by one of its names; sorted by name. */
struct named {
    const char *name;
    il_photo *photo;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* By id, or by file name without folders. */
static struct named *index_photos(const il_photos *p, bool by_id)
{
    struct named *index = malloc(p->count * sizeof *index);
    for (size_t i = 0; index && i < p->count; i++)
        index[i] = (struct named){ by_id ? p->list[i].id : base_of(p->list[i].below), &p->list[i] };
    if (index)
        qsort(index, p->count, sizeof *index, by_name);
    return index;
}

static int check_ids(const il_photos *p, il_err *e)
{
    struct named *sorted = index_photos(p, true);
    int rc = sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 1; !rc && i < p->count; i++)
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            rc = il_fail(e, IL_EDATA, "%s and %s would have the same id '%s'; rename one", sorted[i - 1].photo->path,
                         sorted[i].photo->path, sorted[i].name);
    free(sorted);
    return rc;
}

/* ---- captions ---- */

/* The whole text as one line: what stands around a line break becomes one space; at the ends there is none. */
static void join_lines(char *text)
{
    char *to = text;
    const char *from = text + strspn(text, "\r\n");
    while (*from) {
        size_t blank = strspn(from, " \t\r\n"), ends = strcspn(from, "\r\n");
        if (ends < blank) { /* blanks that hold a line break */
            from += blank;
            if (to > text && *from)
                *to++ = ' ';
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

static int set_caption(il_photo *photo, const char *text, il_err *e)
{
    char *copy = il_text_copy(il_utf8_after_mark(text));
    if (!copy)
        return il_fail_oom(e);
    join_lines(copy);
    free(photo->caption);
    photo->caption = copy;
    return IL_OK;
}

/* "caption" of PHOTO.json. */
static int caption_from_json(il_photo *photo, const char *path, il_err *e)
{
    json_t *all = NULL;
    int rc = il_json_read(&all, path, IL_FILE_SETTINGS, JSON_REJECT_DUPLICATES, e);
    const char *text = json_string_value(json_object_get(all, "caption"));
    if (!rc)
        rc = text ? set_caption(photo, text, e) : il_fail(e, IL_EFORMAT, "%s: expected a string 'caption'", path);
    json_decref(all);
    return rc;
}

enum { MOST_CAPTION = 65536 }; /* bytes */

static int check_encoding(const char *text, size_t size, const char *path, il_err *e)
{
    if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return il_fail(e, IL_EFORMAT, "%s: is UTF-16; expected UTF-8", path);
    for (size_t at = 0, used = 0; at < size; at += used)
        if (il_utf8_next(text + at, size - at, &used) <= 0)
            return il_fail(e, IL_EFORMAT, "%s: is not UTF-8 at byte %zu; expected UTF-8", path, at);
    return IL_OK;
}

static int caption_from_text(il_photo *photo, const char *path, il_err *e)
{
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read(&text, &size, path, MOST_CAPTION, e);
    if (!rc)
        rc = check_encoding(text, size, path, e);
    if (!rc)
        rc = set_caption(photo, text, e);
    free(text);
    return rc;
}

static int caption_beside(il_photo *photo, il_err *e)
{
    static const char *const endings[] = { "json", "txt" };
    int length = (int)(strrchr(photo->path, '.') - photo->path);
    for (int i = 0; i < 2; i++) {
        struct stat st;
        il_text path = { 0 };
        il_text_add(&path, "%.*s.%s", length, photo->path, endings[i]);
        if (path.failed)
            return il_fail_oom(e);
        bool there = stat(path.data, &st) == 0;
        int rc = !there ? IL_OK : i ? caption_from_text(photo, path.data, e) : caption_from_json(photo, path.data, e);
        il_text_free(&path);
        if (there || rc)
            return rc;
    }
    return IL_OK;
}

struct digits {
    char text[24];
};

/* Padded with zeros to `least` digits, as COCO does. */
static struct digits digits_of(const json_t *id, int least)
{
    struct digits d;
    snprintf(d.text, sizeof d.text, "%0*" JSON_INTEGER_FORMAT, least, json_integer_value(id));
    return d;
}

/* image id -> file name */
static json_t *coco_names(const json_t *all)
{
    json_t *names = json_object(), *image;
    size_t i;
    json_array_foreach(json_object_get(all, "images"), i, image)
    {
        const json_t *name = json_object_get(image, "file_name");
        if (json_is_string(name))
            json_object_set(names, digits_of(json_object_get(image, "id"), 1).text, (json_t *)name);
    }
    return names;
}

/* The photo that an annotation belongs to, NULL when it belongs to another file: by the name in `images` without its
 * folders (they may differ from those below the root), else by COCO's naming scheme. */
static il_photo *photo_of(const struct named *index, size_t count, const json_t *names, const json_t *id)
{
    char usual[32];
    snprintf(usual, sizeof usual, "%s.jpg", digits_of(id, 12).text);
    const char *name = json_string_value(json_object_get(names, digits_of(id, 1).text));
    struct named wanted = { name ? base_of(name) : usual, NULL };
    const struct named *found = bsearch(&wanted, index, count, sizeof *index, by_name);
    return found ? found->photo : NULL;
}

/* The first caption of each photo, in the file's order, as the published data used. */
static int captions_from_list(const struct named *index, size_t count, const json_t *names, const json_t *list,
                              const char *path, il_err *e)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        const json_t *id = json_object_get(one, "image_id");
        const char *text = json_string_value(json_object_get(one, "caption"));
        if (!json_is_integer(id) || !text)
            return il_fail(e, IL_EFORMAT, "%s: annotation %zu lacks 'image_id' or 'caption'", path, i);
        il_photo *photo = photo_of(index, count, names, id);
        int rc = photo && !*photo->caption ? set_caption(photo, text, e) : IL_OK;
        if (rc)
            return rc;
    }
    return IL_OK;
}

size_t il_photos_captioned(const il_photos *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += *p->list[i].caption != '\0';
    return n;
}

static int captions_from_coco(il_photos *p, const char *root, const char *path, il_err *e)
{
    json_t *all = NULL;
    int rc = il_json_read(&all, path, IL_FILE_LIST, 0, e);
    if (rc)
        return rc;
    const json_t *list = json_object_get(all, "annotations");
    il_json_begin();
    json_t *names = coco_names(all);
    struct named *index = index_photos(p, false);
    rc = index && !il_json_short() ? IL_OK : il_fail_oom(e);
    if (!rc && !json_is_array(list))
        rc = il_fail(e, IL_EFORMAT, "%s: has no list 'annotations'; expected a COCO captions file", path);
    if (!rc)
        rc = captions_from_list(index, p->count, names, list, path, e);
    if (!rc && !il_photos_captioned(p)) /* usually captions of another split: all prompts would be empty */
        rc = il_fail(e, IL_EDATA,
                     "%s: has no caption for any of the %zu photos of %s; expected captions "
                     "of files such as %s",
                     path, p->count, root, base_of(p->list[0].below));
    free(index);
    json_decref(names);
    json_decref(all);
    return rc;
}

/* The manifest is JSON: names and captions must be UTF-8. */
static int check_text(const il_photo *photo, il_err *e)
{
    const char *texts[] = { photo->below, photo->caption }, *const what[] = { "name", "caption" };
    for (int i = 0; i < 2; i++) {
        il_json_begin();
        json_t *text = json_string(texts[i]);
        if (!text && il_json_short())
            return il_fail_oom(e);
        if (!text)
            return il_fail(e, IL_EDATA, "%s: its %s must be UTF-8", photo->path, what[i]);
        json_decref(text);
    }
    return IL_OK;
}

int il_photos_list(il_photos *out, il_photos_opts o, il_err *e)
{
    il_photos p = { 0 };
    int rc = add_folder(&p, o.root, "", 0, e);
    if (!rc && !p.count)
        rc = il_fail(e, IL_EDATA, "%s: contains no photo (.jpg, .jpeg, .png, .webp, .tif, .tiff)", o.root);
    if (!rc) {
        qsort(p.list, p.count, sizeof *p.list, by_place);
        rc = check_ids(&p, e);
    }
    if (!rc && o.limit > 0 && (uint64_t)o.limit < p.count)
        cut(&p, (size_t)o.limit);
    bool coco = o.captions && *o.captions;
    if (!rc && !o.no_captions && coco)
        rc = captions_from_coco(&p, o.root, o.captions, e);
    for (size_t i = 0; !rc && !o.no_captions && !coco && i < p.count; i++)
        rc = caption_beside(&p.list[i], e);
    for (size_t i = 0; !rc && i < p.count; i++)
        rc = check_text(&p.list[i], e);
    if (rc)
        il_photos_free(&p);
    else
        *out = p;
    return rc;
}
