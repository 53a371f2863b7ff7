/* run_name.c - the name of a run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/params.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/keys.h"
#include "plan/run_config.h"
#include "plan/run_name.h"

static const il_choice *choice_of(const il_run *run, il_kind kind)
{
    switch (kind) {
    case IL_KIND_DATASET: return &run->dataset;
    case IL_KIND_MODEL: return &run->model;
    case IL_KIND_LOSS: return &run->loss;
    case IL_KIND_MASK_POLICY: return &run->mask_policy;
    default: return NULL;
    }
}

/* The plugin choice that a key belongs to, or NULL. *setting: the part after the dot, or NULL. */
static const il_keys_choice *choice_named(const char *key, const char **setting)
{
    char head[32];
    const char *dot = strchr(key, '.');
    snprintf(head, sizeof head, "%.*s", (int)strcspn(key, "."), key);
    *setting = dot ? dot + 1 : NULL;
    return il_keys_find_choice(head);
}

static const char *choice_text(const il_run *run, const il_keys_choice *what, const char *setting)
{
    const il_choice *c = choice_of(run, what->kind);
    return !setting                       ? c->label
           : strcmp(setting, "name") == 0 ? c->plugin->name
                                          : il_params_canonical(c->params, setting);
}

/* The run's value of a key of `train` or `base`. */
static const char *plain_text(const il_run *run, const char *key, const char *setting)
{
    if (strcmp(key, "validation") == 0)
        return run->validation_name ? run->validation_name : "";
    if (strcmp(key, "train") == 0)
        return run->test_only ? "none" : "";
    if (strcmp(key, "weights") == 0)
        return run->weights_name ? run->weights_name : "";
    return setting ? il_params_canonical(run->train_settings, setting) : il_params_canonical(run->base_settings, key);
}

/* Keys that --set may change without changing a result. */
static bool is_silent(const char *key)
{
    return strncmp(key, "train.", 6) == 0 && il_run_config_ignores(key + 6);
}

static bool is_shaped(const char *key)
{
    return strncmp(key, "train.", 6) == 0 && il_keys_train_shape(key + 6);
}

/* Lists and labels are not part of a run's name. */
static bool is_named(const char *key)
{
    const char *dot = strrchr(key, '.');
    return strcmp(key, "test") != 0 && strcmp(key, "degrade") != 0 && !is_shaped(key) &&
           strcmp(key, "test_window") != 0 && !(dot && strcmp(dot, ".label") == 0);
}

/* A value as the grid writes it; of a mapping its label, else its name. */
static const char *written_text(const char *key, const il_node *value)
{
    bool weights = strcmp(key, "weights") == 0;
    const il_node *label = il_yaml_get(value, "label");
    if (value->kind == IL_NODE_MAP)
        value = label ? label : il_yaml_get(value, weights ? "file" : "name");
    const char *text = value && value->kind == IL_NODE_SCALAR ? value->text : "", *slash = strrchr(text, '/');
    return weights && !label && slash ? slash + 1 : text;
}

static const char *value_text(const il_run *run, const char *key)
{
    const char *setting = NULL;
    const il_keys_choice *what = choice_named(key, &setting);
    return what ? choice_text(run, what, setting) : plain_text(run, key, setting);
}

static int name_axes(il_run *run, const il_resolver *r, const il_variant *v, bool written, il_err *e)
{
    il_text t = { 0 };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < v->count; i++) {
        const char *key = v->keys[i]->text;
        if (!is_named(key))
            continue;
        const char *value = written ? written_text(key, v->values[i]) : value_text(run, key);
        il_text_add(&t, "%s%s=%s", t.size ? "," : "", key, value);
        if (!rc && !t.failed && !il_utf8_is_line(t.data))
            rc = il_yaml_fail(r->grid, v->values[i], e, IL_EPARAM,
                              "'%s': a value that is part of a run's name must be one line of text", key);
    }
    if (!rc && t.size == 0)
        il_text_add(&t, "%s", r->experiment);
    if (!rc && t.failed)
        rc = il_fail_oom(e);
    if (rc) {
        il_text_free(&t);
        return rc;
    }
    run->name = t.data;
    run->own_name = t.size;
    return IL_OK;
}

int il_run_name_axes(il_run *run, const il_resolver *r, const il_variant *v, il_err *e)
{
    return name_axes(run, r, v, false, e);
}

int il_run_name_written(il_run *run, const il_resolver *r, const il_variant *v, il_err *e)
{
    return name_axes(run, r, v, true, e);
}

