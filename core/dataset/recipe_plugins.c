/* recipe_plugins.c - maskers and generators as a recipe names them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/params.h"
#include "base/text.h"
#include "base/utf8.h"
#include "dataset/recipe_plugins.h"
#include "plugin/descriptor.h"

enum { NAME_LONGEST = 60 }; /* bytes */

void il_recipe_plugins_free(il_recipe_plugins *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->list[i].lent || !p->list[i].plugin)
            continue;
        p->list[i].plugin->close(p->list[i].self);
        il_params_free(p->list[i].params);
        free(p->list[i].as);
    }
    free(p->list);
    *p = (il_recipe_plugins){ 0 };
}

const char *il_recipe_plugin_name(const il_recipe_plugin *p)
{
    return p->as ? p->as : p->plugin->name;
}

int il_recipe_plugins_lend(il_recipe_plugins *out, const il_recipe_plugins *from, il_err *e)
{
    il_recipe_plugin *list = calloc(from->count ? from->count : 1, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    for (size_t i = 0; i < from->count; i++) {
        list[i] = from->list[i];
        list[i].lent = true;
    }
    *out = (il_recipe_plugins){ list, from->count };
    return IL_OK;
}

static bool is_in(const char *key, const char *const *list)
{
    for (; list && *list; list++)
        if (strcmp(*list, key) == 0)
            return true;
    return false;
}

static int set_value(il_params *p, const il_yaml *y, const il_node *key, const il_node *value, il_err *e)
{
    const il_param_spec *spec = il_params_find(il_params_specs(p), key->text);
    il_err why = { 0 };
    if (value->kind != IL_NODE_SCALAR)
        return il_yaml_fail(y, value, e, IL_EPARAM, "'%s' must be a plain value", key->text);
    if (spec && value->quoted && spec->type != IL_PARAM_TEXT && spec->type != IL_PARAM_PATH)
        return il_yaml_fail(y, value, e, IL_EPARAM, "'%s' must be a plain value, not quoted text", key->text);
    int rc = il_params_set(p, key->text, value->text, &why);
    if (rc == IL_ENOMEM)
        return il_fail_oom(e);
    return rc ? il_yaml_fail(y, spec ? value : key, e, IL_EPARAM, "%s", why.message) : IL_OK;
}

int il_recipe_plugins_table(il_params **out, const il_param_spec *specs, const il_yaml *y, const il_node *map,
                            const char *const *except, il_err *e)
{
    il_params *p = NULL;
    int rc = il_params_new(&p, specs, e);
    for (size_t i = 0; !rc && map && i < map->count; i++)
        if (!is_in(map->keys[i]->text, except))
            rc = set_value(p, y, map->keys[i], map->items[i], e);
    il_err why = { 0 };
    if (!rc && il_params_check(p, &why))
        rc = il_yaml_fail(y, map ? map : il_yaml_root(y), e, IL_EPARAM, "%s", why.message);
    if (rc)
        il_params_free(p);
    else
        *out = p;
    return rc;
}

static int read_share(double *out, const il_yaml *y, const il_node *map, il_err *e)
{
    const il_node *n = map->kind == IL_NODE_MAP ? il_yaml_get(map, "share") : NULL;
    *out = 1;
    if (!n)
        return IL_OK;
    char *end = NULL;
    double share = n->kind == IL_NODE_SCALAR && !n->quoted ? strtod(n->text, &end) : -1;
    if (!end || end == n->text || *end || !isfinite(share) || share <= 0)
        return il_yaml_fail(y, n, e, IL_EPARAM, "'share' must be a number above 0");
    *out = share;
    return IL_OK;
}

static int read_as(char **out, const il_yaml *y, const il_node *map, il_err *e)
{
    const il_node *n = map->kind == IL_NODE_MAP ? il_yaml_get(map, "as") : NULL;
    if (!n)
        return IL_OK;
    if (n->kind != IL_NODE_SCALAR || !*n->text || strlen(n->text) > NAME_LONGEST || !il_utf8_is_line(n->text))
        return il_yaml_fail(y, n, e, IL_EPARAM, "'as' must be a name of at most %d bytes, without control characters",
                            NAME_LONGEST);
    *out = il_text_copy(n->text);
    return *out ? IL_OK : il_fail_oom(e);
}

/* What the manifest calls a part. */
struct called {
    const char *name;
    const il_node *at;
    bool own; /* by a name after `as` */
};

static struct called call(const il_node *at)
{
    const il_node *as = at->kind == IL_NODE_MAP ? il_yaml_get(at, "as") : NULL;
    const il_node *name = at->kind == IL_NODE_MAP ? il_yaml_get(at, "name") : at;
    return (struct called){ as ? as->text : name->text, at, as != NULL };
}

static int by_name(const void *a, const void *b)
{
    const struct called *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->own - y->own;
}

/* A name after `as` that another part has would tell nothing apart. Of equal names the last one is such, if any is. */
static int check_names(const il_yaml *y, const il_node *list, il_err *e)
{
    size_t n = list->kind == IL_NODE_LIST ? list->count : 0;
    struct called *all = calloc(n + 1, sizeof *all);
    int rc = all ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < n && !rc; i++)
        all[i] = call(list->items[i]);
    if (!rc && n)
        qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1; i < n && !rc; i++)
        if (all[i].own && strcmp(all[i].name, all[i - 1].name) == 0)
            rc = il_yaml_fail(y, all[i].at, e, IL_EPARAM,
                              "two of the list are called '%s'; expected another name after 'as'", all[i].name);
    free(all);
    return rc;
}

