/* run_record.c - the JSON columns of runs and tests. */
#include <stdlib.h>
#include "base/json.h"
#include "base/params_json.h"
#include "image/degrade.h"
#include "plugin/descriptor.h"
#include "train/run_record.h"

char *il_run_record_params(const il_choice *c)
{
    bool bad = false;
    json_t *o = il_params_json_shown(c->params, &bad);
    char *text = bad ? NULL : il_json_text(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(o);
    return text;
}

int il_run_record_settings(char **out, const il_set *set, il_err *e)
{
    il_degrade_words degradation = il_degrade_settings(&set->degradation);
    bool bad = false;
    *out = NULL;
    if (!*degradation.text && !set->mask_policy.plugin)
        return IL_OK;
    json_t *o = *degradation.text ? il_json_loads(degradation.text, 0, NULL) : json_object();
    if (set->mask_policy.plugin) {
        const il_plugin *p = set->mask_policy.plugin;
        il_params_json_put(o, "mask_policy",
                           json_pack("{s:s, s:i, s:o}", "name", p->name, "revision", p->revision, "params",
                                     il_params_json_shown(set->mask_policy.params, &bad)),
                           &bad);
    }
    *out = bad ? NULL : il_json_text(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(o);
    return *out ? IL_OK : il_fail_oom(e);
}

char *il_run_record_versions(const il_run *run)
{
    const il_choice none = { 0 },
                    used[] = { run->test_only ? none : run->dataset, run->model, run->loss, run->mask_policy };
    bool bad = false;
    json_t *o = json_pack("{s:s, s:s}", "inpaintlab", IL_VERSION, "libtorch", il_torch_version());
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        const il_plugin *p = used[i].plugin;
        if (!p) /* nothing is trained */
            continue;
        const il_plugin_file *f = &used[i].file;
        json_t *one = json_pack("{s:s, s:i, s:s*, s:s*}", "name", p->name, "revision", p->revision, "sha256", f->sha256,
                                "path", f->installed ? NULL : f->path);
        bad = bad || json_object_set_new(o, il_descriptor_kind(p->kind), one) != 0;
    }
    char *text = bad ? NULL : il_json_text(o, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(o);
    return text;
}
