/* resolve_degrade.c - a list of degradations as written -> levels to test at, or ranges to draw from in training. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/params.h"
#include "base/suggest.h"
#include "base/text.h"
#include "plan/keys.h"
#include "plan/resolve_degrade.h"

/* What lists of tests and of trainings do not have in common. */
struct dialect {
    const char *name;          /* of the list */
    il_degrade_kind end;       /* the kinds before it */
    const char *strength;      /* the key of the levels */
    const il_param_spec *more; /* further settings of every kind; NULL: none */
    const char *entry;         /* what an entry is */
};

static const il_param_spec chance[] = { { "p", IL_PARAM_REAL, "1", 0, 1, NULL, "share of the pictures" }, { 0 } };

static const struct dialect tests = { "degrade", IL_DEGRADE_KINDS, "levels", NULL,
                                      "an entry must be a name, or a mapping of name, levels and settings" };
static const struct dialect trainings = { "train.augment", IL_AUGMENT_KINDS, "range", chance,
                                          "an entry must be a name, or a mapping of name, range, p and settings" };

/* State while one entry is read. */
struct entry {
    const struct dialect *as;
    const il_setting *slot;
    const il_node *node;
    const il_node *name;   /* of the kind */
    const il_node *within; /* in short {KIND: WITHIN}: settings, levels or a word; else NULL */
    il_degrade_kind kind;
    il_augmentation one; /* what is read: of tests the kind and its settings alone */
    size_t first;        /* tests: index of its first degradation in the list */
};

void il_degrade_levels_free(il_degrade_levels *l)
{
    free(l->list);
    *l = (il_degrade_levels){ 0 };
}

static int fail(const struct entry *x, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(x->slot->from, x->slot->at ? at : NULL, e, IL_EPARAM, "%s: %s", x->as->name, text);
}

static int fail_in(const struct entry *x, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(x->slot->from, x->slot->at ? at : NULL, e, IL_EPARAM, "%s: %s: %s", x->as->name,
                        il_degrade_spec_of(x->kind)->name, text);
}

static int fail_level(const struct entry *x, const il_node *at, il_err *e, const char *text)
{
    return il_yaml_fail(x->slot->from, x->slot->at ? at : NULL, e, IL_EPARAM, "%s: %s: level: %.40s %s", x->as->name,
                        il_degrade_spec_of(x->kind)->name, at->text, text);
}

/* ---- which kind ---- */

static int unknown_kind(const struct entry *x, il_err *e)
{
    const char *names[IL_AUGMENT_KINDS] = { NULL };
    il_text t = { 0 };
    size_t count = 0;
    for (int kind = IL_DEGRADE_NONE + 1; kind < (int)x->as->end; kind++)
        names[count++] = il_degrade_spec_of((il_degrade_kind)kind)->name;
    const char *nearest = il_suggest_nearest(x->name->text, names, count);
    il_text_add(&t, "'%.100s' is not a degradation", x->name->text);
    if (nearest)
        il_text_add(&t, "; did you mean '%s'?", nearest);
    for (size_t i = 0; i < count && !nearest; i++)
        il_text_add(&t, "%s%s", i ? ", " : "; expected one of ", names[i]);
    int rc = t.failed ? il_fail_oom(e) : fail(x, x->name, e, t.data);
    il_text_free(&t);
    return rc;
}

static bool is_common(const struct entry *x, const char *key)
{
    return strcmp(key, x->as->strength) == 0 || il_params_find(x->as->more, key);
}

/* In short, the first key that every kind does not have names it. */
static void find_name(struct entry *x)
{
    const il_node *n = x->node;
    x->name = n->kind == IL_NODE_MAP ? il_yaml_get(n, "name") : n;
    for (size_t i = 0; n->kind == IL_NODE_MAP && i < n->count && !x->name; i++)
        if (!is_common(x, n->keys[i]->text)) {
            x->name = n->keys[i];
            x->within = n->items[i];
        }
}

static int find_kind(struct entry *x, il_err *e)
{
    find_name(x);
    if (x->node->kind == IL_NODE_LIST || (x->name && x->name->kind != IL_NODE_SCALAR))
        return fail(x, x->node, e, x->as->entry);
    if (!x->name)
        return fail(x, x->node, e, "an entry has no 'name'");
    x->kind = il_degrade_find(x->name->text);
    if (x->kind == IL_DEGRADE_NONE || x->kind >= x->as->end)
        return unknown_kind(x, e);
    x->one.plain.kind = x->kind;
    return IL_OK;
}