/* ---- changes by --set ---- */

/* A folder or file of the same name elsewhere counts as the same. */
static void add_value(il_text *t, const il_param_spec *spec, const char *value)
{
    size_t size = strlen(value);
    while (size > 1 && value[size - 1] == '/')
        size--;
    size_t from = size;
    while (from > 0 && value[from - 1] != '/')
        from--;
    if (spec && spec->type == IL_PARAM_PATH)
        il_text_add(t, "%.*s", (int)(size - from), value + from);
    else
        il_text_add(t, "%s", value);
}

static const il_param_spec *spec_of(const il_run *run, const char *key)
{
    const char *setting = NULL;
    const il_keys_choice *what = choice_named(key, &setting);
    if (what)
        return setting ? il_params_find(il_params_specs(choice_of(run, what->kind)->params), setting) : NULL;
    return il_params_find(setting ? il_keys_train : il_keys_base, setting ? setting : key);
}

/* "backbone.*+head.*" of a list, "backbone.*:0.1+head.*:10" of a mapping. */
static void add_shaped(il_text *t, const il_training *how, const char *name)
{
    char *const *list = strcmp(name, "skip") == 0 ? how->skip : strcmp(name, "freeze") == 0 ? how->freeze : NULL;
    for (size_t i = 0; list && list[i]; i++)
        il_text_add(t, "%s%s", i ? "+" : "", list[i]);
    for (size_t i = 0; i < how->nlr_of && strcmp(name, "lr_of") == 0; i++)
        il_text_add(t, "%s%s:%g", i ? "+" : "", how->lr_of[i].pattern, how->lr_of[i].factor);
}

/* The same, as the grid writes it. */
static void add_written(il_text *t, const il_node *n)
{
    for (size_t i = 0; n && i < n->count; i++) {
        const char *text = n->items[i]->text ? n->items[i]->text : "";
        if (n->kind == IL_NODE_MAP)
            il_text_add(t, "%s%s:%g", i ? "+" : "", n->keys[i]->text, strtod(text, NULL));
        else
            il_text_add(t, "%s%s", i ? "+" : "", text);
    }
}

/* Appends the run's value of a key. */
static void add_own(il_text *t, const il_run *run, const char *key)
{
    const char *setting = NULL;
    const il_keys_choice *what = choice_named(key, &setting);
    const il_param_spec *spec = spec_of(run, key);
    il_text_add(t, "%s", "");
    if (is_shaped(key))
        add_shaped(t, &run->training, key + 6);
    else if (strcmp(key, "test_window") == 0)
        il_text_add(t, "%d/%d", run->testing.tile, run->testing.tile - run->testing.overlap);
    else if (!what)
        add_value(t, spec, plain_text(run, key, setting));
    else if (!setting || spec || strcmp(setting, "name") == 0)
        add_value(t, spec, choice_text(run, what, setting));
}

/* A value from the grid as canonical text; NULL: the default. */
static int add_canonical(il_text *t, const il_param_spec *spec, const char *value, il_err *e)
{
    const il_param_spec table[] = { *spec, { 0 } };
    il_params *p = NULL;
    int rc = il_params_new(&p, table, e);
    if (!rc && value)
        rc = il_params_set(p, spec->name, value, e);
    if (!rc && il_params_canonical(p, spec->name))
        add_value(t, spec, il_params_canonical(p, spec->name));
    il_params_free(p);
    return rc;
}

/* Appends the value that the grid alone gives; nothing where it gives no valid one. */
static int add_grids(il_text *t, const il_run *run, const il_settings *grid, const char *key, il_err *e)
{
    const char *setting = NULL;
    const il_keys_choice *what = choice_named(key, &setting);
    const il_param_spec *spec = spec_of(run, key);
    const il_setting *slot = il_settings_get(grid, key);
    if (what && (!setting || strcmp(setting, "name") == 0)) {
        char name[64];
        snprintf(name, sizeof name, "%s.name", what->key);
        const il_setting *named = il_settings_get(grid, name);
        const il_node *label = setting ? (named ? named->value : NULL) : il_settings_label(grid, what->key);
        const char *text = label ? label->text : what->fallback;
        if (text)
            il_text_add(t, "%s", text);
    } else if (is_shaped(key)) {
        il_text_add(t, "%s", "");
        add_written(t, slot ? slot->value : NULL);
    } else if (strcmp(key, "weights") == 0) {
        il_text_add(t, "%s", il_settings_weights(grid) ? il_settings_weights(grid) : "");
    } else if (strcmp(key, "validation") == 0) {
        bool share = slot && slot->value->kind == IL_NODE_SCALAR;
        il_text_add(t, "%.0s", "");
        if (share)
            il_text_add(t, "%g", strtod(slot->value->text, NULL));
    } else if (spec && slot && slot->value->kind == IL_NODE_LIST) {
        il_text joined = { 0 };
        int rc = il_settings_join(&joined, slot, e);
        if (!rc)
            rc = add_canonical(t, spec, joined.data, e);
        il_text_free(&joined);
        return rc;
    } else if (spec) {
        return add_canonical(t, spec, slot ? slot->value->text : NULL, e);
    }
    return IL_OK;
}

