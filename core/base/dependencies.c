/* dependencies.c - what a plugin's results depend on. */
#include <stdlib.h>
#include <sys/stat.h>
#include "base/dependencies.h"

int il_uses_add(il_uses *u, const char *path, il_err *e)
{
    char **more = realloc(u->paths, (u->count + 1) * sizeof *more);
    if (!more)
        return il_fail_oom(e);
    u->paths = more;
    more[u->count] = il_words_copy(path);
    if (!more[u->count])
        return il_fail_oom(e);
    u->count++;
    return IL_OK;
}

int il_uses_note(il_uses *u, const char *text, il_err *e)
{
    il_words_add(&u->notes, "%s\n", text);
    return u->notes.failed ? il_fail_oom(e) : IL_OK;
}

void il_uses_clear(il_uses *u)
{
    il_words_free(&u->notes);
    for (size_t i = 0; i < u->count; i++)
        free(u->paths[i]);
    free(u->paths);
    *u = (il_uses){ 0 };
}

int il_uses_of(il_uses *out, const il_plugin *plugin, const void *self, const il_params *params, il_err *e)
{
    il_uses u = { 0 };
    int rc = plugin->uses ? plugin->uses(self, &u, e) : IL_OK;
    for (const il_param_spec *s = il_params_specs(params); !plugin->uses && s->name && !rc; s++) {
        const char *path = s->type == IL_PATH ? il_params_text(params, s->name) : "";
        struct stat st;
        if (*path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
            rc = il_uses_add(&u, path, e);
    }
    if (rc)
        il_uses_clear(&u);
    else
        *out = u;
    return rc;
}

int il_uses_digest(il_digest *out, const il_uses *u, il_err *e)
{
    il_text lines = { 0 };
    int rc = IL_OK;
    for (size_t i = 0; i < u->count && !rc; i++) {
        il_digest d;
        rc = il_words_sha256_file(&d, u->paths[i], e);
        if (!rc)
            il_words_add(&lines, "%s\n", d.hex);
    }
    if (u->notes.size)
        il_words_add(&lines, "%s", u->notes.data);
    if (!rc && lines.failed)
        rc = il_fail_oom(e);
    if (!rc)
        *out = il_words_sha256(lines.data ? lines.data : "", lines.size);
    il_words_free(&lines);
    return rc;
}
