/* resolve_tests.c - what a trained model is tested on: sets of images, each unchanged and degraded. */
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "plan/resolve_degrade.h"
#include "plan/resolve_plugin.h"
#include "plan/resolve_tests.h"
#include "plugin/instance.h"

enum { MOST_TESTS = 10000 }; /* per run */

void il_resolve_free_set(il_set *set)
{
    il_choice_free(&set->dataset);
    il_choice_free(&set->mask_policy);
    free(set->tested_on);
    free(set->images);
    free(set->split);
    *set = (il_set){ 0 };
}

static int read_word(char **out, const il_setting *slot, const il_node *n, const char *name, const char *fallback,
                     il_err *e)
{
    if (n && (n->kind != IL_NODE_SCALAR || !*n->text))
        return il_yaml_fail(slot->from, slot->at ? n : NULL, e, IL_EPARAM, "test: %s must be a word", name);
    if (!n && !fallback)
        return il_settings_fail(slot, e, "test: an entry must set '%s' with 'train: none'", name);
    *out = il_text_copy(n ? n->text : fallback);
    return *out ? IL_OK : il_fail_oom(e);
}

static int check_set_keys(const il_setting *slot, const il_node *entry, il_err *e)
{
    for (size_t i = 0; i < entry->count; i++) {
        const char *key = entry->keys[i]->text;
        bool known = false;
        for (size_t k = 0; il_keys_set[k]; k++)
            known = known || strcmp(il_keys_set[k], key) == 0;
        if (!known)
            return il_yaml_fail(slot->from, slot->at ? entry->keys[i] : NULL, e, IL_EPARAM, "test: %s",
                                il_suggest_key(key, il_keys_set).text);
    }
    return IL_OK;
}

static const il_node *key_of(const il_node *map, const char *key)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->keys[i];
    }
    return NULL;
}

/* A plugin that the entry chooses itself; *own is set to whether it does. */
static int read_choice(il_choice *out, bool *own, il_resolver *r, const char *key, const il_setting *slot,
                       const il_node *entry, il_err *e)
{
    const il_node *value = il_yaml_get(entry, key);
    il_settings s = { 0 };
    *own = value != NULL;
    if (!value)
        return IL_OK;
    il_settings_source source = { .from = slot->from, .at = slot->at ? key_of(entry, key) : NULL };
    int rc = il_settings_put(&s, key, value, source, e);
    if (!rc)
        rc = il_choice_resolve(out, r, &s, il_keys_find_choice(key), e);
    il_settings_free(&s);
    return rc;
}

/* One entry of `test`: a word, or a mapping of dataset, images, split, mask_policy and degrade. */
static int read_set(il_set *out, il_resolver *r, const il_run *run, const il_settings *s, const il_setting *slot,
                    const il_node *entry, il_err *e)
{
    bool map = entry->kind == IL_NODE_MAP;
    if (entry->kind == IL_NODE_LIST)
        return il_yaml_fail(slot->from, slot->at ? entry : NULL, e, IL_EPARAM,
                            "test: an entry must be an image kind or a mapping of dataset, images, split, "
                            "mask_policy and degrade");
    int rc = map ? check_set_keys(slot, entry, e) : IL_OK;
    if (rc)
        return rc;

    bool own = false;
    rc = read_choice(&out->dataset, &own, r, "dataset", slot, entry, e);
    if (!rc && !own)
        rc = il_choice_resolve(&out->dataset, r, s, il_keys_find_choice("dataset"), e);
    if (!rc)
        rc = read_choice(&out->mask_policy, &own, r, "mask_policy", slot, entry, e);
    if (!rc)
        rc = read_word(&out->images, slot, map ? il_yaml_get(entry, "images") : entry, "images", run->training.on, e);
    if (!rc)
        rc = read_word(&out->split, slot, il_yaml_get(entry, "split"), "split", "test", e);
    return rc;
}

/* The default: what the run trains on. */
static int default_set(il_set *out, il_resolver *r, const il_run *run, const il_settings *s, il_err *e)
{
    int rc = il_choice_resolve(&out->dataset, r, s, il_keys_find_choice("dataset"), e);
    out->images = il_text_copy(run->training.on);
    out->split = il_text_copy("test");
    return !rc && (!out->images || !out->split) ? il_fail_oom(e) : rc;
}

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool same_set(const il_set *a, const il_set *b)
{
    return same_text(a->dataset.label, b->dataset.label) && same_text(a->tested_on, b->tested_on) &&
           same_text(a->split, b->split);
}

static int name_set(il_set *set, il_err *e)
{
    il_text t = { 0 };
    il_text_add(&t, "%s", set->images);
    if (set->mask_policy.plugin)
        il_text_add(&t, " by %s", set->mask_policy.label);
    set->tested_on = t.data;
    return t.failed ? il_fail_oom(e) : IL_OK;
}

