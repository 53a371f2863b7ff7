/* load.c - loads libinpaintlab_torch.so, which lies beside this library. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <torch_calls.h> /* made by make_calls.py */

_Atomic(const il_torch_calls *) il_torch_table_loaded;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static il_err refusal; /* why it could not be loaded; written once */

static void load(void)
{
    static const char name[] = "libinpaintlab_torch.so";
    char path[PATH_MAX];
    Dl_info own;
    const char *file = dladdr((void *)&il_torch_table_loaded, &own) && own.dli_fname ? own.dli_fname : "";
    const char *slash = strrchr(file, '/');
    int folder = slash ? (int)(slash + 1 - file) : 0;
    if (snprintf(path, sizeof path, "%.*s%s", folder, file, name) >= (int)sizeof path)
        snprintf(path, sizeof path, "%s", name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* never unloaded: libtorch has threads */
    const il_torch_calls *calls = library ? dlsym(library, "il_torch_table") : NULL;
    if (!calls) {
        const char *reason = dlerror();
        il_fail(&refusal, IL_ETORCH, "cannot load libtorch: %s", reason ? reason : path);
        return;
    }
    if (strcmp(calls->version, IL_TORCH_CALLS_VERSION) != 0) {
        il_fail(&refusal, IL_ETORCH, "cannot load libtorch: %s is from another build of inpaintlab", path);
        return;
    }
    calls->il_torch_init();
    atomic_store_explicit(&il_torch_table_loaded, calls, memory_order_release);
}

const il_torch_calls *il_torch_load(il_err *e)
{
    pthread_once(&once, load);
    const il_torch_calls *calls = il_torch_loaded();
    if (!calls)
        il_fail(e, refusal.code, "%s", refusal.message);
    return calls;
}

il_tensor *il_scope_fail(il_scope *s, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    il_scope_vfail(s, code, format, args);
    va_end(args);
    return NULL;
}

const char *il_torch_version(void)
{
    return IL_LIBTORCH_VERSION; /* that of the headers which the shim was compiled with */
}
