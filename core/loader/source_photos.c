/* source_photos.c - which photo each picture was cut from, by the manifests of data sets that recipes built. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "loader/source_photos.h"

/* Folders above a picture that are looked in. */
enum { UP = 2 };

struct picture {
    const char *id, *name; /* name: the id without the kind */
    char *photo;           /* owned; NULL: unknown */
    char hash[65];         /* of the photo's file; "": unknown */
};

struct il_source_photos {
    struct picture *list; /* by id, as the source has them */
    size_t count;
    bool kinds;
};

void il_source_photos_free(il_source_photos *p)
{
    for (size_t i = 0; p && p->list && i < p->count; i++)
        free(p->list[i].photo);
    if (p)
        free(p->list);
    free(p);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct picture *)a)->id, ((const struct picture *)b)->id);
}

/* ---- a manifest ---- */

static int by_name(const void *a, const void *b)
{
    const struct picture *x = *(struct picture *const *)a, *y = *(struct picture *const *)b;
    return strcmp(x->name, y->name);
}

/* One line: all pictures of that name get its photo. */
static int note_line(struct picture **sorted, size_t count, const char *line, size_t size, il_err *e)
{
    json_t *o = il_json_loadb(line, size, 0, NULL);
    const char *id = json_string_value(json_object_get(o, "id"));
    const char *photo = json_string_value(json_object_get(o, "photo"));
    const char *hash = json_string_value(json_object_get(o, "photo_sha256"));
    int rc = !o && il_json_code(IL_EFORMAT) == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
    size_t low = 0, high = id && photo ? count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->name, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; !rc && id && photo && low < count && strcmp(sorted[low]->name, id) == 0; low++) {
        if (sorted[low]->photo)
            continue;
        if (!(sorted[low]->photo = strdup(photo)))
            rc = il_fail_oom(e);
        if (hash && strlen(hash) + 1 == sizeof sorted[low]->hash)
            memcpy(sorted[low]->hash, hash, sizeof sorted[low]->hash);
    }
    json_decref(o);
    return rc;
}

static int read_manifest(il_source_photos *p, const char *text, size_t size, il_err *e)
{
    struct picture **sorted = calloc(p->count + 1, sizeof(struct picture *));
    const char *end = text + size, *next = text;
    int rc = sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < p->count; i++)
        sorted[i] = &p->list[i];
    if (!rc && p->count)
        qsort(sorted, p->count, sizeof(struct picture *), by_name);
    while (!rc && next < end) {
        const char *line = next, *newline = memchr(line, '\n', (size_t)(end - line));
        next = newline ? newline + 1 : end;
        rc = note_line(sorted, p->count, line, (size_t)(next - line), e);
    }
    free(sorted);
    return rc;
}

/* ---- where it lies ---- */

/* Shortens the path to the folder above; false where there is none. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return slash != NULL;
}

/* The first manifest in the picture's folder or in those above it. */
static int look_from(il_source_photos *p, const char *image, il_err *e)
{
    char *folder = strdup(image);
    int rc = folder ? IL_OK : il_fail_oom(e);
    bool found = false;
    for (int i = 0; !rc && !found && i < UP && go_up(folder); i++) {
        char *path = il_text_path(folder, "manifest.jsonl");
        char *text = NULL;
        size_t size = 0;
        il_err none = { 0 };
        rc = path ? il_file_read(&text, &size, path, IL_FILE_LIST, &none) : il_fail_oom(e);
        found = rc == IL_OK;
        if (found)
            rc = read_manifest(p, text, size, e);
        else
            rc = rc == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
        free(text);
        free(path);
    }
    free(folder);
    return rc;
}

static bool same_folder(const char *a, const char *b)
{
    const char *end = strrchr(a, '/'), *other = strrchr(b, '/');
    return end && other && end - a == other - b && strncmp(a, b, (size_t)(end - a)) == 0;
}

int il_source_photos_read(il_source_photos **out, const il_source *src, il_err *e)
{
    il_source_photos *p = calloc(1, sizeof *p);
    const char *before = NULL;
    if (!p)
        return il_fail_oom(e);
    p->count = il_source_count(src);
    p->list = calloc(p->count + 1, sizeof *p->list);
    int rc = p->list ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < p->count; i++) {
        p->list[i] = (struct picture){ .id = il_source_at(src, i).id, .name = il_source_name(src, i) };
        p->kinds = p->kinds || strcmp(p->list[i].id, p->list[i].name) != 0;
    }
    for (size_t i = 0; !rc && i < p->count; i++) {
        const char *image = il_source_at(src, i).image;
        if (p->list[i].photo || !image || (before && same_folder(image, before)))
            continue; /* each folder once */
        before = image;
        rc = look_from(p, image, e);
    }
    if (rc) {
        il_source_photos_free(p);
        return rc;
    }
    *out = p;
    return IL_OK;
}

static const struct picture *find(const il_source_photos *p, const char *id)
{
    const struct picture key = { .id = id };
    return p->count ? bsearch(&key, p->list, p->count, sizeof *p->list, by_id) : NULL;
}

const char *il_source_photos_hash(const il_source_photos *p, const char *id)
{
    const struct picture *found = find(p, id);
    return found ? found->hash : "";
}

const char *il_source_photos_of(const il_source_photos *p, const char *id)
{
    const struct picture *found = find(p, id);
    if (!found)
        return NULL;
    return found->photo ? found->photo : p->kinds ? found->name : NULL;
}