/* Checks that the files and folders in the settings exist. */
static int check_paths(const il_recipe_plugin *part, const il_yaml *y, const il_node *name, il_err *e)
{
    for (const il_param_spec *s = il_params_specs(part->params); s->name; s++) {
        const char *path = s->type == IL_PARAM_PATH ? il_params_text(part->params, s->name) : "";
        if (*path && access(path, R_OK) != 0)
            return il_yaml_fail(y, name, e, IL_EPARAM, "%s '%s': %s: %s: %s", il_descriptor_kind(part->plugin->kind),
                                part->plugin->name, s->name, path, strerror(errno));
    }
    return IL_OK;
}

static int read_part(il_recipe_plugin *out, il_registry *registry, il_kind kind, const il_yaml *y, const il_node *at,
                     il_err *e)
{
    static const char *const own[] = { "name", "as", "share", NULL };
    const il_node *name = at->kind == IL_NODE_MAP ? il_yaml_get(at, "name") : at;
    il_recipe_plugin part = { 0 };
    il_err why = { 0 };
    if (at->kind == IL_NODE_LIST || !name || name->kind != IL_NODE_SCALAR)
        return il_yaml_fail(y, at, e, IL_EPARAM, "expected the name of a %s, or a mapping with 'name'",
                            il_descriptor_kind(kind));
    int rc = il_registry_find(&part.plugin, registry, kind, name->text, &why);
    if (rc)
        return rc == IL_ENOMEM ? il_fail_oom(e) : il_yaml_fail(y, name, e, rc, "%s", why.message);
    rc = read_share(&part.share, y, at, e);
    if (!rc)
        rc = read_as(&part.as, y, at, e);
    if (!rc)
        rc = il_recipe_plugins_table(&part.params, part.plugin->params, y, at->kind == IL_NODE_MAP ? at : NULL, own, e);
    if (!rc)
        rc = check_paths(&part, y, name, e);
    if (!rc && part.plugin->open(&part.self, part.params, &why))
        rc = why.code == IL_ENOMEM ? il_fail_oom(e)
                                   : il_yaml_fail(y, name, e, IL_EPARAM, "%s '%s': %s", il_descriptor_kind(kind),
                                                  part.plugin->name, why.message);
    if (rc) {
        il_params_free(part.params);
        free(part.as);
    } else {
        *out = part;
    }
    return rc;
}

int il_recipe_plugins_read(il_recipe_plugins *out, il_registry *registry, il_kind kind, const il_yaml *y,
                           const il_node *at, il_err *e)
{
    il_recipe_plugins p = { 0 };
    if (!at)
        return IL_OK;
    size_t n = at->kind == IL_NODE_LIST ? at->count : 1;
    if (n == 0)
        return il_yaml_fail(y, at, e, IL_EPARAM, "the list is empty; expected at least one %s",
                            il_descriptor_kind(kind));
    p.list = calloc(n, sizeof *p.list);
    int rc = p.list ? IL_OK : il_fail_oom(e);
    for (; !rc && p.count < n; p.count += !rc)
        rc = read_part(&p.list[p.count], registry, kind, y, at->kind == IL_NODE_LIST ? at->items[p.count] : at, e);
    if (!rc)
        rc = check_names(y, at, e);
    if (rc)
        il_recipe_plugins_free(&p);
    else
        *out = p;
    return rc;
}

size_t il_recipe_plugins_at(const il_recipe_plugins *p, double place)
{
    double total = 0, reached = 0;
    for (size_t i = 0; i < p->count; i++)
        total += p->list[i].share;
    for (size_t i = 0; i + 1 < p->count; i++) {
        reached += p->list[i].share;
        if (place * total < reached)
            return i;
    }
    return p->count ? p->count - 1 : 0;
}
