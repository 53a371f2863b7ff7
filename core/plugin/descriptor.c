/* descriptor.c - checks that what a plugin exports is complete and valid. */
#include <string.h>
#include "plugin/descriptor.h"

_Static_assert(IL_DESCRIPTOR_KINDS == (int)IL_KIND_GENERATOR, "a kind was added");

static bool is_name(const char *name)
{
    return name && *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static int check_settings(const il_plugin *p, il_err *e)
{
    for (const il_param_spec *s = p->params; s && s->name; s++) {
        if (!is_name(s->name))
            return il_fail(e, IL_EPLUGIN, "setting '%s' must have a lower-case name", s->name);
        if (strcmp(s->name, "name") == 0 || strcmp(s->name, "label") == 0)
            return il_fail(e, IL_EPLUGIN, "setting '%s' has a name that grids reserve", s->name);
        if ((unsigned)s->type > IL_PARAM_PATH)
            return il_fail(e, IL_EPLUGIN, "setting '%s' has an unknown type", s->name);
        for (const il_param_spec *other = p->params; other < s; other++) {
            if (strcmp(other->name, s->name) == 0)
                return il_fail(e, IL_EPLUGIN, "setting '%s' is declared twice", s->name);
        }
    }
    il_params *defaults = NULL;
    int rc = il_params_new(&defaults, p->params, e);
    il_params_free(defaults);
    if (rc == IL_ENOMEM)
        return rc;
    return rc ? il_fail(e, IL_EPLUGIN, "%s", e ? e->message : "a default is wrong") : IL_OK;
}

/* A required callback that the plugin lacks, or NULL. */
static const char *missing_callback(const il_plugin *p)
{
    if (!p->open)
        return "open";
    if (!p->close)
        return "close";
    switch (p->kind) {
    case IL_KIND_DATASET: return p->dataset && p->dataset->scan ? NULL : "dataset.scan";
    case IL_KIND_MODEL:
        if (!p->model || !p->model->build)
            return "model.build";
        return p->model->forward ? NULL : "model.forward";
    case IL_KIND_LOSS: return p->loss && p->loss->forward ? NULL : "loss.forward";
    case IL_KIND_MASK_POLICY: return p->mask_policy && p->mask_policy->label ? NULL : "mask_policy.label";
    case IL_KIND_MASKER: return p->masker && p->masker->mask ? NULL : "masker.mask";
    case IL_KIND_GENERATOR:
        return p->generator && (p->generator->reconstruct || p->generator->inpaint) ? NULL : "generator.inpaint";
    }
    return NULL;
}

int il_descriptor_check(const il_plugin *p, il_err *e)
{
    if (p->kind < IL_KIND_DATASET || p->kind > (il_kind)IL_DESCRIPTOR_KINDS)
        return il_fail(e, IL_EPLUGIN, "has the unknown kind %d", (int)p->kind);
    if (!is_name(p->name))
        return il_fail(e, IL_EPLUGIN, "its name is '%s'; expected lower-case letters, digits and '_'",
                       p->name ? p->name : "");
    if (p->revision < 1)
        return il_fail(e, IL_EPLUGIN, "its revision is %d; expected 1 or more", p->revision);

    const char *missing = missing_callback(p);
    if (missing)
        return il_fail(e, IL_EPLUGIN, "%s '%s' lacks the callback %s", il_descriptor_kind(p->kind), p->name, missing);
    int tables = !!p->dataset + !!p->model + !!p->loss + !!p->mask_policy + !!p->masker + !!p->generator;
    if (tables != 1)
        return il_fail(e, IL_EPLUGIN, "%s '%s' has callbacks of another kind", il_descriptor_kind(p->kind), p->name);
    if (p->generator && p->generator->multiple < 1)
        return il_fail(e, IL_EPLUGIN, "generator '%s': the multiple of its sides is %d; expected 1 or more", p->name,
                       p->generator->multiple);
    return check_settings(p, e);
}

const char *il_descriptor_kind(il_kind kind)
{
    switch (kind) {
    case IL_KIND_DATASET: return "dataset";
    case IL_KIND_MODEL: return "model";
    case IL_KIND_LOSS: return "loss";
    case IL_KIND_MASK_POLICY: return "mask policy";
    case IL_KIND_MASKER: return "masker";
    case IL_KIND_GENERATOR: return "generator";
    }
    return "thing";
}
