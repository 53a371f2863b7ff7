/* settings.c - dotted keys -> values; the shape of each value is checked when it is set. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/params.h"
#include "base/suggest.h"
#include "base/text.h"
#include "plan/keys.h"
#include "plan/settings.h"

void il_settings_free(il_settings *s)
{
    if (!s)
        return;
    free(s->list);
    *s = (il_settings){ 0 };
}

int il_settings_copy(il_settings *out, const il_settings *in, il_err *e)
{
    il_setting *list = il_array_new(in->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    if (in->count > 0)
        memcpy(list, in->list, in->count * sizeof *list);
    *out = (il_settings){ list, in->count };
    return IL_OK;
}

const il_setting *il_settings_get(const il_settings *s, const char *key)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->list[i].key, key) == 0)
            return &s->list[i];
    }
    return NULL;
}

const il_node *il_settings_label(const il_settings *s, const char *choice)
{
    char key[sizeof s->list->key];
    snprintf(key, sizeof key, "%s.label", choice);
    const il_setting *slot = il_settings_get(s, key);
    if (!slot) {
        snprintf(key, sizeof key, "%s.name", choice);
        slot = il_settings_get(s, key);
    }
    return slot ? slot->value : NULL;
}

const char *il_settings_weights(const il_settings *s)
{
    const il_setting *label = il_settings_get(s, "weights.label"), *file = il_settings_get(s, "weights.file");
    const char *slash = file ? strrchr(file->value->text, '/') : NULL;
    return !file ? NULL : label ? label->value->text : slash ? slash + 1 : file->value->text;
}

int il_settings_fail_key(const il_setting *s, il_err *e, const char *format, ...)
{
    char message[sizeof e->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return il_yaml_fail(s->from, s->at, e, IL_EPARAM, "%s", message);
}

int il_settings_fail(const il_setting *s, il_err *e, const char *format, ...)
{
    char message[sizeof e->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return il_yaml_fail(s->from, s->at ? s->value : NULL, e, IL_EPARAM, "%s", message);
}

int il_settings_join(il_text *out, const il_setting *slot, il_err *e)
{
    if (!il_yaml_join(out, slot->value))
        return il_settings_fail(slot, e, "'%s' must be a single value or a list of single values", slot->key);
    il_text_add(out, "%s", ""); /* of an empty list */
    return out->failed ? il_fail_oom(e) : IL_OK;
}

/* ---- setting one ---- */

static int append(il_settings *s, const il_setting *slot, il_err *e)
{
    il_setting *more = il_array_grow(s->list, s->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    s->list = more;
    s->list[s->count++] = *slot;
    return IL_OK;
}

static int set(il_settings *s, const il_setting *slot, il_err *e)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->list[i].key, slot->key) == 0) {
            s->list[i] = *slot;
            return IL_OK;
        }
    }
    return append(s, slot, e);
}

/* A key, and those below it. */
static void drop(il_settings *s, const char *head)
{
    size_t size = strlen(head), kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        const char *key = s->list[i].key;
        if (strncmp(key, head, size) != 0 || (key[size] && key[size] != '.'))
            s->list[kept++] = s->list[i];
    }
    s->count = kept;
}

static bool is_null(const il_node *n)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };
    for (size_t i = 0; n->kind == IL_NODE_SCALAR && !n->quoted && i < sizeof words / sizeof *words; i++) {
        if (strcmp(n->text, words[i]) == 0)
            return true;
    }
    return false;
}

static int check_value(const il_setting *slot, il_node_kind expected, il_err *e)
{
    static const char *const words[] = { "a single value", "a list", "a mapping" };
    const char *name = slot->at ? slot->at->text : slot->key;
    if (is_null(slot->value))
        return il_settings_fail_key(slot, e, "'%s' has no value", name);
    if (slot->value->kind != expected)
        return il_settings_fail(slot, e, "'%s' is %s; expected %s", name, words[slot->value->kind], words[expected]);
    return IL_OK;
}

static int put_value(il_settings *s, const il_setting *slot, il_node_kind expected, il_err *e)
{
    int rc = check_value(slot, expected, e);
    return rc ? rc : set(s, slot, e);
}

static bool compose(il_setting *slot, const char *head, const char *tail)
{
    return snprintf(slot->key, sizeof slot->key, "%s.%s", head, tail) < (int)sizeof slot->key;
}

/* A plugin's setting may be a list, see il_choice_set; its name and label may not. */
static il_node_kind kind_of_setting(const char *name, const il_setting *slot)
{
    bool word = strcmp(name, "name") == 0 || strcmp(name, "label") == 0;
    return slot->value->kind == IL_NODE_LIST && !word ? IL_NODE_LIST : IL_NODE_SCALAR;
}

