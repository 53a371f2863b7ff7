/* naming.c - what a run is called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plan/run_config.h"
#include "plan/run_name.h"
#include "plan/keys.h"
#include "base/utf8.h"
#include "base/text.h"
#include "base/params.h"

static const il_choice *choice_of(const il_run *run, il_kind kind)
{
    switch (kind) {
    case IL_DATASET: return &run->dataset;
    case IL_MODEL: return &run->model;
    case IL_LOSS: return &run->loss;
    case IL_MASK_POLICY: return &run->mask_policy;
    default: return NULL;
    }
}

/* NULL when the key begins with no plugin's place. *setting: what stands after the dot, or NULL. */
static const il_keys_choice *choice_named(const char *key, const char **setting)
{
    char head[32];
    const char *dot = strchr(key, '.');
    snprintf(head, sizeof head, "%.*s", (int)strcspn(key, "."), key);
    *setting = dot ? dot + 1 : NULL;
    return il_keys_find_choice(head);
}

/* Appends the canonical text of a value of a table; value NULL: its default. */
static int add_canonical(il_text *t, const il_param_spec *table, const char *name, const char *value, il_err *e)
{
    il_params *p = NULL;
    int rc = il_params_new(&p, table, e);
    if (!rc && value)
        rc = il_params_set(p, name, value, e);
    if (!rc)
        il_words_add(t, "%s", il_params_canonical(p, name));
    il_params_free(p);
    return rc;
}

static const char *choice_text(const il_run *run, const il_keys_choice *what, const char *setting)
{
    const il_choice *c = choice_of(run, what->kind);
    return !setting                        ? c->label
           : strcmp(setting, "name") == 0 ? c->plugin->name
                                           : il_params_canonical(c->params, setting);
}

/* What may be set and yet changes no result. */
static bool is_silent(const char *key)
{
    return strncmp(key, "train.", 6) == 0 && il_config_ignores(key + 6);
}

/* Lists and labels set no run apart by name. */
static bool is_named(const char *key)
{
    const char *dot = strrchr(key, '.');
    return strcmp(key, "test") != 0 && strcmp(key, "degrade") != 0 && strcmp(key, "train.skip") != 0 &&
           !(dot && strcmp(dot, ".label") == 0);
}

int il_naming_axes(il_run *run, const il_resolver *r, const il_variant *v, il_err *e)
{
    il_text t = {0};
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < v->count; i++) {
        const char *key = v->keys[i]->text, *setting = NULL;
        if (!is_named(key))
            continue;
        const il_keys_choice *what = choice_named(key, &setting);
        il_words_add(&t, "%s%s=", t.size ? "," : "", key);
        if (what)
            il_words_add(&t, "%s", choice_text(run, what, setting));
        else
            rc = add_canonical(&t, setting ? il_keys_train : il_keys_base, setting ? setting : key, v->values[i]->text, e);
        if (!rc && !t.failed && !il_plain_line(t.data))
            rc = il_yaml_fail(r->grid, v->values[i], e, IL_EPARAM,
                              "'%s': a value that tells runs apart must be one line of text", key);
    }
    if (!rc && t.size == 0)
        il_words_add(&t, "%s", r->experiment);
    if (!rc && t.failed)
        rc = il_fail_oom(e);
    if (rc) {
        il_words_free(&t);
        return rc;
    }
    run->name = t.data;
    run->own_name = t.size;
    return IL_OK;
}

/* ---- what --set changed ---- */

/* A moved folder or file of the same name is no other one. */
static void add_value(il_text *t, const il_param_spec *spec, const char *value)
{
    size_t size = strlen(value);
    while (size > 1 && value[size - 1] == '/')
        size--;
    size_t from = size;
    while (from > 0 && value[from - 1] != '/')
        from--;
    if (spec && spec->type == IL_PATH)
        il_words_add(t, "%.*s", (int)(size - from), value + from);
    else
        il_words_add(t, "%s", value);
}

static void add_skipped(il_text *t, const il_run *run)
{
    for (char **s = run->training.skip; s && *s; s++)
        il_words_add(t, "%s%s", s == run->training.skip ? "" : "+", *s);
}

