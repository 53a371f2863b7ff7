/* plan.c - a grid file as a checked list of runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/keys.h"
#include "plan/plan.h"
#include "plan/resolve.h"
#include "plan/run_name.h"

enum { MAX_CELLS = 200000 }; /* tests of all runs */

/* State while a plan is read; freed when the plan is complete. */
struct reading {
    il_yaml *grid;
    il_yaml **sets; /* one document per --set */
    size_t nsets;
    il_settings base;
    il_variants variants;
    const char **set_keys; /* nsets */
    il_settings plain;     /* base without any --set */
};

/* ---- top-level keys ---- */

static int check_top(const il_yaml *grid, il_err *e)
{
    const il_node *root = il_yaml_root(grid);
    if (root->kind != IL_NODE_MAP)
        return il_yaml_fail(grid, root, e, IL_EPARAM, "expected a mapping with the keys 'experiment' and 'base'");
    const il_node *grids = il_yaml_get(root, "grids");
    if (grids)
        return il_yaml_fail(grid, grids, e, IL_EPARAM, "this file lists grids; expected one of them here");
    for (size_t i = 0; i < root->count; i++) {
        const char *key = root->keys[i]->text;
        bool known = false;
        for (size_t k = 0; il_keys_top[k]; k++)
            known = known || strcmp(il_keys_top[k], key) == 0;
        if (!known)
            return il_yaml_fail(grid, root->keys[i], e, IL_EPARAM, "%s", il_suggest_key(key, il_keys_top).text);
    }
    const il_node *base = il_yaml_get(root, "base");
    if (!base)
        return il_yaml_fail(grid, root, e, IL_EPARAM, "'base' is missing");
    if (base->kind != IL_NODE_MAP)
        return il_yaml_fail(grid, base, e, IL_EPARAM, "'base' must be a mapping");
    return IL_OK;
}

