/* axes.c - the Cartesian product of the axes, minus `exclude`, plus `include`. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/suggest.h"
#include "base/text.h"
#include "plan/axes.h"
#include "plan/keys.h"

enum { MAX_RUNS = 10000 };

/* State of the expansion. Each list is a node of the grid, or NULL. */
struct expansion {
    const il_yaml *grid;
    const il_settings *base;
    const il_node *axes, *exclude, *include;
    bool *excluded_any; /* per entry of exclude: whether it matched a run */
    il_variants out;
};

static void variant_free(il_variant *v)
{
    il_settings_free(&v->slots);
    free(v->keys);
    free(v->values);
}

void il_axes_free(il_variants *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->count; i++)
        variant_free(&v->list[i]);
    free(v->list);
    *v = (il_variants){ 0 };
}

static int fail(const struct expansion *x, const il_node *at, il_err *e, const char *text, const char *word)
{
    il_text message = { 0 };
    il_text_add(&message, text, word);
    int rc = message.failed ? il_fail_oom(e) : il_yaml_fail(x->grid, at, e, IL_EPARAM, "%s", message.data);
    il_text_free(&message);
    return rc;
}

/* ---- shapes ---- */

static bool is_sweepable(const char *key)
{
    const char *dot = strrchr(key, '.');
    return strcmp(key, "test") != 0 && strcmp(key, "degrade") != 0 && strcmp(key, "train") != 0 &&
           !(strncmp(key, "train.", 6) == 0 && il_keys_train_shape(key + 6)) && strcmp(key, "test_window") != 0 &&
           !(dot && strcmp(dot, ".label") == 0);
}

static int check_axes(const struct expansion *x, il_err *e)
{
    if (!x->axes)
        return IL_OK;
    if (x->axes->kind != IL_NODE_MAP)
        return fail(x, x->axes, e, "'%s' must be a mapping of keys to lists", "axes");

    size_t runs = 1;
    for (size_t i = 0; i < x->axes->count; i++) {
        const il_node *key = x->axes->keys[i], *values = x->axes->items[i];
        if (!is_sweepable(key->text))
            return fail(x, key, e, "'%s' cannot be an axis", key->text);
        if (values->kind != IL_NODE_LIST)
            return fail(x, values, e, "axis '%s' must be a list", key->text);
        if (values->count == 0)
            return fail(x, values, e, "axis '%s' must not be empty", key->text);
        if (values->count > MAX_RUNS / runs)
            return fail(x, key, e, "axis '%s' gives more than 10000 runs", key->text);
        runs *= values->count;
    }
    return IL_OK;
}

/* exclude and include must be lists of non-empty mappings. */
static int check_entries(const struct expansion *x, const il_node *list, const char *name, il_err *e)
{
    if (!list)
        return IL_OK;
    if (list->kind != IL_NODE_LIST)
        return fail(x, list, e, "'%s' must be a list", name);
    for (size_t i = 0; i < list->count; i++) {
        const il_node *entry = list->items[i];
        if (entry->kind != IL_NODE_MAP || entry->count == 0)
            return fail(x, entry, e, "an entry of '%s' must be a mapping of keys to values", name);
        if (i == MAX_RUNS)
            return fail(x, entry, e, "'%s' has more than 10000 entries", name);
    }
    return IL_OK;
}

static int check_exclude_keys(const struct expansion *x, il_err *e)
{
    size_t axes = x->axes ? x->axes->count : 0;
    const char **names = calloc(axes + 1, sizeof *names);
    if (!names)
        return il_fail_oom(e);
    for (size_t i = 0; i < axes; i++)
        names[i] = x->axes->keys[i]->text;

    int rc = IL_OK;
    for (size_t i = 0; !rc && x->exclude && i < x->exclude->count; i++) {
        const il_node *entry = x->exclude->items[i];
        for (size_t k = 0; !rc && k < entry->count; k++) {
            const il_node *key = entry->keys[k];
            if (axes == 0)
                rc = fail(x, key, e, "cannot exclude '%s': the grid has no axes", key->text);
            else if (!il_yaml_get(x->axes, key->text))
                rc = fail(x, key, e, "%s (the axes)", il_suggest_key(key->text, names).text);
        }
    }
    free(names);
    return rc;
}

/* ---- exclude ---- */

