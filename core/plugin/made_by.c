/* made_by.c - reads the generators from a recipe: a file, or the text in a data set's recipe.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "plugin/made_by.h"

void il_made_by_free(il_made_by *m)
{
    il_text_free(&m->generators);
    *m = (il_made_by){ 0 };
}

/* The last part of a path. */
static const char *last_part(const char *path, size_t *size)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/')
        start--;
    *size = end - start;
    return path + start;
}

/* Whether the list holds it already: a generator may have several shares. */
static bool has_one(const il_text *list, const char *one)
{
    size_t n = strlen(one);
    for (const char *at = list->data; at && (at = strstr(at, one)); at++)
        if ((at == list->data || at[-1] == ' ') && (!at[n] || at[n] == ','))
            return true;
    return false;
}

/* The name of a generator, with its weights where the recipe names some: one plugin may read any. */
static void add_one(il_text *to, const il_node *part)
{
    static const char *const keys[] = { "weights", "root", "file", "model" };
    const il_node *name = part && part->kind == IL_NODE_MAP ? il_yaml_get(part, "name") : part, *path = NULL;
    il_text one = { 0 };
    if (!name || name->kind != IL_NODE_SCALAR)
        return;
    for (size_t i = 0; part->kind == IL_NODE_MAP && i < sizeof keys / sizeof *keys && !path; i++)
        path = il_yaml_get(part, keys[i]);
    il_text_add(&one, "%s", name->text);
    if (path && path->kind == IL_NODE_SCALAR) {
        size_t size;
        const char *last = last_part(path->text, &size);
        il_text_add(&one, " (%.*s)", (int)size, last);
    }
    if (one.data && !one.failed) {
        il_utf8_make_plain(one.data);
        if (!has_one(to, one.data))
            il_text_add(to, "%s%s", to->size ? ", " : "", one.data);
    }
    to->failed = to->failed || one.failed;
    il_text_free(&one);
}

static void add_all(il_text *to, const il_node *parts)
{
    if (parts && parts->kind == IL_NODE_LIST)
        for (size_t i = 0; i < parts->count; i++)
            add_one(to, parts->items[i]);
    else
        add_one(to, parts);
}

static bool has_kind(const char *images, const char *kind)
{
    size_t n = strlen(kind);
    for (const char *at = images; at; at = strchr(at, '+')) {
        at += *at == '+';
        if (strncmp(at, kind, n) == 0 && (at[n] == '+' || !at[n]))
            return true;
    }
    return false;
}

/* What made those kinds of images: realfake and inpainted ones `inpaint`, fakefake ones `reconstruct`, or the former where
 * the recipe has none; `generators` stands for both. */
static void add_generators(il_text *to, const il_node *recipe, const char *images)
{
    if (!recipe || recipe->kind != IL_NODE_MAP)
        return;
    const il_node *inpaint = il_yaml_get(recipe, "inpaint"), *reconstruct = il_yaml_get(recipe, "reconstruct");
    if (!inpaint && !reconstruct)
        inpaint = il_yaml_get(recipe, "generators");
    if (has_kind(images, "realfake") || has_kind(images, "inpainted"))
        add_all(to, inpaint);
    if (has_kind(images, "fakefake"))
        add_all(to, reconstruct ? reconstruct : inpaint);
}

static int finish(il_made_by *out, il_made_by *m, const il_err *why, il_err *e)
{
    if (why->code == IL_ENOMEM || m->generators.failed) {
        il_made_by_free(m);
        return il_fail_oom(e);
    }
    *out = *m;
    return IL_OK;
}

static int read_recipe(il_made_by *out, const char *path, const char *images, il_err *e)
{
    il_made_by m = { 0 };
    il_yaml *y = NULL;
    il_err why = { 0 };
    if (il_yaml_read(&y, path, &why) == IL_OK)
        add_generators(&m.generators, il_yaml_root(y), images);
    il_yaml_free(y);
    return finish(out, &m, &why, e);
}

int il_made_by_read(il_made_by *out, const char *folder, const char *images, il_err *e)
{
    il_made_by m = { 0 };
    il_yaml *y = NULL;
    il_text path = { 0 };
    il_err why = { 0 };
    json_t *root = NULL;
    il_text_add(&path, "%s/recipe.json", folder);
    if (path.failed)
        return il_fail_oom(e);
    il_json_begin();
    (void)il_json_read(&root, path.data, IL_FILE_SETTINGS, 0, &why);
    const char *source = json_string_value(json_object_get(root, "source"));
    const char *identity = json_string_value(json_object_get(root, "identity"));
    if (source && il_yaml_parse(&y, path.data, source, strlen(source), &why) == IL_OK)
        add_generators(&m.generators, il_yaml_root(y), images);
    if (identity)
        snprintf(m.identity, sizeof m.identity, "%s", identity);
    il_yaml_free(y);
    json_decref(root);
    il_text_free(&path);
    return finish(out, &m, &why, e);
}

int il_made_by_find(il_made_by *out, const il_choice *dataset, const char *images, il_err *e)
{
    const il_param_spec *s = dataset->params ? il_params_specs(dataset->params) : NULL;
    *out = (il_made_by){ 0 };
    for (; s && s->name; s++) {
        if (s->type != IL_PARAM_PATH)
            continue;
        if (strcmp(s->name, "recipe") == 0)
            return read_recipe(out, il_params_text(dataset->params, s->name), images, e);
        if (strcmp(s->name, "root") == 0)
            return il_made_by_read(out, il_params_text(dataset->params, s->name), images, e);
    }
    return IL_OK;
}