/* Appends the value of a key as the run has it. */
static int add_text(il_text *t, const il_run *run, const il_slots *slots, const char *key, il_err *e)
{
    const char *setting = NULL;
    const il_keys_choice *what = choice_named(key, &setting);
    il_words_add(t, "%s", "");
    if (what) {
        const il_param_spec *specs = il_params_specs(choice_of(run, what->kind)->params);
        const il_param_spec *spec = setting ? il_params_find(specs, setting) : NULL;
        if (!setting || spec || strcmp(setting, "name") == 0)
            add_value(t, spec, choice_text(run, what, setting));
        return IL_OK;
    }
    if (strcmp(key, "train.skip") == 0) {
        add_skipped(t, run);
        return IL_OK;
    }
    const il_param_spec *table = setting ? il_keys_train : il_keys_base;
    const char *name = setting ? setting : key;
    const il_slot *slot = il_slots_get(slots, key);
    il_text value = {0};
    int rc = add_canonical(&value, table, name, slot ? slot->value->text : NULL, e);
    if (!rc)
        add_value(t, il_params_find(table, name), value.data ? value.data : "");
    il_words_free(&value);
    return rc;
}

/* Both runs, with --set and without. */
struct pair {
    const il_run *run, *twin;
    const il_slots *slots, *twins;
};

static int add_if_changed(il_text *name, const struct pair *p, const char *key, il_err *e)
{
    il_text now = {0}, before = {0};
    int rc = add_text(&now, p->run, p->slots, key, e);
    if (!rc && p->twin)
        rc = add_text(&before, p->twin, p->twins, key, e);
    if (!rc && (now.failed || before.failed))
        rc = il_fail_oom(e);
    if (!rc && (!p->twin || strcmp(now.data, before.data) != 0))
        il_words_add(name, ",%s=%s", key, now.data);
    il_words_free(&now);
    il_words_free(&before);
    return rc;
}

/* A plugin with all of its settings. Where the grid has another one, its defaults say nothing. */
static int add_choice(il_text *name, const struct pair *p, const il_keys_choice *what, il_err *e)
{
    const il_choice *c = choice_of(p->run, what->kind), *twin = p->twin ? choice_of(p->twin, what->kind) : NULL;
    bool same = twin && strcmp(twin->plugin->name, c->plugin->name) == 0;
    int rc = add_if_changed(name, p, what->key, e);
    for (const il_param_spec *s = il_params_specs(c->params); !rc && s->name; s++) {
        char key[120];
        snprintf(key, sizeof key, "%s.%s", what->key, s->name);
        if (same)
            rc = add_if_changed(name, p, key, e);
        else if (!s->fallback || strcmp(s->fallback, il_params_canonical(c->params, s->name)) != 0)
            rc = add_if_changed(name, &(struct pair){ .run = p->run, .slots = p->slots }, key, e);
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

int il_naming_sets(il_run *run, const il_slots *slots, const il_run *twin, const il_slots *twins, const char *const *keys,
                   size_t count, il_err *e)
{
    struct pair p = { run, twin, slots, twins };
    const char **sorted = calloc(count + 1, sizeof *sorted);
    il_text t = {0};
    int rc = sorted ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; !rc && i < count; i++)
        sorted[i] = keys[i];
    if (!rc)
        qsort(sorted, count, sizeof *sorted, by_text);
    il_words_add(&t, "%s", run->name);
    for (size_t i = 0; !rc && i < count; i++) {
        const char *key = sorted[i], *setting = NULL;
        bool again = holds(sorted, i, key, strlen(key)) || (strchr(key, '.') && holds(sorted, count, key, strcspn(key, ".")));
        if (again || is_silent(key) || (!is_named(key) && strcmp(key, "train.skip") != 0))
            continue;
        const il_keys_choice *what = choice_named(key, &setting);
        rc = what && !setting ? add_choice(&t, &p, what, e) : add_if_changed(&t, &p, key, e);
        if (!rc && !t.failed && !il_plain_line(t.data))
            rc = il_fail(e, IL_EUSAGE, "--set %s: a value that tells runs apart must be one line of text", key);
    }
    free(sorted);
    if (!rc && t.failed)
        rc = il_fail_oom(e);
    if (rc) {
        il_words_free(&t);
        return rc;
    }
    free(run->name);
    run->name = t.data;
    return IL_OK;
}
