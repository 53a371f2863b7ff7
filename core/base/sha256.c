/* sha256.c - SHA-256 of bytes, of parts and of files, using libmd. */
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
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
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return il_fail(e, IL_EIO, "cannot open %s: %s", path, strerror(errno));

    SHA2_CTX context;
    SHA256Init(&context);
    uint8_t block[65536];
    ssize_t got = 0;
    while ((got = read(file, block, sizeof block)) != 0) {
        if (got > 0)
            SHA256Update(&context, block, (size_t)got);
        else if (errno != EINTR)
            break;
    }
    int why = errno;
    close(file);
    if (got < 0)
        return il_fail(e, IL_EIO, "cannot read %s: %s", path, strerror(why));
    *out = digest_of(&context);
    return IL_OK;
}
