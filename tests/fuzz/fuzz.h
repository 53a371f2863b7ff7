/* fuzz.h - what the readers under tests/fuzz share. Each file there is one libFuzzer target: build with clang and
 * -DINPAINTLAB_FUZZ=ON, then `build/tests/fuzz.NAME CORPUS`. Without that option replay.c runs them on tests/fuzz/found,
 * the inputs that once did harm, and on seeds to begin with; ctest does. */
#ifndef IL_FUZZ_H
#define IL_FUZZ_H

#include <ftw.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C"
#endif
    int
    LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char fuzz_folder_path[64];

static inline int fuzz_remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st, (void)what, (void)at;
    return remove(path);
}

static inline void fuzz_remove_folder(void)
{
    nftw(fuzz_folder_path, fuzz_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The folder that inputs are written to: in TMPDIR, or in /dev/shm where there is one. No other process has it, and none finds it
 * later, unless this one is killed. */
static inline const char *fuzz_folder(void)
{
    if (!*fuzz_folder_path) {
        const char *given = getenv("TMPDIR"), *own = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(fuzz_folder_path, sizeof fuzz_folder_path, "%s/il-fuzz-XXXXXX",
                 given && strlen(given) < 40 ? given : own);
        if (!mkdtemp(fuzz_folder_path) || atexit(fuzz_remove_folder) != 0)
            abort();
    }
    return fuzz_folder_path;
}

/* The input as a file of that name. */
static inline const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file) != 0)
        abort();
    return path;
}

static volatile sig_atomic_t fuzz_is_late;

static inline void fuzz_set_late(int number)
{
    (void)number;
    fuzz_is_late = 1;
}

/* Becomes 1 when this input has taken a fifth of a second of the processor; libFuzzer has the other timer. */
static inline const volatile int *fuzz_late(void)
{
    const struct itimerval most = { { 0, 0 }, { 0, 200000 } };
    fuzz_is_late = 0;
    signal(SIGVTALRM, fuzz_set_late);
    setitimer(ITIMER_VIRTUAL, &most, NULL);
    return &fuzz_is_late;
}

/* A failure has a code and one line that says why. */
static inline void fuzz_told(int rc, const il_err *e)
{
    size_t size = strlen(e->message);
    if (!rc ? 0 : rc > 0 || rc < IL_ETRUST || !size || size >= sizeof e->message || strchr(e->message, '\n'))
        abort();
}

#endif
