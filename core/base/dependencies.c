/* dependencies.c - what a plugin's results depend on. */
#include <stdlib.h>
#include "base/array.h"
#include "base/dependencies.h"
#include "base/sha256.h"

int il_uses_add(il_uses *u, const char *path, il_err *e)
{
    char **more = il_array_grow(u->paths, u->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    u->paths = more;
    more[u->count] = il_text_copy(path);
    if (!more[u->count])
        return il_fail_oom(e);
    u->count++;
    return IL_OK;
}

int il_uses_note(il_uses *u, const char *text, il_err *e)
{
    il_text_add(&u->notes, "%s\n", text);
    return u->notes.failed ? il_fail_oom(e) : IL_OK;
}

void il_uses_clear(il_uses *u)
{
    il_text_free(&u->notes);
    for (size_t i = 0; i < u->count; i++)
        free(u->paths[i]);
    free(u->paths);
    *u = (il_uses){ 0 };
}

int il_uses_digest(il_digest *out, const il_uses *u, il_err *e)
{
    il_text lines = { 0 };
    int rc = IL_OK;
    for (size_t i = 0; i < u->count && !rc; i++) {
        il_digest d;
        rc = il_sha256_file(&d, u->paths[i], e);
        if (!rc)
            il_text_add(&lines, "%s\n", d.hex);
    }
    if (u->notes.size)
        il_text_add(&lines, "%s", u->notes.data);
    if (!rc && lines.failed)
        rc = il_fail_oom(e);
    if (!rc)
        *out = il_sha256(lines.data ? lines.data : "", lines.size);
    il_text_free(&lines);
    return rc;
}
