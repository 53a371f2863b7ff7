/* model_choice.c - a detector's model and settings, from JSON that is not trusted, or from the command line, which is. */
#include <stdio.h>
#include <string.h>
#include "base/json.h"
#include "base/params.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "detect/model_choice.h"

typedef int finder(const il_plugin **out, il_registry *r, il_kind kind, const char *name, il_err *e);

static int choose(il_choice *c, finder *find, il_registry *registry, const char *name, il_err *e)
{
    int rc = find(&c->plugin, registry, IL_KIND_MODEL, name, e);
    if (!rc)
        rc = il_params_new(&c->params, c->plugin->params, e);
    if (!rc && !(c->label = il_text_copy(name)))
        rc = il_fail_oom(e);
    return rc;
}

/* ---- from JSON ---- */

/* A file that a setting names is often code: a TorchScript module writes files and need not end. */
static int set_text(il_params *p, const char *name, const char *text, il_err *e)
{
    const il_param_spec *spec = il_params_find(il_params_specs(p), name);
    if (spec && spec->type == IL_PARAM_PATH && *text && !il_registry_trusts())
        return il_fail(e, IL_ETRUST, "%s names '%s'; a file is used only with --trust, since it may be code", name,
                       text);
    return il_params_set(p, name, text, e);
}

static int set_value(il_params *p, const char *name, const json_t *value, il_err *e)
{
    char text[64];
    if (json_is_string(value))
        return set_text(p, name, json_string_value(value), e);
    if (json_is_boolean(value))
        return set_text(p, name, json_is_true(value) ? "true" : "false", e);
    if (json_is_integer(value))
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(text, sizeof text, "%.17g", json_real_value(value));
    else
        return il_fail(e, IL_EFORMAT, "%s: must be a plain value", name);
    return set_text(p, name, text, e);
}

/* paths (NULL: none): settings as text; only path settings are taken from it, because a configuration omits them. */
static int set_params(il_params *p, const json_t *settings, const json_t *paths, il_err *e)
{
    int rc = IL_OK;
    const char *name;
    json_t *value;
    for (const il_param_spec *s = il_params_specs(p); s && s->name && !rc; s++) {
        const char *path = s->type == IL_PARAM_PATH ? json_string_value(json_object_get(paths, s->name)) : NULL;
        if (path)
            rc = set_text(p, s->name, path, e);
    }
    json_object_foreach((json_t *)settings, name, value) if (!rc) rc = set_value(p, name, value, e);
    return rc;
}

static int as_int(const json_t *v)
{
    json_int_t n = json_integer_value(v);
    return n > 0 && n <= 1 << 20 ? (int)n : 0;
}

/* Size, seed and data set of the training. */
static int note_training(il_card *c, const json_t *root, il_err *e)
{
    const json_t *seed = json_object_get(root, "seed");
    const char *dataset = json_string_value(json_object_get(json_object_get(root, "dataset"), "name"));
    c->size = as_int(json_object_get(json_object_get(root, "train"), "size"));
    c->has_seed = json_is_integer(seed);
    c->given = json_is_string(json_object_get(root, "train"));
    c->seed = (uint64_t)json_integer_value(seed);
    if (dataset && !c->dataset && !(c->dataset = il_text_copy(dataset)))
        return il_fail_oom(e);
    if (dataset)
        il_utf8_make_plain(c->dataset);
    return IL_OK;
}

int il_model_choice_noted(il_choice *out, il_card *card, il_registry *registry, const char *config, const char *params,
                          il_err *e)
{
    json_error_t why;
    json_t *root = il_json_loads(config, 0, &why), *paths = params ? il_json_loads(params, 0, NULL) : NULL;
    const json_t *model = json_object_get(root, "model");
    const char *name = json_string_value(json_object_get(model, "name"));
    int rc = name ? choose(out, il_registry_find, registry, name, e)
                  : il_fail(e, IL_EFORMAT, "its configuration has no model name%s%s", root ? "" : ": ",
                            root ? "" : why.text);
    if (!rc)
        rc = set_params(out->params, json_object_get(model, "params"), paths, e);
    if (rc == IL_ETRUST)
        il_fail_in(e, "its configuration");
    if (!rc) {
        card->revision = as_int(json_object_get(model, "revision"));
        rc = note_training(card, root, e);
    }
    json_decref(root);
    json_decref(paths);
    return rc;
}

/* ---- as typed ---- */

/* As in a grid: where any text is allowed, a list of single values is one. */
static int set_typed(il_params *p, const char *name, const il_node *value, il_err *e)
{
    const il_param_spec *spec = il_params_find(il_params_specs(p), name);
    bool list = value->kind == IL_NODE_LIST && spec && spec->type == IL_PARAM_TEXT && !spec->choices;
    il_text joined = { 0 };
    int rc = IL_OK;
    if (value->kind != IL_NODE_SCALAR && !(list && il_yaml_join(&joined, value)))
        rc = il_fail(e, IL_EPARAM, "%s: must be a plain value", name);
    else if (joined.failed)
        rc = il_fail_oom(e);
    else
        rc = il_params_set(p, name, list ? (joined.data ? joined.data : "") : value->text, e);
    il_text_free(&joined);
    return rc;
}

static int choose_typed(il_choice *c, il_registry *registry, const char *text, il_err *e)
{
    il_yaml *y = NULL;
    int rc = il_yaml_parse(&y, "--model", text, strlen(text), e);
    if (rc)
        return rc;
    const il_node *root = il_yaml_root(y), *name = root;
    if (root && root->kind == IL_NODE_MAP)
        name = il_yaml_get(root, "name");
    if (!name || name->kind != IL_NODE_SCALAR)
        rc = il_fail(e, IL_EPARAM, "--model: expected a name, or settings as in '{name: unet, fine: 16}'");
    else
        rc = choose(c, il_registry_find_typed, registry, name->text, e);
    for (size_t i = 0; !rc && root->kind == IL_NODE_MAP && i < root->count; i++) {
        const il_node *value = root->items[i];
        if (strcmp(root->keys[i]->text, "name") == 0)
            continue;
        rc = set_typed(c->params, root->keys[i]->text, value, e);
        if (rc)
            il_fail_in(e, "--model");
    }
    il_yaml_free(y);
    return rc;
}

int il_model_choice_typed(il_choice *out, il_card *card, il_registry *registry, const char *model, const char *config,
                          il_err *e)
{
    json_t *root = config ? il_json_loads(config, 0, NULL) : NULL;
    int rc = choose_typed(out, registry, model, e);
    if (!rc)
        rc = note_training(card, root, e);
    json_decref(root);
    return rc;
}
