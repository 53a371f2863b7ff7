/* exported.c - files of torch.export, and what their graphs do to a small image. An input is an archive, or what is worth changing
 * in one: a model.json, behind a line "--" the list of weights; both are then put into an archive with 16 KiB for each weight. */
#include <inpaintlab/exported.h>
#include <inpaintlab/tensor.h>
#include "fuzz.h"

enum { MOST_WEIGHTS = 64, WEIGHT = 1 << 14 };

static unsigned char archive[(MOST_WEIGHTS + 1) * (WEIGHT + 256) + (1 << 20)];
static size_t used, listed;
static unsigned char directory[1 << 14];

static void put(unsigned char *to, size_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[(*at)++] = i < 8 ? (unsigned char)(value >> 8 * i) : 0;
}

/* An entry without a checksum, as torch.save may leave it out. data NULL: zeros. */
static void add(const char *name, const void *data, size_t size)
{
    size_t header = used, length = strlen(name);
    for (int central = 0; central < 2; central++) {
        unsigned char *to = central ? directory : archive;
        size_t *at = central ? &listed : &used;
        put(to, at, central ? 0x02014b50 : 0x04034b50, 4);
        put(to, at, 0, central ? 12 : 10);
        put(to, at, 0, 4); /* checksum */
        put(to, at, size, 4);
        put(to, at, size, 4);
        put(to, at, length, 2);
        put(to, at, 0, central ? 12 : 2);
        if (central)
            put(to, at, header, 4);
        memcpy(to + *at, name, length);
        *at += length;
    }
    if (data && size)
        memcpy(archive + used, data, size);
    else
        memset(archive + used, 0, size);
    used += size;
}

static void finish(int count)
{
    size_t start = used;
    memcpy(archive + used, directory, listed);
    used += listed;
    put(archive, &used, 0x06054b50, 4);
    put(archive, &used, 0, 4);
    put(archive, &used, (uint64_t)count, 2);
    put(archive, &used, (uint64_t)count, 2);
    put(archive, &used, listed, 4);
    put(archive, &used, start, 4);
    put(archive, &used, 0, 2);
}

static const char *wrap(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size, *line = data;
    char name[64];
    while (line && line < end && !(end - line > 3 && memcmp(line, "\n--\n", 4) == 0))
        line = memchr(line + 1, '\n', (size_t)(end - line - 1));
    const uint8_t *weights = line && line < end ? line + 4 : end;
    used = listed = 0;
    add("net/models/model.json", data, (size_t)((weights == end ? end : line) - data));
    add("net/archive_format", "pt2", 3);
    add("net/data/constants/model_constants_config.json", "{\"config\":{}}", 13);
    add("net/data/weights/model_weights_config.json", weights, (size_t)(end - weights));
    for (int i = 0; i < MOST_WEIGHTS; i++) {
        snprintf(name, sizeof name, "net/data/weights/weight_%d", i);
        add(name, NULL, WEIGHT);
    }
    finish(4 + MOST_WEIGHTS);
    return fuzz_file("exported", archive, used);
}

static void forward(const il_exported *m, bool training)
{
    il_scope *s = NULL;
    il_err e = { 0 };
    if (il_scope_open(&s, IL_OPTS(il_scope_opts, .training = training), &e) != IL_OK)
        return;
    il_tensor *image = il_full(s, 0.5, IL_DTYPE_F32, 4, (int64_t[]){ 2, 3, 16, 16 });
    il_tensor *y = il_exported_output(s, m, image, "");
    fuzz_told(il_scope_status(s, &e), &e);
    if (y && training) {
        int rc = il_backward(s, il_sum(s, y), &e);
        fuzz_told(rc, &e);
    }
    il_scope_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_exported *m = NULL;
    if (size > 1 << 19)
        return 0;
    const char *path = size > 1 && data[0] == 'P' ? fuzz_file("exported", data, size) : wrap(data, size);
    int rc = il_exported_open(&m, path, (il_device){ 0 }, &e);
    fuzz_told(rc, &e);
    if (!rc) {
        forward(m, false);
        forward(m, true);
    }
    il_exported_free(m);
    return 0;
}
