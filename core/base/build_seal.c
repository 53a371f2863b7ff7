/* build_seal.c - the checksums of a data set that a recipe built. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/build_seal.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"

#define OF_MANIFEST "manifest_sha256"

int il_build_seal(char **out, const char *recipe, const char *manifest, size_t size, il_err *e)
{
    il_digest own;
    il_json_begin();
    json_t *o = il_json_loads(recipe, 0, NULL);
    json_object_set_new(o, OF_MANIFEST, json_string(il_sha256(manifest, size).hex));
    if (o && il_json_digest(&own, o))
        json_object_set_new(o, "sha256", json_string(own.hex));
    char *text = il_json_short() ? NULL : il_json_text(o, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(o);
    *out = text;
    return text ? IL_OK : il_fail_oom(e);
}

static bool is_same(const json_t *noted, il_digest is)
{
    const char *text = json_string_value(noted);
    return text && strcmp(text, is.hex) == 0;
}

int il_build_seal_check(bool *sealed, const char *folder, const char *manifest, size_t size, il_err *e)
{
    json_t *o = NULL;
    il_digest own;
    char *path = il_text_path(folder, "recipe.json");
    int rc = path ? IL_OK : il_fail_oom(e);
    if (!rc && access(path, F_OK) == 0)
        rc = il_json_read(&o, path, IL_FILE_SETTINGS, 0, e);
    const json_t *noted = json_object_get(o, OF_MANIFEST);
    if (!rc && noted && !il_json_digest(&own, o))
        rc = il_fail_oom(e);
    if (!rc && noted && !is_same(json_object_get(o, "sha256"), own))
        rc = il_fail(e, IL_EDATA, "%s: has changed since the data set was built; build it anew, or restore the file",
                     path);
    if (!rc && noted && !is_same(noted, il_sha256(manifest, size)))
        rc = il_fail(e, IL_EDATA,
                     "%s/manifest.jsonl: has changed since the data set was built; build it anew, or restore the file",
                     folder);
    if (sealed)
        *sealed = noted != NULL;
    json_decref(o);
    free(path);
    return rc;
}
