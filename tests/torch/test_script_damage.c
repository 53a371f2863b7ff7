/* test_script_damage.c - TorchScript archives with one changed byte, or cut: libtorch compares no checksums, so they are refused
 * before it reads them, or give the same module. In a process of its own, since libtorch might crash. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <inpaintlab/script.h>
#include "base/file.h"

enum { MOST_VALUES = 64, CHANGED = 1, SILENT };

struct values {
    double list[MOST_VALUES];
    size_t count;
};

static char path[64];

/* All numbers of the module's tensors; IL_OK where it opens. */
static int read_values(struct values *v, il_err *e)
{
    il_script *m = NULL;
    il_state *st = NULL;
    int rc = il_script_open(&m, path, (il_device){ IL_DEVICE_CPU, 0 }, e);
    if (rc)
        return rc;
    rc = il_state_new(&st, (il_device){ IL_DEVICE_CPU, 0 }, 0, e);
    if (!rc)
        rc = il_script_state(m, st, e);
    for (size_t i = 0; !rc && i < il_state_count(st); i++) {
        const il_tensor *t = il_state_at(st, i).tensor;
        size_t n = (size_t)il_numel(t);
        float numbers[16];
        int64_t whole[16];
        bool real = il_dtype_of(t) == IL_DTYPE_F32;
        rc = real ? il_read_f32(t, numbers, n, e) : il_read_i64(t, whole, n, e);
        for (size_t k = 0; !rc && k < n && v->count < MOST_VALUES; k++)
            v->list[v->count++] = real ? (double)numbers[k] : (double)whole[k];
    }
    il_state_free(st);
    il_script_free(m);
    return rc;
}

static int try_bytes(const char *bytes, size_t size, const struct values *right)
{
    struct values v = { .count = 0 };
    il_err e = { 0 };
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
    int rc = read_values(&v, &e);
    if (rc)
        return *e.message && !strchr(e.message, '\n') ? 0 : SILENT;
    return v.count == right->count && memcmp(v.list, right->list, v.count * sizeof *v.list) == 0 ? 0 : CHANGED;
}

/* Every byte in turn, then shorter and shorter. */
static int damage(char *bytes, size_t size, volatile size_t *at)
{
    struct values right = { .count = 0 };
    il_err e = { 0 };
    int rc = try_bytes(bytes, size, &right) == CHANGED ? read_values(&right, &e) : SILENT;
    for (*at = 0; !rc && *at < size; ++*at) {
        bytes[*at] ^= (char)(1 << *at % 8);
        rc = try_bytes(bytes, size, &right);
        bytes[*at] ^= (char)(1 << *at % 8);
    }
    for (size_t less = size; !rc && less > 97; less -= 97)
        rc = try_bytes(bytes, less - 97, &right);
    return rc;
}

static void expect_safe(const char *file)
{
    char *bytes = NULL;
    size_t size = 0;
    il_err e = { 0 };
    int status = 0;
    volatile size_t *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(at != MAP_FAILED);
    cr_assert_eq(il_file_read(&bytes, &size, file, IL_FILE_ANY, &e), IL_OK, "%s", e.message);
    snprintf(path, sizeof path, "/tmp/inpaintlab-test-%d.pt", (int)getpid());
    pid_t child = fork();
    if (child == 0)
        _exit(damage(bytes, size, at));
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    unlink(path);
    free(bytes);
    cr_assert(WIFEXITED(status), "%s, byte %zu: signal %d", file, *at, WTERMSIG(status));
    cr_assert_neq(WEXITSTATUS(status), CHANGED, "%s, byte %zu: opens as another module", file, *at);
    cr_assert_eq(WEXITSTATUS(status), 0, "%s, byte %zu: status %d", file, *at, WEXITSTATUS(status));
    munmap((void *)at, sizeof *at);
}

Test(script_damage, stored)
{
    expect_safe(TEST_DATA "/weights/script_dict.pt");
}

Test(script_damage, deflated)
{
    expect_safe(TEST_DATA "/cases/script-outputs/dict.pt");
}
