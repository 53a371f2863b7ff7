/* sha256.c - SHA-256 of bytes, of parts and of files, using libmd. */
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
#include "base/file.h"
#include "base/sha256.h"

static il_digest digest_of(SHA2_CTX *context)
{
    uint8_t bytes[SHA256_DIGEST_LENGTH];
    SHA256Final(bytes, context);

    il_digest out;
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out.hex + 2 * i, 3, "%02x", bytes[i]);
    return out;
}

il_digest il_sha256(const void *data, size_t size)
{
    SHA2_CTX context;
    SHA256Init(&context);
    if (size > 0)
        SHA256Update(&context, data, size);
    return digest_of(&context);
}

struct il_sha256_sum {
    SHA2_CTX context;
};

int il_sha256_begin(il_sha256_sum **out, il_err *e)
{
    il_sha256_sum *s = malloc(sizeof *s);
    if (!s)
        return il_fail_oom(e);
    SHA256Init(&s->context);
    *out = s;
    return IL_OK;
}

void il_sha256_add(il_sha256_sum *s, const void *data, size_t size)
{
    if (size > 0)
        SHA256Update(&s->context, data, size);
}

il_digest il_sha256_end(il_sha256_sum *s)
{
    il_digest out = digest_of(&s->context);
    free(s);
    return out;
}

int il_sha256_file(il_digest *out, const char *path, il_err *e)
{
    int fd = -1;
    uint64_t left = 0;
    int rc = il_file_open(&fd, &left, path, IL_FILE_ANY, e);
    if (rc)
        return rc;

    SHA2_CTX context;
    SHA256Init(&context);
    uint8_t block[65536];
    size_t got = 1;
    while (!rc && got > 0) {
        rc = il_file_next(&got, fd, block, sizeof block, left, path, e);
        if (!rc)
            SHA256Update(&context, block, got);
        left -= rc ? 0 : got;
    }
    close(fd);
    if (!rc)
        *out = digest_of(&context);
    return rc;
}
