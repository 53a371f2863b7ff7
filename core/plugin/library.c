/* library.c - loads shared objects, each file once in a process: a recipe has a registry of its own. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/array.h"
#include "base/text.h"
#include "plugin/descriptor.h"
#include "plugin/elf.h"
#include "plugin/library.h"

static const char symbol[] = "il_plugin_entry";

/* ---- what is loaded ---- */

struct library {
    char *path;
    struct stat file;
    const il_plugin *plugin;
};

static struct {
    pthread_mutex_t lock;
    struct library *list; /* for the whole process, as the libraries are */
    size_t count;
} loaded = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const il_plugin *find(const char *path, const struct stat *file)
{
    const il_plugin *p = NULL;
    pthread_mutex_lock(&loaded.lock);
    for (size_t i = 0; i < loaded.count && !p; i++)
        if (strcmp(loaded.list[i].path, path) == 0 && same_file(&loaded.list[i].file, file))
            p = loaded.list[i].plugin;
    pthread_mutex_unlock(&loaded.lock);
    return p;
}

/* Where memory is short, the file is read again the next time. */
static void keep(const char *path, const struct stat *file, const il_plugin *p)
{
    char *copy = il_text_copy(path);
    pthread_mutex_lock(&loaded.lock);
    struct library *more = copy ? il_array_grow(loaded.list, loaded.count, sizeof *more) : NULL;
    if (more) {
        loaded.list = more;
        loaded.list[loaded.count++] = (struct library){ copy, *file, p };
        copy = NULL;
    }
    pthread_mutex_unlock(&loaded.lock);
    free(copy);
}

/* ---- one file ---- */

static int wrong_abi(uint32_t abi, il_err *e)
{
    return il_fail(e, IL_EPLUGIN, "was built for plugin ABI %u, but this program has ABI %u; rebuild it", (unsigned)abi,
                   (unsigned)IL_ABI);
}

/* The ABI is read from the file first, since dlopen runs constructors, and a plugin of another ABI may need symbols that no
 * longer exist. */
static int load(const il_plugin **out, const char *path, il_err *e)
{
    uint32_t abi = 0;
    bool found = false;
    int rc = il_elf_word(&abi, &found, path, symbol, e);
    if (rc)
        return rc;
    if (!found)
        return il_fail(e, IL_EPLUGIN, "is not a plugin: it does not export %s", symbol);
    if (abi != IL_ABI)
        return wrong_abi(abi, e);

    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        size_t skip = why && strncmp(why, path, strlen(path)) == 0 ? strlen(path) : 0;
        if (skip && strncmp(why + skip, ": ", 2) == 0)
            skip += 2;
        return il_fail(e, IL_EPLUGIN, "cannot load the plugin: %s", why ? why + skip : "no reason given");
    }
    const il_plugin *p = dlsym(handle, symbol);
    if (!p)
        return il_fail(e, IL_EPLUGIN, "is not a plugin: it does not export %s", symbol);
    if (p->abi != IL_ABI)
        return wrong_abi(p->abi, e);
    rc = il_descriptor_check(p, e);
    if (rc)
        return rc;
    *out = p;
    return IL_OK;
}

int il_library_load(const il_plugin **out, const char *path, il_err *e)
{
    struct stat file;
    bool there = stat(path, &file) == 0;
    const il_plugin *known = there ? find(path, &file) : NULL;
    int rc = IL_OK;
    if (known)
        *out = known;
    else
        rc = load(out, path, e);
    if (!rc && there && !known)
        keep(path, &file, *out);
    return rc;
}
