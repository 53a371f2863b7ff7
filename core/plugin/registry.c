/* registry.c - finds, checks and lends plugins. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/sha256.h"
#include "base/suggest.h"
#include "base/text.h"
#include "plugin/descriptor.h"
#include "plugin/library.h"
#include "plugin/registry.h"

static const char *const folders[] = { "",         "/datasets",  "/models", "/losses", "/mask_policies",
                                       "/maskers", "/generators" };

struct loaded {
    const il_plugin *plugin;
    char *path;
    char *hides;  /* path of the built-in plugin of the same kind and name, or NULL */
    char *sha256; /* NULL: not asked for yet */
    bool installed;
};

struct il_registry {
    struct loaded *loaded;
    size_t count;
    bool own;            /* what is loaded now is the program's own */
    il_refused *refused; /* its texts are owned */
    size_t nrefused;
};

/* ---- the collection ---- */

static struct loaded *find_loaded(const il_registry *r, il_kind kind, const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        const il_plugin *p = r->loaded[i].plugin;
        if (p->kind == kind && strcmp(p->name, name) == 0)
            return &r->loaded[i];
    }
    return NULL;
}

static int keep(il_registry *r, const il_plugin *p, const char *path, il_err *e)
{
    struct loaded *more = il_array_grow(r->loaded, r->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    r->loaded = more;
    char *copy = il_text_copy(path);
    if (!copy)
        return il_fail_oom(e);
    r->loaded[r->count++] = (struct loaded){ .plugin = p, .path = copy, .installed = r->own };
    return IL_OK;
}

/* A plugin of the user's has the kind and name of a built-in one, whose path is given. */
static int hide(struct loaded *l, const char *builtin, il_err *e)
{
    char *copy = l->hides ? NULL : il_text_copy(builtin);
    if (!l->hides && !copy)
        return il_fail_oom(e);
    if (copy)
        l->hides = copy;
    return IL_OK;
}

static int refuse(il_registry *r, const char *path, const char *why, il_err *e)
{
    il_refused *more = il_array_grow(r->refused, r->nrefused, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    r->refused = more;
    char *place = il_text_copy(path), *reason = il_text_copy(why);
    if (!place || !reason) {
        free(place);
        free(reason);
        return il_fail_oom(e);
    }
    r->refused[r->nrefused++] = (il_refused){ place, reason };
    return IL_OK;
}

/* Keeps a file's plugin or records why it is refused; fails only when out of memory. */
static int add_file(il_registry *r, const char *path, il_err *e)
{
    const il_plugin *p = NULL;
    il_err why = { 0 };
    int rc = il_library_load(&p, path, &why);
    if (rc == IL_ENOMEM)
        return il_fail_oom(e);
    if (rc || !p)
        return refuse(r, path, why.message, e);

    struct loaded *same = find_loaded(r, p->kind, p->name);
    if (!same)
        return keep(r, p, path, e);
    if (same->plugin == p)
        return IL_OK;
    if (r->own && !same->installed)
        return hide(same, path, e);
    il_fail(&why, IL_EPLUGIN, "%s '%s' was already loaded from %s", il_descriptor_kind(p->kind), p->name, same->path);
    return refuse(r, path, why.message, e);
}

static int is_shared_object(const struct dirent *d)
{
    size_t size = strlen(d->d_name);
    return size > 3 && d->d_name[0] != '.' && strcmp(d->d_name + size - 3, ".so") == 0;
}

static int add_folder(il_registry *r, const char *path, il_err *e)
{
    struct dirent **list = NULL;
    int count = scandir(path, &list, is_shared_object, alphasort);
    int rc = count < 0 && errno == ENOMEM ? il_fail_oom(e) : IL_OK; /* a folder that is absent holds none */
    for (int i = 0; i < count; i++) {
        il_text file = { 0 };
        if (!rc) {
            il_text_add(&file, "%s/%s", path, list[i]->d_name);
            rc = file.failed ? il_fail_oom(e) : add_file(r, file.data, e);
        }
        il_text_free(&file);
        free(list[i]);
    }
    free(list);
    return rc;
}

/* A folder and its subfolders, one per kind. */
static int add_tree(il_registry *r, const char *path, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < sizeof folders / sizeof *folders; i++) {
        il_text folder = { 0 };
        il_text_add(&folder, "%s%s", path, folders[i]);
        rc = folder.failed ? il_fail_oom(e) : add_folder(r, folder.data, e);
        il_text_free(&folder);
    }
    return rc;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* INPAINTLAB_PLUGIN_PATH; a missing folder is recorded like a refused plugin. */
static int add_user_folders(il_registry *r, il_err *e)
{
    const char *variable = getenv("INPAINTLAB_PLUGIN_PATH");
    char *list = il_text_copy(variable ? variable : "");
    if (!list)
        return il_fail_oom(e);
    int rc = IL_OK;
    char *rest = NULL;
    for (char *path = strtok_r(list, ":", &rest); path && !rc; path = strtok_r(NULL, ":", &rest)) {
        if (is_folder(path))
            rc = add_tree(r, path, e);
        else
            rc = refuse(r, path, "is not a folder, but INPAINTLAB_PLUGIN_PATH lists it", e);
    }
    free(list);
    return rc;
}

/* The folder of the built-in plugins, relative to this library, so that an installation can be moved:
 * LIB/inpaintlab/plugins as installed, BUILD/plugins in a build folder. NULL when memory is out. */
static char *builtin_folder(void)
{
    Dl_info self;
    bool known = dladdr(folders, &self) && self.dli_fname;
    errno = 0;
    char *real = known ? realpath(self.dli_fname, NULL) : NULL;
    char *slash = real ? strrchr(real, '/') : NULL;
    il_text path = { 0 };
    bool failed = !real && errno == ENOMEM;
    if (slash) {
        *slash = '\0';
        il_text_add(&path, "%s/inpaintlab/plugins", real);
        if (!path.failed && !is_folder(path.data)) {
            il_text_free(&path);
            il_text_add(&path, "%s/plugins", real);
        }
    }
    free(real);
    failed = failed || path.failed;
    if (!failed && path.data && is_folder(path.data))
        return path.data;
    il_text_free(&path);
    return failed ? NULL : il_text_copy(IL_PLUGIN_DIR);
}

int il_registry_open(il_registry **out, il_err *e)
{
    il_registry *r = calloc(1, sizeof *r);
    char *builtin = builtin_folder();
    int rc = IL_OK;
    if (!r || !builtin) {
        rc = il_fail_oom(e);
        goto done;
    }
    rc = add_user_folders(r, e);
    r->own = true;
    if (!rc)
        rc = add_tree(r, builtin, e);
    r->own = false;
    if (rc)
        goto done;
    *out = r;
    r = NULL;

done:
    free(builtin);
    il_registry_free(r);
    return rc;
}

void il_registry_free(il_registry *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->loaded[i].path);
        free(r->loaded[i].hides);
        free(r->loaded[i].sha256);
    }
    for (size_t i = 0; i < r->nrefused; i++) {
        free((char *)r->refused[i].path);
        free((char *)r->refused[i].why);
    }
    free(r->loaded);
    free(r->refused);
    free(r);
}