/* grid NULL: the grid alone has no value for this key. */
static int add_if_changed(il_text *name, const il_run *run, const il_settings *grid, const char *key, il_err *e)
{
    il_text now = { 0 }, before = { 0 };
    il_err unusable = { 0 };
    add_own(&now, run, key);
    int rc = grid ? add_grids(&before, run, grid, key, &unusable) : IL_OK;
    if (rc == IL_ENOMEM || now.failed || before.failed)
        rc = il_fail_oom(e);
    else if (rc || !before.data || strcmp(now.data, before.data) != 0)
        il_text_add(name, ",%s=%s", key, now.data);
    il_text_free(&now);
    il_text_free(&before);
    return rc == IL_ENOMEM ? rc : IL_OK;
}

/* Whether the grid alone chooses the same plugin. */
static bool same_plugin(const il_run *run, const il_settings *grid, const il_keys_choice *what)
{
    char key[64];
    snprintf(key, sizeof key, "%s.name", what->key);
    const il_setting *slot = grid ? il_settings_get(grid, key) : NULL;
    const char *name = slot ? slot->value->text : what->fallback;
    return grid && name && strcmp(name, choice_of(run, what->kind)->plugin->name) == 0;
}

/* Compares a plugin with all its settings. Where the grid chooses another plugin, its defaults do not matter. */
static int add_choice(il_text *name, const il_run *run, const il_settings *grid, const il_keys_choice *what, il_err *e)
{
    const il_choice *c = choice_of(run, what->kind);
    bool same = same_plugin(run, grid, what);
    int rc = add_if_changed(name, run, grid, what->key, e);
    for (const il_param_spec *s = il_params_specs(c->params); !rc && s->name; s++) {
        char key[120];
        snprintf(key, sizeof key, "%s.%s", what->key, s->name);
        if (same || !s->fallback || strcmp(s->fallback, il_params_canonical(c->params, s->name)) != 0)
            rc = add_if_changed(name, run, same ? grid : NULL, key, e);
    }
    return rc;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool holds(const char *const *keys, size_t count, const char *key, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(keys[i]) == size && strncmp(keys[i], key, size) == 0)
            return true;
    return false;
}

int il_run_name_sets(il_run *run, const il_settings *grid, const char *const *keys, size_t count, il_err *e)
{
    const char **sorted = calloc(count + 1, sizeof *sorted);
    il_text t = { 0 };
    int rc = sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < count; i++)
        sorted[i] = keys[i];
    if (!rc)
        qsort(sorted, count, sizeof *sorted, by_text);
    il_text_add(&t, "%s", run->name);
    for (size_t i = 0; !rc && i < count; i++) {
        const char *key = sorted[i], *setting = NULL;
        bool again = holds(sorted, i, key, strlen(key)) ||
                     (strchr(key, '.') && holds(sorted, count, key, strcspn(key, ".")));
        if (again || is_silent(key) || (run->test_only && il_keys_trains(key) && strcmp(key, "train") != 0))
            continue;
        if (!is_named(key) && !is_shaped(key) && strcmp(key, "test_window") != 0)
            continue;
        const il_keys_choice *what = choice_named(key, &setting);
        rc = what && !setting ? add_choice(&t, run, grid, what, e) : add_if_changed(&t, run, grid, key, e);
        if (!rc && !t.failed && !il_utf8_is_line(t.data))
            rc = il_fail(e, IL_EUSAGE, "--set %s: a value that is part of a run's name must be one line of text", key);
    }
    free(sorted);
    if (!rc && t.failed)
        rc = il_fail_oom(e);
    if (rc) {
        il_text_free(&t);
        return rc;
    }
    free(run->name);
    run->name = t.data;
    return IL_OK;
}