static int read_experiment(char **out, const il_yaml *grid, il_err *e)
{
    const il_node *n = il_yaml_get(il_yaml_root(grid), "experiment");
    if (!n)
        return il_yaml_fail(grid, il_yaml_root(grid), e, IL_EPARAM, "'experiment' is missing");
    if (n->kind != IL_NODE_SCALAR || !*n->text || strlen(n->text) > 64 ||
        n->text[strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
        return il_yaml_fail(grid, n, e, IL_EPARAM,
                            "'experiment' must be an identifier of 1 to 64 lower-case letters, digits, '-' and '_'");
    *out = il_text_copy(n->text);
    return *out ? IL_OK : il_fail_oom(e);
}

static int read_title(char **out, const il_yaml *grid, const char *fallback, il_err *e)
{
    const il_node *n = il_yaml_get(il_yaml_root(grid), "title");
    if (n && (n->kind != IL_NODE_SCALAR || !il_utf8_is_line(n->text)))
        return il_yaml_fail(grid, n, e, IL_EPARAM, "'title' must be one line of text");
    *out = il_text_copy(n && *n->text ? n->text : fallback);
    return *out ? IL_OK : il_fail_oom(e);
}

static int read_published(char **out, const il_yaml *grid, il_err *e)
{
    static const char *const tables[] = { "2", "3", "4", "5", "6", "7", "text" };
    const il_node *n = il_yaml_get(il_yaml_root(grid), "published");
    if (!n)
        return IL_OK;
    for (size_t i = 0; n->kind == IL_NODE_SCALAR && i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(tables[i], n->text) == 0) {
            *out = il_text_copy(n->text);
            return *out ? IL_OK : il_fail_oom(e);
        }
    }
    return il_yaml_fail(grid, n, e, IL_EPARAM, "'published' must be a published table: one of 2, 3, 4, 5, 6, 7, text");
}

/* ---- base and --set ---- */

static int read_base(struct reading *in, il_err *e)
{
    const il_node *base = il_yaml_get(il_yaml_root(in->grid), "base");
    for (size_t i = 0; i < base->count; i++) {
        il_settings_source source = { .from = in->grid, .at = base->keys[i], .base = true };
        int rc = il_settings_put(&in->base, base->keys[i]->text, base->items[i], source, e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

/* An axis would override the value. */
static int check_swept(const struct reading *in, const char *key, const char *name, il_err *e)
{
    const il_node *axes = il_yaml_get(il_yaml_root(in->grid), "axes");
    for (size_t i = 0; axes && axes->kind == IL_NODE_MAP && i < axes->count; i++) {
        const il_node *axis = axes->keys[i];
        size_t size = strlen(axis->text);
        if (strncmp(key, axis->text, size) == 0 && (!key[size] || key[size] == '.'))
            return il_fail(e, IL_EUSAGE, "%s: '%s' is an axis of the grid (%s:%d:%d), which would override it", name,
                           axis->text, il_yaml_name(in->grid), axis->line, axis->column);
    }
    return IL_OK;
}

/* Parses "--set key=value" and puts the value into base. */
static int read_set(struct reading *in, const char *text, il_err *e)
{
    const char *sign = strchr(text, '=');
    if (!sign || sign == text || !sign[1])
        return il_fail(e, IL_EUSAGE, "--set %s: expected KEY=VALUE, such as train.epochs=3", text);

    il_yaml *value = NULL;
    il_text name = { 0 }, key = { 0 };
    il_text_add(&name, "--set %s", text);
    il_text_add(&key, "%.*s", (int)(sign - text), text);
    if (name.failed || key.failed) {
        il_text_free(&name);
        il_text_free(&key);
        return il_fail_oom(e);
    }
    const char *wanted = sign + 1;
    int rc = il_yaml_parse(&value, name.data, wanted, strlen(wanted), e);
    if (rc && rc != IL_ENOMEM) { /* parse again, so that the message separates name and position */
        il_yaml_parse(&value, "value", wanted, strlen(wanted), e);
        rc = il_fail(e, IL_EUSAGE, "%s: %s", name.data, e ? e->message : "");
    }
    if (!rc)
        in->sets[in->nsets++] = value;
    if (!rc && !(in->set_keys[in->nsets - 1] = il_text_copy(key.data)))
        rc = il_fail_oom(e);
    if (!rc)
        rc = check_swept(in, key.data, name.data, e);
    if (!rc)
        rc = il_settings_put(&in->base, key.data, il_yaml_root(value), (il_settings_source){ .from = value }, e);
    il_text_free(&name);
    il_text_free(&key);
    return rc;
}

/* Whole plugin choices before single settings, otherwise in the order given. */
static int read_sets(struct reading *in, const char *const *list, il_err *e)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    in->sets = calloc(count + 1, sizeof(il_yaml *));
    in->set_keys = calloc(count + 1, sizeof(char *));
    if (!in->sets || !in->set_keys)
        return il_fail_oom(e);
    if (count && il_settings_copy(&in->plain, &in->base, e))
        return e ? e->code : IL_ENOMEM;
    for (int dotted = 0; dotted < 2; dotted++) {
        for (size_t i = 0; i < count; i++) {
            size_t size = strcspn(list[i], "=");
            if ((memchr(list[i], '.', size) != NULL) != dotted)
                continue;
            int rc = read_set(in, list[i], e);
            if (rc)
                return rc;
        }
    }
    return IL_OK;
}

/* ---- runs ---- */

/* Two runs have the same name: says where each is declared. */
static int same_name(const struct reading *in, const char *name, const il_variant *a, const il_variant *b, il_err *e)
{
    const il_node *first = a->place, *second = b->place;
    if (first == second) { /* two combinations: the first axis in which they differ */
        size_t i = 0;
        while (i + 1 < a->count && a->values[i] == b->values[i])
            i++;
        first = a->values[i];
        second = b->values[i];
    }
    return il_yaml_fail(in->grid, second, e, IL_EPARAM,
                        "two runs are named '%s'; the first is declared at line %d, column %d: remove one, or give "
                        "the plugins different labels by 'label'",
                        name, first->line, first->column);
}

static int check_names(const il_plan *p, const struct reading *in, il_err *e)
{
    for (size_t i = 1; i < p->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(p->runs[i].name, p->runs[k].name) == 0)
                return same_name(in, p->runs[i].name, &in->variants.list[k], &in->variants.list[i], e);
        }
    }
    return IL_OK;
}

/* Compares with the run that the grid alone gives. Where it gives no such run, everything counts as changed. */
static int name_sets(il_run *run, const struct reading *in, const il_variant *v, il_err *e)
{
    il_settings grid = { 0 };
    il_err ignored = { 0 };
    bool there = il_axes_apply(&grid, v, in->grid, &in->plain, &ignored) == IL_OK;
    int rc = il_run_name_sets(run, there ? &grid : NULL, (const char *const *)in->set_keys, in->nsets, e);
    il_settings_free(&grid);
    return rc;
}

/* One run; unexamined where its plugins are named by path, which is not trusted, and `look` says so. */
static int resolve(il_run *out, const struct reading *in, il_resolver *r, const il_variant *v, bool look, il_err *e)
{
    il_err why = { 0 };
    int rc = il_resolve_run(out, r, v, &why);
    if (rc == IL_ETRUST && look) {
        il_run run = { .unexamined = il_text_copy(why.message) };
        rc = run.unexamined ? il_run_name_written(&run, r, v, e) : il_fail_oom(e);
        if (rc)
            il_resolve_free_run(&run);
        else
            *out = run;
        return rc;
    }
    if (rc)
        return il_fail(e, rc, "%s", why.message);
    return in->nsets ? name_sets(out, in, v, e) : IL_OK;
}

static int resolve_runs(il_plan *p, const struct reading *in, il_registry *registry, bool look, il_err *e)
{
    il_resolver r = { .registry = registry, .grid = in->grid, .experiment = p->experiment };
    int rc = IL_OK;
    p->runs = calloc(in->variants.count + 1, sizeof *p->runs);
    if (!p->runs)
        return il_fail_oom(e);
    size_t cells = 0;
    for (size_t i = 0; !rc && i < in->variants.count; i++) {
        rc = resolve(&p->runs[i], in, &r, &in->variants.list[i], look, e);
        p->count = i + 1;
        cells += !rc ? p->runs[i].ntests : 0;
        if (!rc && cells > MAX_CELLS)
            rc = il_yaml_fail(in->grid, in->variants.list[i].place, e, IL_EPARAM,
                              "more than %d cells: %zu runs, each tested on %zu sets of images", MAX_CELLS,
                              in->variants.count, p->runs[i].ntests);
    }
    il_resolve_end(&r);
    return rc ? rc : check_names(p, in, e);
}

static int no_such_run(const il_plan *p, const char *only, il_err *e)
{
    const char **names = calloc(p->count + 1, sizeof *names);
    if (!names)
        return il_fail_oom(e);
    for (size_t i = 0; i < p->count; i++)
        names[i] = p->runs[i].name;
    const char *nearest = il_suggest_nearest(only, names, p->count);
    int rc = il_fail(e, IL_EUSAGE, "--only %s: none of the %zu runs of %s has this name; %s '%s'%s", only, p->count,
                     p->path, nearest ? "did you mean" : "the first is", nearest ? nearest : names[0],
                     nearest ? "?" : "");
    free(names);
    return rc;
}

/* Matches the whole name, or the part that the grid alone gives. */
static bool is_wanted(const il_run *run, const char *only)
{
    if (il_text_match(only, run->name))
        return true;
    char *own = strndup(run->name, run->own_name);
    bool wanted = own && il_text_match(only, own);
    free(own);
    return wanted;
}

static int keep_only(il_plan *p, const char *only, il_err *e)
{
    bool any = !only;
    for (size_t i = 0; !any && i < p->count; i++)
        any = is_wanted(&p->runs[i], only);
    if (!any)
        return no_such_run(p, only, e);

    size_t kept = 0;
    for (size_t i = 0; only && i < p->count; i++) {
        if (!is_wanted(&p->runs[i], only)) {
            il_resolve_free_run(&p->runs[i]);
            continue;
        }
        il_run run = p->runs[i];
        p->runs[i] = (il_run){ 0 };
        p->runs[kept++] = run;
    }
    if (only)
        p->count = kept;
    return IL_OK;
}

static int read_all(il_plan *p, struct reading *in, il_registry *registry, il_plan_opts opts, il_err *e)
{
    int rc = check_top(in->grid, e);
    if (!rc)
        rc = read_experiment(&p->experiment, in->grid, e);
    if (!rc)
        rc = read_title(&p->title, in->grid, p->experiment, e);
    if (!rc)
        rc = read_published(&p->published, in->grid, e);
    if (!rc)
        rc = read_base(in, e);
    if (!rc)
        rc = read_sets(in, opts.set, e);
    if (!rc)
        rc = il_axes_expand(&in->variants, in->grid, &in->base, e);
    if (!rc)
        rc = resolve_runs(p, in, registry, opts.look, e);
    return rc ? rc : keep_only(p, opts.only, e);
}

int il_plan_read(il_plan **out, const char *path, il_registry *registry, il_plan_opts opts, il_err *e)
{
    struct reading in = { 0 };
    int rc = il_yaml_read(&in.grid, path, e);
    if (rc)
        return rc;

    il_plan *p = calloc(1, sizeof *p);
    if (p) {
        p->path = il_text_copy(path);
        p->source = il_text_copy(il_yaml_text(in.grid));
    }
    if (!p || !p->path || !p->source)
        rc = il_fail_oom(e);
    else
        rc = read_all(p, &in, registry, opts, e);
    if (!rc) {
        *out = p;
        p = NULL;
    }
    il_plan_free(p);
    il_axes_free(&in.variants);
    il_settings_free(&in.base);
    il_settings_free(&in.plain);
    for (size_t i = 0; i < in.nsets; i++) {
        il_yaml_free(in.sets[i]);
        free((char *)in.set_keys[i]);
    }
    free(in.sets);
    free(in.set_keys);
    il_yaml_free(in.grid);
    return rc;
}

void il_plan_free(il_plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        il_resolve_free_run(&p->runs[i]);
    free(p->runs);
    free(p->experiment);
    free(p->title);
    free(p->path);
    free(p->source);
    free(p->published);
    free(p);
}
