/* run_files.c - where the files of runs lie. */
#include <stdio.h>
#include <string.h>
#include "store/run_files.h"

int il_run_files_folder(il_run_path *out, const char *database, il_err *e)
{
    const char *slash = strrchr(database, '/');
    size_t most = sizeof out->text - 100; /* room for the files' names */
    int length = slash ? (int)(slash - database) : 1;
    if (snprintf(out->text, most, "%.*s/runs", length, slash ? database : ".") >= (int)most)
        return il_fail(e, IL_EUSAGE, "--db: the path is too long");
    return IL_OK;
}

il_run_path il_run_files_path(const char *folder, const char *hash, const char *name)
{
    il_run_path p;
    snprintf(p.text, sizeof p.text, "%s/%.16s%s%s", folder, hash, *name ? "/" : "", name);
    return p;
}

il_run_path il_run_files_aside(const char *folder, const char *hash, const char *sha256)
{
    char name[60];
    snprintf(name, sizeof name, "weights-%.8s.safetensors", sha256);
    return il_run_files_path(folder, hash, name);
}

bool il_run_files_is_hash(const char *text)
{
    return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}
