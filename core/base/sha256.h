/* sha256.h - SHA-256 of bytes, of parts and of files. */
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

/* Of parts, one after the other. */
typedef struct il_sha256_sum il_sha256_sum;
int il_sha256_begin(il_sha256_sum **out, il_err *e);
void il_sha256_add(il_sha256_sum *s, const void *data, size_t size);
il_digest il_sha256_end(il_sha256_sum *s); /* frees it */

#endif
