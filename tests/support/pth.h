/* pth.h - writes what torch.save writes: a zip archive of a pickle and one entry per tensor. */
#ifndef TEST_PTH_H
#define TEST_PTH_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/weights.h>

struct pth_bytes {
    unsigned char *at;
    size_t size, room;
};

static inline void pth_put(struct pth_bytes *b, const void *data, size_t size)
{
    if (b->size + size > b->room) {
        b->room = 2 * (b->size + size);
        b->at = realloc(b->at, b->room);
        cr_assert_not_null(b->at);
    }
    memcpy(b->at + b->size, data, size);
    b->size += size;
}

static inline void pth_number(struct pth_bytes *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        pth_put(b, &(unsigned char){ (unsigned char)value }, 1);
}

/* ---- the pickle ---- */

static inline void pth_op(struct pth_bytes *b, const char *ops)
{
    pth_put(b, ops, strlen(ops));
}

static inline void pth_text(struct pth_bytes *b, const char *text)
{
    pth_op(b, "X");
    pth_number(b, strlen(text), 4);
    pth_op(b, text);
}

static inline void pth_int(struct pth_bytes *b, int64_t value)
{
    pth_op(b, "J");
    pth_number(b, (uint64_t)value, 4);
}

static inline void pth_tensor(struct pth_bytes *b, const il_tensor *t, const char *key)
{
    int64_t strides[16], stride = 1;
    for (int i = il_ndim(t); i-- > 0; stride *= il_dim(t, i))
        strides[i] = stride;
    pth_op(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    pth_text(b, "storage");
    pth_op(b, il_dtype_of(t) == IL_DTYPE_F16 ? "ctorch\nHalfStorage\n" : "ctorch\nFloatStorage\n");
    pth_text(b, key);
    pth_text(b, "cpu");
    pth_int(b, il_numel(t));
    pth_op(b, "tQ");
    pth_int(b, 0);
    pth_op(b, "(");
    for (int i = 0; i < il_ndim(t); i++)
        pth_int(b, il_dim(t, i));
    pth_op(b, "t(");
    for (int i = 0; i < il_ndim(t); i++)
        pth_int(b, strides[i]);
    pth_op(b, "t\x89"
              "ccollections\nOrderedDict\n)RtR");
}

/* checkpoint: as PyTorch Lightning saves one, with entries besides "state_dict" and a class among them. */
static inline struct pth_bytes pth_pickle(const il_bundle *from, bool checkpoint)
{
    struct pth_bytes b = { 0 };
    pth_op(&b, "\x80\x02}(");
    if (checkpoint) {
        pth_text(&b, "epoch");
        pth_int(&b, 19);
        pth_text(&b, "callbacks");
        pth_op(&b, "}(cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n}u");
        pth_text(&b, "state_dict");
        pth_op(&b, "}(");
    }
    for (size_t i = 0; i < il_bundle_count(from); i++) {
        char key[30];
        snprintf(key, sizeof key, "%zu", i);
        pth_text(&b, il_bundle_name(from, i));
        pth_tensor(&b, il_bundle_at(from, i), key);
    }
    pth_op(&b, checkpoint ? "uu." : "u.");
    return b;
}

/* ---- the archive: entries that are stored, not compressed ---- */

static inline uint32_t pth_crc(const unsigned char *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
    }
    return ~crc;
}

struct pth_archive {
    struct pth_bytes body, directory;
    int entries;
};

static inline void pth_entry(struct pth_archive *z, const char *name, const void *data, size_t size)
{
    const uint64_t at = z->body.size, crc = pth_crc(data, size);
    for (int central = 0; central < 2; central++) {
        struct pth_bytes *to = central ? &z->directory : &z->body;
        pth_put(to, central ? "PK\1\2" : "PK\3\4", 4);
        if (central)
            pth_number(to, 0, 2);
        pth_number(to, 0, 10); /* version, flags, method, time, date */
        pth_number(to, crc, 4);
        pth_number(to, size, 4);
        pth_number(to, size, 4);
        pth_number(to, strlen(name), 2);
        pth_number(to, 0, 2);
        if (central) {
            pth_number(to, 0, 8);
            pth_number(to, 0, 2);
            pth_number(to, at, 4);
        }
        pth_op(to, name);
    }
    pth_put(&z->body, data, size);
    z->entries++;
}

static inline void pth_write(const il_bundle *from, const char *path, bool checkpoint)
{
    struct pth_archive z = { 0 };
    struct pth_bytes pickle = pth_pickle(from, checkpoint);
    pth_entry(&z, "archive/data.pkl", pickle.at, pickle.size);
    for (size_t i = 0; i < il_bundle_count(from); i++) {
        const il_tensor *t = il_bundle_at(from, i);
        const size_t size = (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
        char name[60];
        void *data = malloc(size + 1);
        cr_assert(data && il_read_bytes(t, data, size, NULL) == IL_OK);
        snprintf(name, sizeof name, "archive/data/%zu", i);
        pth_entry(&z, name, data, size);
        free(data);
    }
    pth_entry(&z, "archive/version", "3\n", 2);
    const size_t start = z.body.size;
    pth_put(&z.body, z.directory.at, z.directory.size);
    pth_put(&z.body, "PK\5\6\0\0\0\0", 8);
    pth_number(&z.body, (uint64_t)z.entries, 2);
    pth_number(&z.body, (uint64_t)z.entries, 2);
    pth_number(&z.body, z.directory.size, 4);
    pth_number(&z.body, start, 4);
    pth_number(&z.body, 0, 2);
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fwrite(z.body.at, 1, z.body.size, f), z.body.size);
    cr_assert_eq(fclose(f), 0);
    free(pickle.at);
    free(z.body.at);
    free(z.directory.at);
}

#endif
