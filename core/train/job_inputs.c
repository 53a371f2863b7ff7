/* job_inputs.c - the files that decide a run's weights besides its pictures. */
#include <stdio.h>
#include <sys/stat.h>
#include "base/dependencies.h"
#include "base/sha256.h"
#include "plugin/descriptor.h"
#include "plugin/instance.h"
#include "train/job_inputs.h"

/* Adds "key": hash of the file, when there is one. */
static int add_file(json_t *files, const char *key, const char *path, il_err *e)
{
    struct stat st;
    if (!path || !*path)
        return IL_OK;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return IL_OK; /* a data set's folder: its manifest represents it */
    il_digest d;
    int rc = il_sha256_file(&d, path, e);
    if (!rc && json_object_set_new(files, key, json_string(d.hex)) != 0)
        rc = il_fail_oom(e);
    return rc ? il_fail_in(e, "%s", key) : rc;
}

/* Adds "key": hash of what a plugin says that it uses besides the files of its settings. */
static int add_uses(json_t *files, const char *key, const il_choice *c, il_err *e)
{
    const il_plugin *p = c->plugin;
    void *self = NULL;
    il_uses u = { 0 };
    il_digest d;
    if (!p->uses)
        return IL_OK;
    int rc = p->open ? p->open(&self, c->params, e) : IL_OK;
    if (!rc)
        rc = il_uses_of(&u, p, self, c->params, e);
    if (!rc)
        rc = il_uses_digest(&d, &u, e);
    if (!rc && (u.count || u.notes.size) && json_object_set_new(files, key, json_string(d.hex)) != 0)
        rc = il_fail_oom(e);
    il_uses_clear(&u);
    if (p->close && self)
        p->close(self);
    return rc ? il_fail_in(e, "%s", key) : rc;
}

/* Files named by settings of the model, loss and mask policy, or used by them, and the weights that are given. */
int il_job_inputs(json_t *files, const il_run *run, il_err *e)
{
    const il_choice choices[] = { run->model, run->loss, run->mask_policy };
    int rc = add_file(files, "train.weights", run->training.weights, e);
    if (!rc)
        rc = add_file(files, "weights", run->weights, e);
    for (size_t i = 0; i < sizeof choices / sizeof *choices && !rc; i++) {
        const il_param_spec *spec = choices[i].plugin ? il_params_specs(choices[i].params) : NULL;
        for (; spec && spec->name && !rc; spec++) {
            char key[200];
            snprintf(key, sizeof key, "%s.%s", il_descriptor_kind(choices[i].plugin->kind), spec->name);
            if (spec->type == IL_PARAM_PATH)
                rc = add_file(files, key, il_params_text(choices[i].params, spec->name), e);
        }
        if (!rc && choices[i].plugin) {
            char key[200];
            snprintf(key, sizeof key, "%s.uses", il_descriptor_kind(choices[i].plugin->kind));
            rc = add_uses(files, key, &choices[i], e);
        }
    }
    return rc;
}
