/* my_plugin.c - data set: ROOT/<split>/<kind>/<name>, with the mask of each picture in ROOT/<split>/mask/<name>. Pictures of
 * the kind `original` are authentic and have no mask.
 * A data set lists files; reading, resizing and batches are the program's. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/plugin.h>

struct my_plugin {
    char *root;
};

/* What YAML may set. The program refuses any other key, wrong types and values out of range, before this code runs. */
static const il_param_spec my_plugin_params[] = {
    { .name = "root", .type = IL_PARAM_PATH, .help = "folder that holds train, validation and test" },
    { .name = NULL },
};

static void my_plugin_close(void *self)
{
    struct my_plugin *d = self;
    if (d)
        free(d->root);
    free(d);
}

static int my_plugin_open(void **out, const il_params *p, il_err *e)
{
    struct my_plugin *d = calloc(1, sizeof *d);
    if (d)
        d->root = strdup(il_params_text(p, "root"));
    if (!d || !d->root) {
        my_plugin_close(d);
        return il_fail_oom(e);
    }
    *out = d;
    return IL_OK;
}

/* root/split/kind/name; the caller frees it. */
static char *path_of(const struct my_plugin *d, const char *split, const char *kind, const char *name)
{
    size_t size = strlen(d->root) + strlen(split) + strlen(kind) + strlen(name) + 4;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s/%s/%s", d->root, split, kind, name);
    return path;
}

/* The id is the file's name without its ending: equal ids of two kinds are the same photo. */
static int add(const struct my_plugin *d, il_scan what, const char *name, il_items *out, il_err *e)
{
    bool authentic = strcmp(what.images, "original") == 0;
    const char *dot = strrchr(name, '.');
    char *id = strndup(name, dot ? (size_t)(dot - name) : strlen(name));
    char *image = path_of(d, what.split, what.images, name), *mask = path_of(d, what.split, "mask", name);
    int rc;
    if (!id || !image || !mask)
        rc = il_fail_oom(e);
    else if (!authentic && access(mask, R_OK) != 0)
        rc = il_items_reject(out, id, "no mask", e);
    else
        rc = il_items_add(out, id, image, authentic ? NULL : mask, e);
    free(mask);
    free(image);
    free(id);
    return rc;
}

/* Any order. A split or kind that is not there is IL_EDATA, and the message names the folder. */
static int my_plugin_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    const struct my_plugin *d = self;
    char *path = path_of(d, what.split, what.images, "");
    if (!path)
        return il_fail_oom(e);
    int rc = IL_OK;
    DIR *folder = opendir(path);
    if (!folder)
        rc = il_fail(e, IL_EDATA, "%s: %s; expected a folder of images", path, strerror(errno));
    for (const struct dirent *entry; !rc && (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            rc = add(d, what, entry->d_name, out, e);
    if (folder)
        closedir(folder);
    free(path);
    return rc;
}

static const il_dataset_ops ops = { .scan = my_plugin_scan };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "my_plugin",
    .revision = 1, /* raise it when results change */
    .summary = "a folder for each split and kind of picture",
    .vendor = "my_plugin's authors",
    .version = "0.1.0",
    .params = my_plugin_params,
    .open = my_plugin_open,
    .close = my_plugin_close,
    .dataset = &ops,
};