/* Equal texts, or equal numbers in any notation. */
static bool same_scalar(const il_node *a, const il_node *b)
{
    if (strcmp(a->text, b->text) == 0)
        return true;
    char *end_a = NULL, *end_b = NULL;
    double x = strtod(a->text, &end_a), y = strtod(b->text, &end_b);
    return *a->text && *b->text && !*end_a && !*end_b && x == y;
}

static bool matches_key(const il_settings *s, const char *key, const il_node *wanted)
{
    if (wanted->kind == IL_NODE_SCALAR && il_keys_find_choice(key)) {
        const il_node *label = il_settings_label(s, key);
        return label && same_scalar(label, wanted);
    }
    if (wanted->kind == IL_NODE_SCALAR && strcmp(key, "weights") == 0) {
        const char *name = il_settings_weights(s);
        return name && strcmp(name, wanted->text) == 0;
    }
    if (wanted->kind == IL_NODE_SCALAR) {
        const il_setting *slot = il_settings_get(s, key);
        return slot && slot->value->kind == IL_NODE_SCALAR && same_scalar(slot->value, wanted);
    }
    for (size_t i = 0; wanted->kind == IL_NODE_MAP && i < wanted->count; i++) {
        il_text inner = { 0 };
        il_text_add(&inner, "%s.%s", key, wanted->keys[i]->text);
        const il_setting *slot = inner.failed ? NULL : il_settings_get(s, inner.data);
        const il_node *item = wanted->items[i];
        bool same = slot && slot->value->kind == IL_NODE_SCALAR && item->kind == IL_NODE_SCALAR &&
                    same_scalar(slot->value, item);
        il_text_free(&inner);
        if (!same)
            return false;
    }
    return wanted->kind == IL_NODE_MAP && wanted->count > 0;
}

static bool is_excluded(struct expansion *x, const il_settings *s)
{
    bool excluded = false;
    for (size_t i = 0; x->exclude && i < x->exclude->count; i++) {
        const il_node *entry = x->exclude->items[i];
        bool all = true;
        for (size_t k = 0; all && k < entry->count; k++)
            all = matches_key(s, entry->keys[k]->text, entry->items[k]);
        if (all)
            x->excluded_any[i] = excluded = true;
    }
    return excluded;
}

/* ---- variants ---- */

/* Inserts a pair, keeping the keys sorted by name. */
static void insert_pair(il_variant *v, const il_node *key, const il_node *value)
{
    size_t i = v->count++;
    for (; i > 0 && strcmp(v->keys[i - 1]->text, key->text) > 0; i--) {
        v->keys[i] = v->keys[i - 1];
        v->values[i] = v->values[i - 1];
    }
    v->keys[i] = key;
    v->values[i] = value;
}

/* `train: none` gives up what other runs are trained by, so it comes first; whole plugin choices before single settings. */
static int turn_of(const char *key)
{
    return strcmp(key, "train") == 0 ? 0 : strchr(key, '.') ? 2 : 1;
}

/* Base plus `count` pairs. */
static int put_pairs(il_settings *out, const il_yaml *grid, const il_settings *base, size_t count,
                     const il_node *const *keys, const il_node *const *values, il_err *e)
{
    int rc = il_settings_copy(out, base, e);
    for (int turn = 0; !rc && turn < 3; turn++) {
        for (size_t i = 0; !rc && i < count; i++) {
            il_settings_source source = { .from = grid, .at = keys[i] };
            if (turn_of(keys[i]->text) == turn)
                rc = il_settings_put(out, keys[i]->text, values[i], source, e);
        }
    }
    return rc;
}

int il_axes_apply(il_settings *out, const il_variant *v, const il_yaml *grid, const il_settings *base, il_err *e)
{
    il_settings slots = { 0 };
    int rc = put_pairs(&slots, grid, base, v->count, v->keys, v->values, e);
    if (rc)
        il_settings_free(&slots);
    else
        *out = slots;
    return rc;
}

