/* weights_file.c - weights to and from files: which format a file has, and who reads it. */
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "torch/bundle.h"

/* Which reader, by the first bytes: a zip archive, a pickle, or a header length followed by JSON. */
static int read_open(il_bundle *b, int fd, uint64_t size, il_err *e)
{
    unsigned char head[9] = { 0 };
    int rc = il_file_pread(fd, head, size < sizeof head ? (size_t)size : sizeof head, 0, e);
    if (rc)
        return rc;
    if (memcmp(head, "PK\3\4", 4) == 0 || (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && head[8] != '{'))
        return il_pth_read(b, fd, size, e);
    if (head[8] == '{')
        return il_safetensors_read(b, fd, size, e);
    return il_fail(e, IL_EFORMAT, "is neither safetensors nor a PyTorch state dict");
}

int il_safetensors_look(const char *path, il_err *e)
{
    int fd = -1;
    uint64_t size = 0, length = 0;
    unsigned char head[9] = { 0 };
    int rc = il_file_open(&fd, &size, path, IL_FILE_ANY, e);
    if (rc)
        return rc;
    if (size >= sizeof head && (rc = il_file_pread(fd, head, sizeof head, 0, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    close(fd);
    for (int i = 7; i >= 0; i--)
        length = length << 8 | head[i];
    if (!rc && (head[8] != '{' || length > size - 8))
        rc = il_fail(e, IL_EFORMAT, "%s: is not a safetensors file", path);
    return rc;
}

int il_bundle_read(il_bundle **out, const char *path, il_err *e)
{
    return il_bundle_read_some(out, path, (il_bundle_filter){ 0 }, e);
}

int il_bundle_read_some(il_bundle **out, const char *path, il_bundle_filter f, il_err *e)
{
    il_bundle *b = NULL;
    int fd = -1;
    uint64_t size = 0;
    int rc = il_file_open(&fd, &size, path, IL_FILE_ANY, e);
    if (rc)
        return rc;
    rc = il_bundle_new(&b, e);
    if (rc)
        goto done;
    il_bundle_filter_set(b, f);
    rc = read_open(b, fd, size, e);
    il_bundle_filter_set(b, (il_bundle_filter){ 0 }); /* whose context need not live longer */
    if (rc) {
        il_fail_in(e, "%s", path);
        goto done;
    }
    *out = b;
    b = NULL;
done:
    il_bundle_free(b);
    close(fd);
    return rc;
}

int il_bundle_write(const il_bundle *b, const char *path, il_err *e)
{
    il_atomic_file w;
    int rc = il_atomic_file_begin(&w, path, e);
    return rc ? rc : il_atomic_file_end(&w, path, true, il_safetensors_write(b, &w, e), e);
}