/* ---- asking ---- */

/* kind 0: any kind. */
static int find_path(const il_plugin **out, il_registry *r, int kind, const char *path, il_err *e)
{
    const il_plugin *p = NULL;
    int rc = il_library_load(&p, path, e);
    if (rc || !p)
        return il_fail_in(e, "%s", path);
    if (kind && (int)p->kind != kind)
        return il_fail(e, IL_EPLUGIN, "%s: is a %s; expected a %s", path, il_descriptor_kind(p->kind),
                       il_descriptor_kind((il_kind)kind));
    const struct loaded *same = find_loaded(r, p->kind, p->name);
    bool new = !il_registry_path(r, p);
    if (new)
        rc = keep(r, p, path, e);
    if (!rc && new &&same) { /* `same` may have moved */
        same = find_loaded(r, p->kind, p->name);
        const char *builtin = same->installed ? same->path : same->hides;
        rc = builtin ? hide(&r->loaded[r->count - 1], builtin, e) : IL_OK;
    }
    if (rc)
        return rc;
    *out = p;
    return IL_OK;
}

int il_registry_find_file(const il_plugin **out, il_registry *r, const char *path, il_err *e)
{
    return find_path(out, r, 0, path, e);
}

/* The refused file that should have provided `name`: NAME.so. */
static const il_refused *find_refused(const il_registry *r, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < r->nrefused; i++) {
        const char *slash = strrchr(r->refused[i].path, '/');
        const char *file = slash ? slash + 1 : r->refused[i].path;
        if (strncmp(file, name, size) == 0 && strcmp(file + size, ".so") == 0)
            return &r->refused[i];
    }
    return NULL;
}