static int make_variant(il_variant *out, const struct expansion *x, const il_node *place, size_t count,
                        il_node *const *keys, const il_node *const *values, il_err *e)
{
    il_variant v = { .place = place };
    v.keys = calloc(count + 1, sizeof(il_node *));
    v.values = calloc(count + 1, sizeof(il_node *));
    int rc = v.keys && v.values ? put_pairs(&v.slots, x->grid, x->base, count, (const il_node *const *)keys, values, e)
                                : il_fail_oom(e);
    for (size_t i = 0; !rc && i < count; i++)
        insert_pair(&v, keys[i], values[i]);
    if (rc)
        variant_free(&v);
    else
        *out = v;
    return rc;
}

/* Takes ownership of v; false when out of memory. */
static bool append(struct expansion *x, il_variant *v)
{
    il_variant *more = il_array_grow(x->out.list, x->out.count, sizeof *more);
    if (!more) {
        variant_free(v);
        return false;
    }
    x->out.list = more;
    x->out.list[x->out.count++] = *v;
    return true;
}

/* Adds combination number `ordinal`; the first axis varies slowest. */
static int add_combination(struct expansion *x, size_t ordinal, const il_node **values, il_err *e)
{
    size_t count = x->axes ? x->axes->count : 0;
    for (size_t i = count; i-- > 0;) {
        const il_node *axis = x->axes->items[i];
        values[i] = axis->items[ordinal % axis->count];
        ordinal /= axis->count;
    }
    const il_node *place = x->axes ? x->axes : il_yaml_get(il_yaml_root(x->grid), "base");
    il_variant v;
    int rc = make_variant(&v, x, place, count, x->axes ? x->axes->keys : NULL, values, e);
    if (rc)
        return rc;
    if (!is_excluded(x, &v.slots))
        return append(x, &v) ? IL_OK : il_fail_oom(e);
    variant_free(&v);
    return IL_OK;
}

static int add_product(struct expansion *x, il_err *e)
{
    size_t runs = 1, count = x->axes ? x->axes->count : 0;
    for (size_t i = 0; i < count; i++)
        runs *= x->axes->items[i]->count;
    const il_node **values = calloc(count + 1, sizeof(il_node *));
    if (!values)
        return il_fail_oom(e);
    int rc = IL_OK;
    for (size_t n = 0; !rc && n < runs; n++)
        rc = add_combination(x, n, values, e);
    free(values);
    return rc;
}

static int add_includes(struct expansion *x, il_err *e)
{
    for (size_t i = 0; x->include && i < x->include->count; i++) {
        const il_node *entry = x->include->items[i];
        il_variant v;
        if (x->out.count == MAX_RUNS)
            return fail(x, entry, e, "'%s' gives more than 10000 runs", "include");
        int rc = make_variant(&v, x, entry, entry->count, entry->keys, (const il_node *const *)entry->items, e);
        if (rc)
            return rc;
        if (!append(x, &v))
            return il_fail_oom(e);
    }
    return IL_OK;
}

static int check_excluded(const struct expansion *x, il_err *e)
{
    for (size_t i = 0; x->exclude && i < x->exclude->count; i++) {
        if (!x->excluded_any[i])
            return fail(x, x->exclude->items[i], e, "this entry of '%s' matches no combination", "exclude");
    }
    if (x->out.count == 0)
        return fail(x, x->exclude, e, "'%s' excludes all runs", "exclude");
    return IL_OK;
}

int il_axes_expand(il_variants *out, const il_yaml *grid, const il_settings *base, il_err *e)
{
    const il_node *root = il_yaml_root(grid);
    struct expansion x = {
        .grid = grid,
        .base = base,
        .axes = il_yaml_get(root, "axes"),
        .exclude = il_yaml_get(root, "exclude"),
        .include = il_yaml_get(root, "include"),
    };
    int rc = check_axes(&x, e);
    if (!rc)
        rc = check_entries(&x, x.exclude, "exclude", e);
    if (!rc)
        rc = check_entries(&x, x.include, "include", e);
    if (!rc)
        rc = check_exclude_keys(&x, e);
    if (rc)
        return rc;

    x.excluded_any = calloc(x.exclude ? x.exclude->count + 1 : 1, sizeof *x.excluded_any);
    if (!x.excluded_any)
        return il_fail_oom(e);
    rc = add_product(&x, e);
    if (!rc)
        rc = add_includes(&x, e);
    if (!rc)
        rc = check_excluded(&x, e);
    free(x.excluded_any);
    if (rc)
        il_axes_free(&x.out);
    else
        *out = x.out;
    return rc;
}
