/* irregular.c - masker: a picture of a folder of irregular masks (QD-IMD: black strokes on white), chosen by seed among
 * the files sorted by name; inverted, its strokes widened by a maximum filter, resized to the photo's size, in that order as
 * the paper's: the filter's pixels are the file's. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <inpaintlab/plugin.h>
#include <inpaintlab/random.h>

struct irregular {
    char *root;
    int maximum;
    char **names; /* sorted */
    size_t count, room;
};

static const il_param_spec irregular_params[] = {
    { .name = "root", .type = IL_PARAM_PATH, .help = "folder of mask pictures (.png, .jpg), dark strokes on white" },
    { .name = "maximum",
      .type = IL_PARAM_INT,
      .fallback = "15",
      .min = 1,
      .max = 999,
      .help = "side of the maximum filter in pixels of the file, odd; 1: none" },
    { .name = NULL },
};

static void irregular_close(void *self)
{
    struct irregular *m = self;
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->names[i]);
    free(m->names);
    free(m->root);
    free(m);
}

static bool is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');
    return name[0] != '.' && dot &&
           (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
}

static int add_name(struct irregular *m, const char *name, il_err *e)
{
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : 256;
        char **more = realloc(m->names, room * sizeof *more);
        if (!more)
            return il_fail_oom(e);
        m->names = more;
        m->room = room;
    }
    m->names[m->count] = strdup(name);
    if (!m->names[m->count])
        return il_fail_oom(e);
    m->count++;
    return IL_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_files(struct irregular *m, il_err *e)
{
    int rc = IL_OK;
    DIR *folder = opendir(m->root);
    if (!folder)
        return il_fail(e, IL_EIO, "%s: %s; expected a folder of mask images", m->root, strerror(errno));
    for (const struct dirent *entry; !rc && (entry = readdir(folder));)
        if (is_picture(entry->d_name))
            rc = add_name(m, entry->d_name, e);
    closedir(folder);
    if (!rc && m->count == 0)
        rc = il_fail(e, IL_EDATA, "%s: contains no mask image; expected .png or .jpg files", m->root);
    if (!rc)
        qsort(m->names, m->count, sizeof *m->names, by_name);
    return rc;
}

static int irregular_open(void **out, const il_params *p, il_err *e)
{
    struct irregular *m = calloc(1, sizeof *m);
    if (!m)
        return il_fail_oom(e);
    m->root = strdup(il_params_text(p, "root"));
    m->maximum = (int)il_params_int(p, "maximum");
    int rc = IL_OK;
    if (!m->root)
        rc = il_fail_oom(e);
    else if (m->maximum % 2 == 0)
        rc = il_fail(e, IL_EPARAM, "maximum: %d is even; expected an odd number", m->maximum);
    else
        rc = list_files(m, e);
    if (rc)
        irregular_close(m);
    else
        *out = m;
    return rc;
}

/* root/name; the caller frees it. */
static char *path_of(const struct irregular *m, size_t i)
{
    size_t size = strlen(m->root) + strlen(m->names[i]) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", m->root, m->names[i]);
    return path;
}

static int irregular_uses(const void *self, il_uses *out, il_err *e)
{
    const struct irregular *m = self;
    int rc = IL_OK;
    for (size_t i = 0; i < m->count && !rc; i++) {
        char *path = path_of(m, i);
        rc = path ? il_uses_add(out, path, e) : il_fail_oom(e);
        free(path);
    }
    return rc;
}

static bool is_empty(const il_image *mask)
{
    size_t n = (size_t)mask->width * (size_t)mask->height, i = 0;
    while (i < n && mask->pixels[i] == 0)
        i++;
    return i == n;
}

static int make_mask(il_image *out, const char *path, int width, int height, int maximum, il_err *e)
{
    il_image file = { 0 }, grey = { 0 }, wide = { 0 }, result = { 0 };
    int rc = il_image_read(&file, path, e);
    if (!rc)
        rc = il_image_to_grey(&grey, &file, e);
    if (!rc) {
        il_image_invert(&grey);
        rc = il_image_maximum(&wide, &grey, maximum, e);
    }
    if (!rc)
        rc = il_image_resize(&result, &wide, width, height, e);
    if (!rc && is_empty(&result))
        rc = il_fail(e, IL_EDATA, "%s: is entirely white, so it marks nothing", path);
    if (rc)
        il_image_free(&result);
    else
        *out = result;
    il_image_free(&wide);
    il_image_free(&grey);
    il_image_free(&file);
    return rc;
}

static int irregular_mask(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule,
                          il_err *e)
{
    const struct irregular *m = self;
    uint64_t state = seed;
    size_t i = (size_t)(il_random_bits(&state) % m->count);
    char *path = path_of(m, i);
    int rc = path ? make_mask(out, path, photo->width, photo->height, m->maximum, e) : il_fail_oom(e);
    free(path);
    if (!rc)
        snprintf(rule->text, sizeof rule->text, "%.150s", m->names[i]);
    return rc;
}

static const il_masker_ops ops = { .mask = irregular_mask };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_MASKER,
    .name = "irregular",
    .revision = 2,
    .summary = "a picture of a folder of irregular masks, such as QD-IMD (Dataset 2)",
    .params = irregular_params,
    .open = irregular_open,
    .close = irregular_close,
    .uses = irregular_uses,
    .masker = &ops,
};
