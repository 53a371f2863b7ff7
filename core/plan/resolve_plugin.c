/* resolve_plugin.c - a plugin's name and settings as written -> an il_choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/params.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/resolve_plugin.h"
#include "plugin/descriptor.h"
#include "plugin/instance.h"

int il_choice_set(il_params *p, const char *name, const il_setting *slot, const char *context, il_err *e)
{
    const il_param_spec *spec = il_params_find(il_params_specs(p), name);
    if (spec && slot->value->quoted && spec->type != IL_PARAM_TEXT && spec->type != IL_PARAM_PATH)
        return il_settings_fail(slot, e, "%s%s: must be a plain value, not quoted text", context, name);

    il_err why = { 0 };
    bool list = slot->value->kind == IL_NODE_LIST;
    if (list && spec && (spec->type != IL_PARAM_TEXT || spec->choices))
        return il_settings_fail(slot, e, "%s'%s' is a list; expected a single value", context, name);
    il_text joined = { 0 };
    int rc = list ? il_settings_join(&joined, slot, e) : IL_OK;
    if (rc) {
        il_text_free(&joined);
        return rc;
    }
    rc = il_params_set(p, name, list ? joined.data : slot->value->text, &why);
    il_text_free(&joined);
    if (rc == IL_ENOMEM)
        return il_fail_oom(e);
    if (rc && !spec)
        return il_settings_fail_key(slot, e, "%s%s", context, why.message);
    if (rc)
        return il_settings_fail(slot, e, "%s%s", context, why.message);
    return IL_OK;
}

int il_resolve_table(il_params **out, const il_param_spec *table, const char *prefix, const il_settings *s, il_err *e)
{
    int rc = il_params_new(out, table, e);
    for (; !rc && table->name; table++) {
        char key[sizeof s->list->key];
        snprintf(key, sizeof key, "%s%s", prefix, table->name);
        const il_setting *slot = il_settings_get(s, key);
        if (slot)
            rc = il_choice_set(*out, table->name, slot, prefix, e);
    }
    return rc;
}

static int set_label(il_choice *c, const il_settings *s, const char *key, il_err *e)
{
    char name[sizeof s->list->key];
    snprintf(name, sizeof name, "%s.label", key);
    const il_setting *label = il_settings_get(s, name);
    if (label && (!*label->value->text || strpbrk(label->value->text, ",=") || !il_utf8_is_line(label->value->text)))
        return il_settings_fail(label, e, "label '%s': must be one line of text without ',' and '='",
                                label->value->text);
    c->label = il_text_copy(label ? label->value->text : c->plugin->name);
    return c->label ? IL_OK : il_fail_oom(e);
}

/* Sets every slot KEY.x except name and label. */
static int set_params(il_params *p, const il_plugin *plugin, const il_settings *s, const char *key, il_err *e)
{
    char context[160];
    snprintf(context, sizeof context, "%s '%s': ", il_descriptor_kind(plugin->kind), plugin->name);
    size_t size = strlen(key);
    for (size_t i = 0; i < s->count; i++) {
        const il_setting *slot = &s->list[i];
        if (strncmp(slot->key, key, size) != 0 || slot->key[size] != '.')
            continue;
        const char *name = slot->key + size + 1;
        if (strcmp(name, "name") == 0 || strcmp(name, "label") == 0)
            continue;
        int rc = il_choice_set(p, name, slot, context, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

/* The identity of a plugin instance: kind, name and settings. */
static char *instance_of(const il_choice *c)
{
    il_text t = { 0 };
    il_text_add(&t, "%d %s", (int)c->plugin->kind, c->plugin->name);
    for (const il_param_spec *s = il_params_specs(c->params); s->name; s++)
        il_text_add(&t, "\n%s=%s", s->name, il_params_canonical(c->params, s->name));
    if (t.failed)
        il_text_free(&t);
    return t.data;
}

/* Opens and closes the instance, unless an equal one was opened before. */
static int try_open(il_resolver *r, const il_choice *c, il_err *e)
{
    char *instance = instance_of(c);
    if (!instance)
        return il_fail_oom(e);
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->opened[i], instance) == 0) {
            free(instance);
            return IL_OK;
        }
    }
    char **more = il_array_grow(r->opened, r->count, sizeof *more);
    if (!more) {
        free(instance);
        return il_fail_oom(e);
    }
    r->opened = more;

    void *self = NULL;
    int rc = c->plugin->open(&self, c->params, e);
    if (rc) {
        free(instance);
        return rc;
    }
    c->plugin->close(self);
    r->opened[r->count++] = instance;
    return IL_OK;
}

static int as_code(il_err *e, int code)
{
    if (e)
        e->code = code;
    return code;
}

/* Errors of the choice as a whole are reported at its name, or at `base` when the name is a default. */
static int fail_choice(const il_resolver *r, const il_setting *name, const il_choice *c, const il_err *why, il_err *e)
{
    const char *kind = il_descriptor_kind(c->plugin->kind);
    int code = why->code == IL_ETRUST ? IL_ETRUST : IL_EPARAM;
    if (name)
        il_settings_fail(name, e, "%s '%s': %s", kind, c->plugin->name, why->message);
    else
        il_yaml_fail(r->grid, il_yaml_get(il_yaml_root(r->grid), "base"), e, code, "%s '%s': %s", kind, c->plugin->name,
                     why->message);
    return as_code(e, code);
}

static int find_plugin(const il_plugin **out, il_resolver *r, const il_setting *name, const il_keys_choice *what,
                       il_err *e)
{
    const il_node *base = il_yaml_get(il_yaml_root(r->grid), "base");
    if (!name && !what->fallback)
        return il_yaml_fail(r->grid, base, e, IL_EPARAM, "'base' must set '%s'", what->key);
    il_err why = { 0 };
    bool typed = name && !name->at; /* by --set */
    int rc = (typed ? il_registry_find_typed : il_registry_find)(out, r->registry, what->kind,
                                                                 name ? name->value->text : what->fallback, &why);
    if (!rc)
        return IL_OK;
    if (rc == IL_ENOMEM)
        return il_fail_oom(e);
    if (name)
        il_settings_fail(name, e, "%s", why.message);
    else
        il_yaml_fail(r->grid, base, e, rc, "%s", why.message);
    return as_code(e, rc == IL_ETRUST ? IL_ETRUST : IL_EPLUGIN);
}

int il_choice_resolve(il_choice *out, il_resolver *r, const il_settings *s, const il_keys_choice *what, il_err *e)
{
    char key[sizeof s->list->key];
    snprintf(key, sizeof key, "%s.name", what->key);
    const il_setting *name = il_settings_get(s, key);

    il_choice c = { 0 };
    int rc = find_plugin(&c.plugin, r, name, what, e);
    if (rc || !c.plugin)
        return rc;
    rc = il_registry_file(&c.file, r->registry, c.plugin, e);
    if (!rc)
        rc = il_params_new(&c.params, c.plugin->params, e);
    if (rc)
        return rc;
    rc = set_params(c.params, c.plugin, s, what->key, e);
    if (!rc)
        rc = set_label(&c, s, what->key, e);
    if (rc)
        goto done;

    il_err why = { 0 };
    rc = il_params_check(c.params, &why);
    if (!rc)
        rc = try_open(r, &c, &why);
    if (rc) {
        rc = rc == IL_ENOMEM ? il_fail_oom(e) : fail_choice(r, name, &c, &why, e);
        goto done;
    }
    *out = c;
    c = (il_choice){ 0 };

done:
    il_choice_free(&c);
    return rc;
}
