/* seal.c - the SHA-256 that ends a sealed file of tensors. */
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/sha256.h"
#include "torch/bundle.h"

enum { BLOCK = 65536 };

int il_bundle_seal(il_bundle *b, il_err *e)
{
    return il_bundle_note(b, IL_SEAL, "the tensor of this name, at the end, holds the SHA-256 of all bytes before it",
                          e);
}

bool il_bundle_sealed(const il_bundle *b)
{
    return il_bundle_noted(b, IL_SEAL) != NULL;
}

static int digest_of(il_digest *out, int fd, uint64_t size, il_err *e)
{
    char *block = malloc(BLOCK);
    il_sha256_sum *sum = NULL;
    int rc = block ? il_sha256_begin(&sum, e) : il_fail_oom(e);
    for (uint64_t at = 0; at < size && !rc; at += BLOCK) {
        size_t part = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
        rc = il_file_pread(fd, block, part, at, e);
        if (!rc)
            il_sha256_add(sum, block, part);
    }
    if (sum)
        *out = il_sha256_end(sum);
    free(block);
    return rc;
}

int il_seal_check(bool placed, int fd, uint64_t size, il_err *e)
{
    char there[IL_SEAL_SIZE];
    il_digest is;
    if (!placed)
        return il_fail(e, IL_EFORMAT, "is damaged: its SHA-256 is not where it should be");
    int rc = il_file_pread(fd, there, IL_SEAL_SIZE, size - IL_SEAL_SIZE, e);
    if (!rc)
        rc = digest_of(&is, fd, size - IL_SEAL_SIZE, e);
    if (!rc && memcmp(there, is.hex, IL_SEAL_SIZE) != 0)
        rc = il_fail(e, IL_EFORMAT, "is damaged: its bytes do not have the SHA-256 that it ends with");
    return rc;
}
