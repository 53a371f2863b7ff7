/* sha256.h - SHA-256 of bytes and of files. */
#ifndef IL_BASE_SHA256_H
#define IL_BASE_SHA256_H

#include <stddef.h>
#include <inpaintlab/error.h>

/* 64 lower-case hex digits. */
typedef struct il_digest {
    char hex[65];
} il_digest;

il_digest il_sha256(const void *data, size_t size);
int il_sha256_file(il_digest *out, const char *path, il_err *e);

#endif