static int not_found(const il_registry *r, il_kind kind, const char *name, il_err *e)
{
    const char *what = il_descriptor_kind(kind);
    const il_refused *refused = find_refused(r, name);
    if (refused)
        return il_fail(e, IL_EPLUGIN, "cannot use %s '%s': %s: %s", what, name, refused->path, refused->why);

    const char **names = calloc(r->count + 1, sizeof *names);
    if (!names)
        return il_fail_oom(e);
    size_t count = 0;
    il_text list = { 0 };
    for (size_t i = 0; i < r->count; i++) {
        if (r->loaded[i].plugin->kind != kind)
            continue;
        names[count] = r->loaded[i].plugin->name;
        il_text_add(&list, "%s%s", count ? ", " : "", names[count]);
        count++;
    }
    const char *nearest = il_suggest_nearest(name, names, count);
    int rc = nearest ? il_fail(e, IL_EPLUGIN, "unknown %s '%s'; did you mean '%s'?", what, name, nearest)
                     : il_fail(e, IL_EPLUGIN, "unknown %s '%s'; %s%s", what, name,
                               list.data ? "expected one of " : "none is installed", list.data ? list.data : "");
    il_text_free(&list);
    free(names);
    return rc;
}

int il_registry_find_typed(const il_plugin **out, il_registry *r, il_kind kind, const char *name, il_err *e)
{
    if (strchr(name, '/'))
        return find_path(out, r, (int)kind, name, e);

    const struct loaded *l = find_loaded(r, kind, name);
    if (!l)
        return not_found(r, kind, name, e);
    *out = l->plugin;
    return IL_OK;
}

size_t il_registry_count(const il_registry *r)
{
    return r->count;
}

const il_plugin *il_registry_at(const il_registry *r, size_t i)
{
    return r->loaded[i].plugin;
}

const char *il_registry_path(const il_registry *r, const il_plugin *p)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->loaded[i].plugin == p)
            return r->loaded[i].path;
    }
    return NULL;
}

int il_registry_file(il_plugin_file *out, il_registry *r, const il_plugin *p, il_err *e)
{
    struct loaded *l = r->loaded;
    while (l < r->loaded + r->count && l->plugin != p)
        l++;
    if (l == r->loaded + r->count)
        return il_fail(e, IL_EPLUGIN, "%s '%s' was loaded by something else", il_descriptor_kind(p->kind), p->name);
    if (!l->sha256) {
        il_digest d;
        int rc = il_sha256_file(&d, l->path, e);
        if (rc)
            return rc;
        l->sha256 = il_text_copy(d.hex);
        if (!l->sha256)
            return il_fail_oom(e);
    }
    *out = (il_plugin_file){ l->path, l->sha256, l->installed };
    return IL_OK;
}

const char *il_registry_hidden(const il_registry *r, const il_plugin *p)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->loaded[i].plugin == p)
            return r->loaded[i].hides;
    return NULL;
}

size_t il_registry_refused(const il_registry *r, const il_refused **list)
{
    *list = r->refused;
    return r->nrefused;
}