/* One entry of `test`, or the default where entry is NULL. */
static int read_any(il_set *out, il_resolver *r, const il_run *run, const il_settings *s, const il_setting *slot,
                    const il_node *entry, il_err *e)
{
    int rc = entry ? read_set(out, r, run, s, slot, entry, e) : default_set(out, r, run, s, e);
    return rc ? rc : name_set(out, e);
}

static int check_repeated(const il_run *run, const il_setting *slot, const il_node *entry, il_err *e)
{
    const il_set *last = &run->tests[run->ntests - 1];
    for (size_t k = 0; k + 1 < run->ntests; k++) {
        if (same_set(&run->tests[k], last))
            return il_yaml_fail(slot->from, slot->at ? entry : NULL, e, IL_EPARAM,
                                "test: %s of '%s' (%s) is listed twice",

                                last->tested_on, last->dataset.label, last->split);
    }
    return IL_OK;
}

/* The set unchanged, then with each degradation of the list. */
static int add_sets(il_run *run, il_resolver *r, const il_settings *s, const il_setting *slot, const il_node *entry,
                    const il_degrade_levels *degrade, il_err *e)
{
    size_t plain = run->ntests;
    if (plain + 1 + degrade->count > MOST_TESTS)
        return il_yaml_fail(r->grid, slot && slot->at ? entry : NULL, e, IL_EPARAM,
                            "test: a run has more than %d tests", MOST_TESTS);
    il_set *more = realloc(run->tests, (plain + 1 + degrade->count) * sizeof *more);
    if (!more)
        return il_fail_oom(e);
    run->tests = more;
    for (size_t i = 0; i <= degrade->count; i++) {
        il_set *set = &run->tests[run->ntests++];
        *set = (il_set){ .plain = plain };
        int rc = read_any(set, r, run, s, slot, entry, e);
        if (!rc && i == 0 && entry)
            rc = check_repeated(run, slot, entry, e);
        if (rc)
            return rc;
        if (i > 0)
            set->degradation = degrade->list[i - 1];
    }
    return IL_OK;
}

/* An entry's `degrade` replaces base's; an empty list in an entry means no degradations. */
static int add_entry(il_run *run, il_resolver *r, const il_settings *s, const il_setting *slot, const il_node *entry,
                     const il_degrade_levels *base, il_err *e)
{
    il_degrade_levels own = { 0 };
    const il_node *list = entry ? il_yaml_get(entry, "degrade") : NULL;
    int rc = list ? il_degrade_levels_read(&own, slot, list, e) : IL_OK;
    if (!rc)
        rc = add_sets(run, r, s, slot, entry, list ? &own : base, e);
    il_degrade_levels_free(&own);
    return rc;
}

/* validation: 0.1, or a mapping of dataset, images and split */
int il_resolve_validation(il_run *run, il_resolver *r, const il_settings *s, il_err *e)
{
    const il_setting *slot = il_settings_get(s, "validation");
    if (!slot)
        return IL_OK;
    const il_node *value = slot->value;
    if (value->kind == IL_NODE_SCALAR) {
        char *end = NULL;
        double share = strtod(value->text, &end);
        if (end == value->text || *end || !(share > 0 && share < 1))
            return il_settings_fail(
                slot, e,
                "validation must be a share of the training photos, above 0 and below 1, or a mapping "
                "of dataset, images and split; not '%.40s'",
                value->text);
        run->validation_share = share;
        il_text name = { 0 };
        il_text_add(&name, "%g", share);
        run->validation_name = name.data;
        return name.failed ? il_fail_oom(e) : IL_OK;
    }
    if (value->kind != IL_NODE_MAP || il_yaml_get(value, "mask_policy") || il_yaml_get(value, "degrade"))
        return il_settings_fail(slot, e, "validation must be a share, or a mapping of dataset, images and split");
    int rc = read_set(&run->validation, r, run, s, slot, value, e);
    if (!rc && !il_yaml_get(value, "split")) {
        free(run->validation.split);
        run->validation.split = il_text_copy("validation");
        rc = run->validation.split ? IL_OK : il_fail_oom(e);
    }
    if (!rc && !(run->validation_name = il_text_copy(run->validation.dataset.label)))
        rc = il_fail_oom(e);
    return rc;
}

int il_resolve_tests(il_run *run, il_resolver *r, const il_settings *s, il_err *e)
{
    const il_setting *slot = il_settings_get(s, "test"), *degrade = il_settings_get(s, "degrade");
    il_degrade_levels base = { 0 };
    if (slot && slot->value->count == 0)
        return il_settings_fail(slot, e, "test must not be an empty list");
    if (degrade && degrade->value->count == 0)
        return il_settings_fail(degrade, e, "degrade must not be an empty list");
    int rc = degrade ? il_degrade_levels_read(&base, degrade, degrade->value, e) : IL_OK;
    if (!rc && !slot)
        rc = add_entry(run, r, s, NULL, NULL, &base, e);
    for (size_t i = 0; !rc && slot && i < slot->value->count; i++)
        rc = add_entry(run, r, s, slot, slot->value->items[i], &base, e);
    il_degrade_levels_free(&base);
    return rc;
}
