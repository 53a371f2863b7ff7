/* builds.c - whether a run was made with other builds of its plugins than those that are loaded. */
#include <string.h>
#include "plugin/descriptor.h"
#include "train/builds.h"

enum { USED = 4 };

/* Those that decide a run's weights; without plugin where nothing is trained. */
static void list_used(const il_choice *out[USED], const il_run *run)
{
    static const il_choice none;
    out[0] = run->test_only ? &none : &run->dataset;
    out[1] = &run->model;
    out[2] = &run->loss;
    out[3] = &run->mask_policy;
}

int il_builds_compare(json_t **anew, char **rebuilt, const il_run *run, const char *versions, il_err *e)
{
    const il_choice *used[USED];
    json_t *old = il_json_loads(versions, 0, NULL), *files = json_object();
    il_text words = { 0 };
    bool bad = !files || (!old && il_json_code(IL_OK) == IL_ENOMEM);
    list_used(used, run);
    for (int i = 0; i < USED; i++) {
        const il_plugin_file *file = &used[i]->file;
        if (!used[i]->plugin)
            continue;
        const char *kind = il_descriptor_kind(used[i]->plugin->kind);
        const json_t *was = json_object_get(old, kind);
        const char *sha256 = json_string_value(json_object_get(was, "sha256"));
        if (!sha256 || !file->sha256 || strcmp(sha256, file->sha256) == 0)
            continue;
        if (!file->installed || json_object_get(was, "path"))
            bad = json_object_set_new(files, kind, json_string(file->sha256)) != 0 || bad;
        else
            il_text_add(&words, "%s%s %s", words.data ? ", " : "", kind, used[i]->plugin->name);
    }
    json_decref(old);
    if (bad || words.failed) {
        json_decref(files);
        il_text_free(&words);
        return il_fail_oom(e);
    }
    *anew = files;
    if (json_object_size(files) == 0) {
        json_decref(files);
        *anew = NULL;
    }
    *rebuilt = words.data;
    return IL_OK;
}

void il_builds_describe(il_text *t, const il_run *run, const json_t *before, const json_t *anew)
{
    const il_choice *used[USED];
    list_used(used, run);
    for (int i = 0; i < USED; i++) {
        if (!used[i]->plugin)
            continue;
        const char *kind = il_descriptor_kind(used[i]->plugin->kind);
        const json_t *now = json_object_get(anew, kind);
        if (now && !json_equal(json_object_get(before, kind), now))
            il_text_add(t, "%s%s %s was built anew since the last run: %s", t->size ? ", " : "", kind,
                        used[i]->plugin->name, used[i]->file.path ? used[i]->file.path : "?");
    }
}