/* ---- settings ---- */

/* The value of a key, in the entry or within {KIND: {…}}. */
static const il_node *get(const struct entry *x, const char *key)
{
    const il_node *value = x->within ? il_yaml_get(x->within, key) : NULL;
    return value ? value : il_yaml_get(x->node, key);
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

/* The keys of a mapping: the entry, or what stands within it. */
static int check_keys(const struct entry *x, const il_node *map, il_err *e)
{
    const char *names[8] = { "name", x->as->strength };
    size_t count = 2, own = map == x->within ? 1 : 0; /* the name stands outside */
    for (const il_param_spec *s = x->as->more; s && s->name; s++)
        names[count++] = s->name;
    for (const il_param_spec *s = il_degrade_spec_of(x->kind)->settings; s && s->name; s++)
        names[count++] = s->name;
    for (size_t i = 0; map && map->kind == IL_NODE_MAP && i < map->count; i++) {
        const il_node *key = map->keys[i];
        bool known = key == x->name;
        for (size_t k = own; k < count; k++)
            known = known || strcmp(names[k], key->text) == 0;
        if (!known)
            return fail_in(x, key, e, il_suggest_key(key->text, names + own).text);
        if (map == x->within && il_yaml_get(x->node, key->text))
            return fail_in(x, key, e, "this key is given twice");
    }
    return IL_OK;
}

/* {flip: vertical}, {rotate: true}, {jpeg: [90, 70]} */
static int check_short(const struct entry *x, il_err *e)
{
    const il_degrade_spec *spec = il_degrade_spec_of(x->kind);
    if (x->within && x->within->kind == IL_NODE_LIST && il_yaml_get(x->node, x->as->strength))
        return fail_in(x, x->within, e, "the levels are given twice");
    if (!x->within || x->within->kind != IL_NODE_SCALAR || spec->usual || strcmp(x->within->text, "true") == 0)
        return IL_OK;
    return fail_in(x, x->within, e,
                   !spec->level->name ? "expected true, or a mapping of its settings"
                   : x->as == &tests  ? "levels must be a list"
                                      : "the range must be a list, as in [60, 100]");
}

static void take_settings(struct entry *x, const il_params *p)
{
    il_degradation *d = &x->one.plain;
    if (x->kind == IL_DEGRADE_DOUBLE_JPEG) {
        d->first = (int)il_params_int(p, "first");
        d->shift = il_params_bool(p, "shift");
    } else if (x->kind == IL_DEGRADE_FLIP) {
        d->upright = strcmp(il_params_text(p, "direction"), "vertical") == 0;
    } else if (x->kind == IL_DEGRADE_JITTER) {
        const il_param_spec *s = il_params_specs(p);
        for (int i = 0; i < IL_JITTER_KINDS; i++)
            x->one.spread[i] = il_params_real(p, s[i].name);
    }
}

/* Those of the kind. */
static int read_settings(struct entry *x, il_err *e)
{
    const il_degrade_spec *spec = il_degrade_spec_of(x->kind);
    bool word = x->within && x->within->kind == IL_NODE_SCALAR && strcmp(x->within->text, "true") != 0;
    il_params *p = NULL;
    if (!spec->settings)
        return IL_OK;
    int rc = il_params_new(&p, spec->settings, e);
    for (const il_param_spec *s = spec->settings; s->name && !rc; s++) {
        bool usual = word && spec->usual && strcmp(s->name, spec->usual) == 0;
        const il_node *value = usual ? x->within : get(x, s->name);
        if (value)
            rc = set(p, s->name, x, value, e);
    }
    if (!rc)
        take_settings(x, p);
    il_params_free(p);
    return rc;
}

static int begin_entry(struct entry *x, il_err *e)
{
    int rc = find_kind(x, e);
    if (!rc)
        rc = check_keys(x, x->node, e);
    if (!rc)
        rc = check_keys(x, x->within, e);
    if (!rc)
        rc = check_short(x, e);
    return rc ? rc : read_settings(x, e);
}

/* ---- strength ---- */

/* The levels or the range as written; NULL: the usual ones. */
static const il_node *strength_of(const struct entry *x)
{
    const il_node *given = get(x, x->as->strength);
    return given ? given : x->within && x->within->kind == IL_NODE_LIST ? x->within : NULL;
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

/* ---- levels, of tests ---- */

static int check_once(const struct entry *x, const il_degrade_levels *so_far, il_err *e)
{
    for (size_t i = 0; i < so_far->count; i++)
        if (so_far->list[i].kind == x->kind)
            return fail_in(x, x->name, e, "named twice; expected one entry with all levels");
    return IL_OK;
}

static int add(il_degrade_levels *l, const struct entry *x, double level, const il_node *at, il_err *e)
{
    il_degradation d = x->one.plain;
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
    const il_node *levels = strength_of(x);
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

static int check_list(const struct entry *x, const il_node *list, il_err *e)
{
    return list->kind == IL_NODE_LIST ? IL_OK : fail(x, list, e, "must be a list");
}

int il_degrade_levels_read(il_degrade_levels *out, const il_setting *slot, const il_node *list, il_err *e)
{
    il_degrade_levels l = { 0 };
    int rc = check_list(&(struct entry){ .as = &tests, .slot = slot }, list, e);
    for (size_t i = 0; !rc && i < list->count; i++) {
        struct entry x = { .as = &tests, .slot = slot, .node = list->items[i] };
        rc = begin_entry(&x, e);
        if (!rc)
            rc = check_once(&x, &l, e);
        if (!rc)
            rc = read_levels(&l, &x, e);
    }
    if (rc)
        il_degrade_levels_free(&l);
    else
        *out = l;
    return rc;
}

/* ---- ranges, of trainings ---- */

/* Without one: from the least to the greatest of the levels that tests have by default. */
static void usual_range(il_augmentation *one, const il_degrade_spec *spec)
{
    one->low = one->high = spec->fallback[0];
    for (size_t i = 1; i < IL_DEGRADE_LEVELS && spec->fallback[i] > 0; i++) {
        one->low = spec->fallback[i] < one->low ? spec->fallback[i] : one->low;
        one->high = spec->fallback[i] > one->high ? spec->fallback[i] : one->high;
    }
}

static int read_range(struct entry *x, il_err *e)
{
    const il_degrade_spec *spec = il_degrade_spec_of(x->kind);
    const il_node *range = strength_of(x);
    if (range && !spec->level->name)
        return fail_in(x, range, e, "has no range");
    if (!range) {
        usual_range(&x->one, spec);
        return IL_OK;
    }
    if (range->kind != IL_NODE_LIST || range->count != 2)
        return fail_in(x, range, e, "the range must be a list of its lowest and its highest level");
    int rc = read_level(&x->one.low, x, range->items[0], e);
    if (!rc)
        rc = read_level(&x->one.high, x, range->items[1], e);
    if (!rc && x->one.high < x->one.low)
        rc = fail_level(x, range->items[1], e, "is less than the lowest level, which stands first");
    return rc;
}

/* p; without one all pictures are changed, and half of them flipped. */
static int read_chance(struct entry *x, il_err *e)
{
    const il_node *value = get(x, "p");
    il_params *p = NULL;
    x->one.p = x->kind == IL_DEGRADE_FLIP ? 0.5 : 1;
    if (!value)
        return IL_OK;
    int rc = il_params_new(&p, chance, e);
    if (!rc)
        rc = set(p, "p", x, value, e);
    if (!rc)
        x->one.p = il_params_real(p, "p");
    il_params_free(p);
    return rc;
}

static int check_jitter(const struct entry *x, il_err *e)
{
    bool any = x->kind != IL_DEGRADE_JITTER;
    for (int i = 0; i < IL_JITTER_KINDS; i++)
        any = any || x->one.spread[i] > 0;
    return any ? IL_OK : fail_in(x, x->name, e, "expected brightness, contrast or saturation above 0");
}

int il_degrade_ranges_read(il_augment *out, const il_setting *slot, const il_node *list, il_err *e)
{
    il_augment a = { 0 };
    int rc = check_list(&(struct entry){ .as = &trainings, .slot = slot }, list, e);
    if (!rc && list->count)
        a.list = calloc(list->count, sizeof *a.list);
    if (!rc && list->count && !a.list)
        rc = il_fail_oom(e);
    for (size_t i = 0; !rc && i < list->count; i++) {
        struct entry x = { .as = &trainings, .slot = slot, .node = list->items[i] };
        rc = begin_entry(&x, e);
        if (!rc)
            rc = read_range(&x, e);
        if (!rc)
            rc = read_chance(&x, e);
        if (!rc)
            rc = check_jitter(&x, e);
        a.list[a.count++] = x.one;
    }
    if (rc)
        il_augment_free(&a);
    else
        *out = a;
    return rc;
}
