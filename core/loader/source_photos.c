/* source_photos.c - which photo each picture was cut from, by the manifests of data sets that recipes built. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/build_seal.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "loader/source_parts.h"
#include "loader/source_photos.h"

/* Folders above a picture that are looked in. */
enum { UP = 2 };

/* ---- a manifest ---- */

static int by_name(const void *a, const void *b)
{
    const struct sample *x = *(struct sample *const *)a, *y = *(struct sample *const *)b;
    return strcmp(x->listed->id, y->listed->id);
}

/* One line: all samples of that name get its photo. */
static int note_line(struct sample **sorted, size_t count, const char *line, size_t size, il_err *e)
{
    json_t *o = il_json_loadb(line, size, 0, NULL);
    const char *id = json_string_value(json_object_get(o, "id"));
    const char *photo = json_string_value(json_object_get(o, "photo"));
    const char *hash = json_string_value(json_object_get(o, "photo_sha256"));
    int rc = !o && il_json_code(IL_EFORMAT) == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
    size_t low = 0, high = id && photo ? count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(sorted[middle]->listed->id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; !rc && id && photo && low < count && strcmp(sorted[low]->listed->id, id) == 0; low++) {
        struct sample *one = sorted[low];
        if (one->photo)
            continue;
        if (!(one->photo = strdup(photo)))
            rc = il_fail_oom(e);
        if (hash && strlen(hash) + 1 == sizeof one->photo_sha256)
            memcpy(one->photo_sha256, hash, sizeof one->photo_sha256);
    }
    json_decref(o);
    return rc;
}

static int read_manifest(il_source *src, const char *text, size_t size, il_err *e)
{
    struct sample **sorted = calloc(src->count + 1, sizeof(struct sample *));
    const char *end = text + size, *next = text;
    int rc = sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < src->count; i++)
        sorted[i] = &src->samples[i];
    if (!rc && src->count)
        qsort(sorted, src->count, sizeof(struct sample *), by_name);
    while (!rc && next < end) {
        const char *line = next, *newline = memchr(line, '\n', (size_t)(end - line));
        next = newline ? newline + 1 : end;
        rc = note_line(sorted, src->count, line, (size_t)(next - line), e);
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
static int look_from(il_source *src, const char *image, il_err *e)
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
            rc = il_build_seal_check(NULL, folder, text, size, e);
        if (found && !rc)
            rc = read_manifest(src, text, size, e);
        if (!found)
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

int il_source_photos_read(il_source *src, il_err *e)
{
    const char *before = NULL;
    int rc = IL_OK;
    for (size_t i = 0; !rc && !src->photos_read && i < src->count; i++) {
        const char *image = src->samples[i].item.image;
        if (src->samples[i].photo || !image || (before && same_folder(image, before)))
            continue; /* each folder once */
        before = image;
        rc = look_from(src, image, e);
    }
    src->photos_read = !rc;
    return rc;
}

static int by_id(const void *id, const void *sample)
{
    return strcmp(id, ((const struct sample *)sample)->item.id);
}

const char *il_source_photo_of(const il_source *src, const char *id)
{
    const struct sample *found = src->count ? bsearch(id, src->samples, src->count, sizeof *src->samples, by_id) : NULL;
    if (!found)
        return NULL;
    return found->photo ? found->photo : src->nparts > 1 ? found->listed->id : NULL;
}

const char *il_source_photo_hash(const il_source *src, size_t i)
{
    return src->samples[i].photo_sha256;
}
