/* instance.c - a plugin with its settings. */
#include <stdlib.h>
#include <sys/stat.h>
#include "plugin/instance.h"

void il_choice_free(il_choice *c)
{
    if (!c)
        return;
    il_params_free(c->params);
    free(c->label);
    *c = (il_choice){ 0 };
}

int il_uses_of(il_uses *out, const il_plugin *plugin, const void *self, const il_params *params, il_err *e)
{
    il_uses u = { 0 };
    int rc = plugin->uses ? plugin->uses(self, &u, e) : IL_OK;
    for (const il_param_spec *s = il_params_specs(params); !plugin->uses && s->name && !rc; s++) {
        const char *path = s->type == IL_PARAM_PATH ? il_params_text(params, s->name) : "";
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

int il_policy_labels(float labels[256], const il_choice *policy, il_err *e)
{
    const il_plugin *p = policy->plugin;
    void *self = NULL;
    int rc = p->open ? p->open(&self, policy->params, e) : IL_OK;
    if (rc)
        return il_fail_in(e, "mask policy %s", p->name);
    for (int grey = 0; grey < 256; grey++)
        labels[grey] = p->mask_policy->label(self, (uint8_t)grey);
    if (p->close && self)
        p->close(self);
    for (int grey = 0; grey < 256; grey++)
        if (!(labels[grey] >= 0 && labels[grey] <= 1))
            return il_fail(e, IL_EPLUGIN, "mask policy %s: grey level %d has target %g; expected 0 to 1", p->name, grey,
                           (double)labels[grey]);
    return IL_OK;
}
