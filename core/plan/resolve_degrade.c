/* resolve_degrade.c - a `degrade` list as written -> degradations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/suggest.h"
#include "base/text.h"
#include "plan/keys.h"
#include "plan/resolve_degrade.h"

/* State while one entry is read. */
struct entry {
    const il_setting *slot;
    const il_node *node;
    il_degrade_kind kind;
    il_degradation plain; /* the kind and its settings, without a level */
    size_t first;         /* index of its first degradation in the list */
};

void il_degrade_levels_free(il_degrade_levels *l)
{
    free(l->list);
    *l = (il_degrade_levels){ 0 };
}

static int fail(const il_setting *slot, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(slot->from, slot->at ? at : NULL, e, IL_EPARAM, "degrade: %s", text);
}

static int fail_in(const struct entry *x, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(x->slot->from, x->slot->at ? at : NULL, e, IL_EPARAM, "degrade: %s: %s",
                        il_degrade_spec_of(x->kind)->name, text);
}

static int fail_level(const struct entry *x, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(x->slot->from, x->slot->at ? at : NULL, e, IL_EPARAM, "degrade: %s: level: %.40s %s",
                        il_degrade_spec_of(x->kind)->name, at->text, text);
}

static int unknown_kind(const il_setting *slot, const il_node *at, il_err *e)
{
    const char *names[IL_DEGRADE_KINDS] = { NULL };
    il_text t = { 0 };
    size_t count = 0;
    for (int kind = IL_DEGRADE_NONE + 1; kind < IL_DEGRADE_KINDS; kind++)
        names[count++] = il_degrade_spec_of((il_degrade_kind)kind)->name;
    const char *nearest = il_suggest_nearest(at->text, names, count);
    il_text_add(&t, "'%.100s' is not a degradation", at->text);
    if (nearest)
        il_text_add(&t, "; did you mean '%s'?", nearest);
    for (size_t i = 0; i < count && !nearest; i++)
        il_text_add(&t, "%s%s", i ? ", " : "; expected one of ", names[i]);
    int rc = t.failed ? il_fail_oom(e) : fail(slot, at, e, t.data);
    il_text_free(&t);
    return rc;
}

static int find_kind(struct entry *x, const il_degrade_levels *so_far, il_err *e)
{
    const il_node *name = x->node->kind == IL_NODE_MAP ? il_yaml_get(x->node, "name") : x->node;
    if (x->node->kind == IL_NODE_LIST || (name && name->kind != IL_NODE_SCALAR))
        return fail(x->slot, x->node, e, "an entry must be a name, or a mapping of name, levels and settings");
    if (!name)
        return fail(x->slot, x->node, e, "an entry has no 'name'");
    x->kind = il_degrade_find(name->text);
    if (x->kind == IL_DEGRADE_NONE)
        return unknown_kind(x->slot, name, e);
    for (size_t i = 0; i < so_far->count; i++)
        if (so_far->list[i].kind == x->kind)
            return fail_in(x, name, e, "named twice; expected one entry with all levels");
    x->plain.kind = x->kind;
    return IL_OK;
}

/* Sets a setting of p; errors give the position. */
static int set(il_params *p, const char *name, const struct entry *x, const il_node *value, il_err *e)
{
    il_err why = { 0 };
    if (value->kind != IL_NODE_SCALAR || value->quoted)
        return fail_in(x, value, e, "expected a plain value");
    int rc = il_params_set(p, name, value->text, &why);
    return rc == IL_ENOMEM ? il_fail_oom(e) : rc ? fail_in(x, value, e, why.message) : IL_OK;
}

static int check_keys(const struct entry *x, il_err *e)
{
    const char *names[8] = { "name", "levels" };
    size_t count = 2;
    for (const il_param_spec *s = il_degrade_spec_of(x->kind)->settings; s && s->name; s++)
        names[count++] = s->name;
    for (size_t i = 0; x->node->kind == IL_NODE_MAP && i < x->node->count; i++) {
        const il_node *key = x->node->keys[i];
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || strcmp(names[k], key->text) == 0;
        if (!known)
            return fail_in(x, key, e, il_suggest_key(key->text, names).text);
    }
    return IL_OK;
}

/* Only double_jpeg has settings. */
static int read_settings(struct entry *x, il_err *e)
{
    const il_param_spec *specs = il_degrade_spec_of(x->kind)->settings;
    il_params *p = NULL;
    if (!specs)
        return IL_OK;
    int rc = il_params_new(&p, specs, e);
    for (const il_param_spec *s = specs; s->name && !rc; s++) {
        const il_node *value = il_yaml_get(x->node, s->name);
        if (value)
            rc = set(p, s->name, x, value, e);
    }
    if (!rc) {
        x->plain.first = (int)il_params_int(p, "first");
        x->plain.shift = il_params_bool(p, "shift");
    }
    il_params_free(p);
    return rc;
}

/* Reads `value` as a level. */
static int read_level(double *level, const struct entry *x, const il_node *value, il_err *e)
{
    const il_degrade_spec *spec = il_degrade_spec_of(x->kind);
    il_params *p = NULL;
    int rc = il_params_new(&p, spec->level, e);
    if (!rc)
        rc = set(p, "level", x, value, e);
    if (!rc)
        *level = spec->level->type == IL_PARAM_INT ? (double)il_params_int(p, "level") : il_params_real(p, "level");
    il_params_free(p);
    if (!rc && spec->odd && (int)*level % 2 == 0)
        rc = fail_level(x, value, e, "is even; expected an odd number");
    return rc;
}

static int add(il_degrade_levels *l, const struct entry *x, double level, const il_node *at, il_err *e)
{
    il_degradation d = x->plain;
    d.level = level;
    for (size_t i = x->first; i < l->count; i++)
        if (l->list[i].level == level)
            return fail_level(x, at, e, "is given twice");
    il_degradation *more = il_array_grow(l->list, l->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    l->list = more;
    l->list[l->count++] = d;
    return IL_OK;
}

static int read_levels(il_degrade_levels *l, struct entry *x, il_err *e)
{
    const il_degrade_spec *spec = il_degrade_spec_of(x->kind);
    const il_node *levels = il_yaml_get(x->node, "levels");
    int rc = IL_OK;
    x->first = l->count;
    for (size_t i = 0; !levels && !rc && i < IL_DEGRADE_LEVELS && spec->fallback[i] > 0; i++)
        rc = add(l, x, spec->fallback[i], x->node, e);
    if (!levels)
        return rc;
    if (levels->kind != IL_NODE_LIST)
        return fail_in(x, levels, e, "levels must be a list");
    if (levels->count == 0)
        return fail_in(x, levels, e, "levels must not be empty");
    for (size_t i = 0; !rc && i < levels->count; i++) {
        double level = 0;
        rc = read_level(&level, x, levels->items[i], e);
        if (!rc)
            rc = add(l, x, level, levels->items[i], e);
    }
    return rc;
}

int il_degrade_levels_read(il_degrade_levels *out, const il_setting *slot, const il_node *list, il_err *e)
{
    il_degrade_levels l = { 0 };
    int rc = list->kind == IL_NODE_LIST ? IL_OK : fail(slot, list, e, "must be a list");
    for (size_t i = 0; !rc && i < list->count; i++) {
        struct entry x = { .slot = slot, .node = list->items[i] };
        rc = find_kind(&x, &l, e);
        if (!rc)
            rc = check_keys(&x, e);
        if (!rc)
            rc = read_settings(&x, e);
        if (!rc)
            rc = read_levels(&l, &x, e);
    }
    if (rc)
        il_degrade_levels_free(&l);
    else
        *out = l;
    return rc;
}