/* model: fcn, or model: {name: nix, size: 40} */
static int put_choice(il_settings *s, const char *choice, const il_setting *whole, il_err *e)
{
    const il_node *value = whole->value;
    if (value->kind == IL_NODE_LIST)
        return il_settings_fail(whole, e, "'%s' is a list; expected a name, or a mapping of name and settings", choice);
    if (value->kind == IL_NODE_MAP && !il_yaml_get(value, "name"))
        return il_settings_fail(whole, e, "'%s' has no 'name'", choice);

    drop(s, choice);
    il_setting slot = *whole;
    if (value->kind == IL_NODE_SCALAR) {
        if (!compose(&slot, choice, "name"))
            return il_settings_fail_key(whole, e, "unknown key '%s'", choice);
        return put_value(s, &slot, IL_NODE_SCALAR, e);
    }
    for (size_t i = 0; i < value->count; i++) {
        slot.at = whole->at ? value->keys[i] : NULL;
        slot.value = value->items[i];
        if (!compose(&slot, choice, value->keys[i]->text))
            return il_settings_fail_key(&slot, e, "unknown key '%.100s'", value->keys[i]->text);
        int rc = check_value(&slot, kind_of_setting(value->keys[i]->text, &slot), e);
        if (!rc) /* none of these keys is there: the others were dropped, and a mapping's keys differ */
            rc = append(s, &slot, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

/* Fails, suggesting one of train's settings as it was written: alone or as a dotted key. */
static int unknown_train(const il_setting *slot, const char *written, il_err *e)
{
    enum { MOST = 32, LONGEST = 32 };
    char texts[MOST][LONGEST];
    const char *names[MOST + 1];
    const char *prefix = strncmp(written, "train.", 6) == 0 ? "train." : "";
    size_t count = 0;
    for (; il_keys_train[count].name && count + 1 < MOST; count++)
        snprintf(texts[count], LONGEST, "%s%s", prefix, il_keys_train[count].name);
    for (const il_keys_shape *k = il_keys_train_shapes; k->name && count + 1 < MOST; k++)
        snprintf(texts[count++], LONGEST, "%s%s", prefix, k->name);
    for (size_t i = 0; i < count; i++)
        names[i] = texts[i];
    names[count] = NULL;
    return il_settings_fail_key(slot, e, "%s", il_suggest_key(written, names).text);
}

static int put_train(il_settings *s, const il_setting *slot, const char *name, const char *written, il_err *e)
{
    const il_keys_shape *shape = il_keys_train_shape(name);
    if (shape)
        return put_value(s, slot, shape->kind, e);
    if (!il_params_find(il_keys_train, name))
        return unknown_train(slot, written, e);
    return put_value(s, slot, IL_NODE_SCALAR, e);
}

static bool is_none(const il_node *n)
{
    return n->kind == IL_NODE_SCALAR && strcmp(n->text, "none") == 0;
}

/* train: none. What was set for runs that train, such as in the base of an entry of `include`, is not for this one. */
static int put_no_training(il_settings *s, const il_setting *slot, bool base, il_err *e)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (base || !il_keys_trains(s->list[i].key))
            s->list[kept++] = s->list[i];
    s->count = kept;
    return set(s, slot, e);
}

static int put_train_map(il_settings *s, const il_setting *whole, il_err *e)
{
    const il_node *map = whole->value;
    if (map->kind != IL_NODE_MAP)
        return il_settings_fail(whole, e, "'train' must be a mapping, or 'none' to test weights without training");
    for (size_t i = 0; i < map->count; i++) {
        il_setting slot = { .from = whole->from, .at = map->keys[i], .value = map->items[i] };
        const char *name = map->keys[i]->text;
        if (!compose(&slot, "train", name))
            return unknown_train(&slot, name, e);
        int rc = put_train(s, &slot, name, name, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

/* weights: FILE, or weights: {file: FILE, label: NAME} */
static int put_weights(il_settings *s, const il_setting *whole, il_err *e)
{
    const il_node *value = whole->value;
    il_setting slot = *whole;
    drop(s, "weights");
    if (value->kind != IL_NODE_MAP) {
        compose(&slot, "weights", "file");
        return put_value(s, &slot, IL_NODE_SCALAR, e);
    }
    int rc = il_yaml_get(value, "file") ? IL_OK : il_settings_fail(whole, e, "'weights' has no 'file'");
    for (size_t i = 0; i < value->count && !rc; i++) {
        const char *name = value->keys[i]->text;
        slot.at = whole->at ? value->keys[i] : NULL;
        slot.value = value->items[i];
        if (strcmp(name, "file") != 0 && strcmp(name, "label") != 0)
            return il_settings_fail_key(&slot, e, "weights: %s", il_suggest_key(name, il_keys_weights).text);
        compose(&slot, "weights", name);
        rc = put_value(s, &slot, IL_NODE_SCALAR, e);
    }
    return rc;
}

/* test_window: {side: 504, stride: 252} says what `tile` and `overlap` say. In `base` they exclude each other; elsewhere the
 * one replaces the other. */
static int put_window(il_settings *s, const il_setting *whole, bool base, il_err *e)
{
    static const char *const names[] = { "side", "stride", NULL };
    const il_node *map = whole->value;
    const char *const other = il_settings_get(s, "tile") ? "tile" : il_settings_get(s, "overlap") ? "overlap" : NULL;
    if (base && other)
        return il_settings_fail_key(whole, e, "'test_window' and '%s' set the same windows; keep one of them", other);
    if (map->kind != IL_NODE_MAP)
        return il_settings_fail(whole, e, "'test_window' must be a mapping of side and stride");
    drop(s, "tile");
    drop(s, "overlap");
    drop(s, "test_window");
    int rc = IL_OK;
    for (size_t i = 0; i < map->count && !rc; i++) {
        il_setting slot = { .from = whole->from, .at = whole->at ? map->keys[i] : NULL, .value = map->items[i] };
        if (!il_params_find(il_keys_window, map->keys[i]->text))
            return il_settings_fail_key(&slot, e, "test_window: %s", il_suggest_key(map->keys[i]->text, names).text);
        compose(&slot, "test_window", map->keys[i]->text);
        rc = put_value(s, &slot, IL_NODE_SCALAR, e);
    }
    return rc;
}

static int put_tile(il_settings *s, const il_setting *slot, bool base, il_err *e)
{
    if (base && il_settings_get(s, "test_window.side"))
        return il_settings_fail_key(slot, e, "'test_window' and '%s' set the same windows; keep one of them",
                                    slot->key);
    drop(s, "test_window");
    return put_value(s, slot, IL_NODE_SCALAR, e);
}

/* The first part of a dotted key is wrong: suggests the whole key with the first part corrected. */
static int unknown_head(const il_setting *slot, const char *key, il_err *e)
{
    char head[sizeof slot->key], better[2 * sizeof slot->key];
    size_t size = strcspn(key, ".");
    snprintf(head, sizeof head, "%.*s", (int)size, key);
    size_t count = 0;
    while (il_keys_heads[count])
        count++;
    const char *nearest = il_suggest_nearest(head, il_keys_heads, count);
    if (nearest && key[size]) {
        snprintf(better, sizeof better, "%s%.90s", nearest, key + size);
        return il_settings_fail_key(slot, e, "unknown key '%s'; did you mean '%s'?", key, better);
    }
    return il_settings_fail_key(slot, e, "%s", il_suggest_key(key, il_keys_heads).text);
}

int il_settings_put(il_settings *s, const char *key, const il_node *value, il_settings_source source, il_err *e)
{
    il_setting slot = { .from = source.from, .at = source.at, .value = value };
    if (snprintf(slot.key, sizeof slot.key, "%s", key) >= (int)sizeof slot.key)
        return il_settings_fail_key(&slot, e, "unknown key '%.100s…'", key);

    char head[sizeof slot.key];
    snprintf(head, sizeof head, "%.*s", (int)strcspn(key, "."), key);
    const char *dot = strchr(key, '.');
    const char *tail = dot ? dot + 1 : NULL;
    if (source.base && tail)
        return il_settings_fail_key(&slot, e, "'%s' must not be dotted here; write %s: {%s: …}", key, head, tail);

    if (il_keys_find_choice(head))
        return !tail   ? put_choice(s, head, &slot, e)
               : *tail ? put_value(s, &slot, kind_of_setting(tail, &slot), e)
                       : il_settings_fail_key(&slot, e, "'%s' ends in a dot", key);
    if (strcmp(head, "train") == 0) {
        if (tail)
            return put_train(s, &slot, tail, key, e);
        if (is_none(value))
            return put_no_training(s, &slot, source.base, e);
        if (!source.base)
            return il_settings_fail_key(&slot, e,
                                        "'train' can be set as a whole only in 'base', or to 'none'; set one of its "
                                        "keys, such as 'train.on'");
        return put_train_map(s, &slot, e);
    }
    if (strcmp(key, "weights") == 0)
        return put_weights(s, &slot, e);
    if (strcmp(key, "test_window") == 0)
        return put_window(s, &slot, source.base, e);
    if (strcmp(key, "tile") == 0 || strcmp(key, "overlap") == 0)
        return put_tile(s, &slot, source.base, e);
    if (strcmp(key, "validation") == 0)
        return put_value(s, &slot, value->kind == IL_NODE_LIST ? IL_NODE_MAP : value->kind, e);
    if (strcmp(key, "test") == 0 || strcmp(key, "degrade") == 0)
        return put_value(s, &slot, IL_NODE_LIST, e);
    if (il_params_find(il_keys_base, key))
        return put_value(s, &slot, IL_NODE_SCALAR, e);
    return unknown_head(&slot, key, e);
}
