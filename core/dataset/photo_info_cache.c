/* photo_info_cache.c - one file per folder of photos, one line per photo: modification time, size, hash, perceptual
 * hash, width, height, path; before them, a line with the SHA-256 of what follows. A file that has changed is made
 * anew. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/sha256.h"
#include "dataset/photo_info_cache.h"

struct entry {
    const char *below; /* in `text` */
    int64_t mtime, size;
    il_photo_info facts;
};

struct il_photo_info_cache {
    char *text;
    struct entry *list; /* by `below` */
    size_t count;
};

/* "" where there is no cache folder. The caller frees it. */
static char *file_of(const char *root)
{
    char real[PATH_MAX];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    il_text path = { 0 };
    if (!realpath(root, real) || !((cache && *cache) || (home && *home)))
        return strdup("");
    if (cache && *cache)
        il_text_add(&path, "%s", cache);
    else
        il_text_add(&path, "%s/.cache", home);
    il_text_add(&path, "/inpaintlab");
    il_err ignored = { 0 };
    if (!path.failed)
        (void)il_file_make_folders(path.data, &ignored);
    il_digest d = il_sha256(real, strlen(real)); /* 3: of the upright photos, with a checksum */
    il_text_add(&path, "/looks-3-%.16s", d.hex);
    if (path.failed)
        il_text_free(&path);
    return path.data;
}

static int64_t changed_at(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* The next word, up to a blank; NULL at the end. */
static char *next_word(char **at)
{
    char *word = *at, *end = word ? strchr(word, ' ') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return word;
}

/* The next word as a whole number from low to high. */
static bool read_number(int64_t *out, char **at, int64_t low, int64_t high)
{
    char *word = next_word(at), *end = NULL;
    long long value = word ? strtoll(word, &end, 10) : 0;
    *out = value;
    return word && end != word && !*end && value >= low && value <= high;
}

/* The entry points into the line. */
static bool read_line(struct entry *out, char *line)
{
    struct entry x = { 0 };
    int64_t width, height;
    char *end = NULL;
    if (!read_number(&x.mtime, &line, INT64_MIN, INT64_MAX) || !read_number(&x.size, &line, 0, INT64_MAX))
        return false;
    const char *sha256 = next_word(&line), *look = sha256 ? next_word(&line) : NULL;
    if (!look || strlen(sha256) != 64 || strlen(look) != 16 || !read_number(&width, &line, 1, INT_MAX) ||
        !read_number(&height, &line, 1, INT_MAX))
        return false;
    memcpy(x.facts.sha256.hex, sha256, 65);
    x.facts.look = strtoull(look, &end, 16);
    x.facts.width = (int)width;
    x.facts.height = (int)height;
    x.below = line;
    *out = x;
    return !*end && *line;
}

static int by_path(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->below, y->below);
}

/* What follows the first line; NULL where that is not its SHA-256. */
static char *whole_lines(char *text)
{
    enum { DIGITS = 64 };
    if (!text || strlen(text) <= DIGITS || text[DIGITS] != '\n')
        return NULL;
    char *rest = text + DIGITS + 1;
    return memcmp(il_sha256(rest, strlen(rest)).hex, text, DIGITS) == 0 ? rest : NULL;
}

int il_photo_info_cache_open(il_photo_info_cache **out, const char *root, il_err *e)
{
    il_photo_info_cache *l = calloc(1, sizeof *l);
    char *path = file_of(root);
    if (!l || !path) {
        free(l);
        free(path);
        return il_fail_oom(e);
    }
    size_t size = 0; /* up to its first NUL */
    il_err why = { 0 };
    int rc = *path ? il_file_read(&l->text, &size, path, IL_FILE_LIST, &why) : IL_OK;
    free(path);
    if (rc == IL_ENOMEM) { /* else there is no cache yet, or something else in its place */
        free(l);
        return il_fail_oom(e);
    }
    for (char *line = whole_lines(l->text), *next; line && *line; line = next) {
        char *end = strchr(line, '\n');
        next = end ? end + 1 : NULL;
        if (!end)
            break; /* the file was cut off */
        *end = '\0';
        struct entry *list = il_array_grow(l->list, l->count, sizeof *list);
        if (!list) {
            il_photo_info_cache_free(l);
            return il_fail_oom(e);
        }
        l->list = list;
        l->count += read_line(&list[l->count], line);
    }
    if (l->count)
        qsort(l->list, l->count, sizeof *l->list, by_path);
    *out = l;
    return IL_OK;
}

void il_photo_info_cache_free(il_photo_info_cache *l)
{
    if (!l)
        return;
    free(l->list);
    free(l->text);
    free(l);
}

bool il_photo_info_cache_find(il_photo_info *facts, const il_photo_info_cache *l, const il_photo *photo)
{
    struct stat st;
    struct entry key = { .below = photo->below };
    const struct entry *x = l->count ? bsearch(&key, l->list, l->count, sizeof *l->list, by_path) : NULL;
    if (!x || stat(photo->path, &st) || st.st_size != x->size || changed_at(&st) != x->mtime)
        return false;
    *facts = x->facts;
    return true;
}

void il_photo_info_cache_keep(const char *root, const il_photos *photos, const il_photo_info *facts)
{
    il_text text = { 0 }, whole = { 0 };
    il_err unheard = { 0 };
    char *path = file_of(root);
    for (size_t i = 0; path && *path && i < photos->count; i++) {
        const il_photo_info *f = &facts[i];
        struct stat st;
        if (!f->why && !strchr(photos->list[i].below, '\n') && stat(photos->list[i].path, &st) == 0)
            il_text_add(&text, "%" PRId64 " %" PRId64 " %s %016" PRIx64 " %d %d %s\n", changed_at(&st),
                        (int64_t)st.st_size, f->sha256.hex, f->look, f->width, f->height, photos->list[i].below);
    }
    il_text_add(&whole, "%s\n%s", il_sha256(text.data ? text.data : "", text.size).hex, text.data ? text.data : "");
    if (text.data && !text.failed && !whole.failed)
        (void)il_atomic_file_write(path, whole.data, whole.size, &unheard);
    il_text_free(&whole);
    il_text_free(&text);
    free(path);
}
