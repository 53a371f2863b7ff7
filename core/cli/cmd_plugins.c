/* cmd_plugins.c - inpaintlab plugins: lists plugins and their settings. */
#include <stdio.h>
#include <string.h>
#include "base/params.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cli/cli.h"
#include "plugin/descriptor.h"
#include "plugin/registry.h"

static const char *type_name(il_param_type type)
{
    static const char *const names[] = { "true or false", "integer", "number", "text", "path" };
    return names[type];
}

static void print_spec(const il_param_spec *p)
{
    printf("    %-14s %-13s  ", p->name, type_name(p->type));
    if (!p->fallback)
        printf("required");
    else
        printf("default %s", *p->fallback ? p->fallback : "none");
    if (p->min < p->max)
        printf(", from %s", il_params_range(p).text);
    if (p->choices)
        printf(", one of %s", p->choices);
    printf("\n        %s\n", p->help ? p->help : "");
}

/* "version 1.2.0, by Jane Doe, MIT, https://…": what the plugin tells of itself, if anything. */
static void print_origin(const il_plugin *p)
{
    const struct {
        const char *lead, *text;
    } parts[] = { { "version ", p->version }, { "by ", p->vendor }, { "", p->licence }, { "", p->url } };
    const char *between = "    ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].text && *parts[i].text) {
            printf("%s%s%s", between, parts[i].lead, parts[i].text);
            between = ", ";
        }
    if (strcmp(between, ", ") == 0)
        printf("\n");
}

static void print_hidden(const il_registry *r)
{
    for (size_t i = 0; i < il_registry_count(r); i++) {
        const il_plugin *p = il_registry_at(r, i);
        if (il_registry_hidden(r, p))
            fprintf(stderr, "inpaintlab: %s: %s '%s' hides the built-in one\n", il_registry_path(r, p),
                    il_descriptor_kind(p->kind), p->name);
    }
}

static void print_plugin(const il_registry *r, const il_plugin *p)
{
    printf("%s %s, revision %d: %s\n", il_descriptor_kind(p->kind), p->name, p->revision, p->summary ? p->summary : "");
    print_origin(p);
    printf("    %s\n", il_registry_path(r, p));
    for (const il_param_spec *s = p->params; s && s->name; s++)
        print_spec(s);
}

static void print_refused(const il_registry *r)
{
    const il_refused *list;
    size_t n = il_registry_refused(r, &list);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "inpaintlab: %s: refused: %s\n", list[i].path, list[i].why);
}

static void print_all(const il_registry *r)
{
    static const char *const titles[] = {
        [IL_KIND_DATASET] = "data sets",         [IL_KIND_MODEL] = "models",   [IL_KIND_LOSS] = "losses",
        [IL_KIND_MASK_POLICY] = "mask policies", [IL_KIND_MASKER] = "maskers", [IL_KIND_GENERATOR] = "generators"
    };
    for (int kind = IL_KIND_DATASET; kind <= IL_DESCRIPTOR_KINDS; kind++) {
        printf("%s\n", titles[kind]);
        for (size_t i = 0; i < il_registry_count(r); i++) {
            const il_plugin *p = il_registry_at(r, i);
            if ((int)p->kind == kind)
                printf("  %-12s %s\n", p->name, p->summary ? p->summary : "");
        }
    }
    printf("\n`inpaintlab plugins NAME` lists the settings of one.\n");
}

static int print_one(il_registry *r, const char *name, il_err *e)
{
    const char *names[256];
    size_t count = 0, found = 0;
    const il_plugin *file = NULL;
    if (strchr(name, '/')) {
        int rc = il_registry_find_file(&file, r, name, e);
        if (!rc)
            print_plugin(r, file);
        return rc;
    }
    for (size_t i = 0; i < il_registry_count(r); i++) {
        const il_plugin *p = il_registry_at(r, i);
        if (count < sizeof names / sizeof *names)
            names[count++] = p->name;
        if (strcmp(p->name, name) == 0 && found++ < 100)
            print_plugin(r, p);
    }
    if (found)
        return IL_OK;
    return il_fail(e, IL_EPLUGIN, "unknown plugin '%s'%s", name, il_suggest_hint(name, names, count).text);
}

static int plugins(void *options, const char *const *words, il_err *e)
{
    (void)options;
    il_registry *r = NULL;
    int rc = il_registry_open(&r, e);
    if (rc)
        return rc;
    if (words[0])
        rc = print_one(r, words[0], e);
    else
        print_all(r);
    print_hidden(r);
    print_refused(r);
    il_registry_free(r);
    return rc;
}

const il_command il_cmd_plugins = {
    .name = "plugins",
    .summary = "list plugins and their settings",
    .usage = "[NAME]",
    .about =
        "Lists the plugins, or every setting of the plugin NAME (or of the file NAME, if it contains a '/') with its\n"
        "type, default and meaning. Plugins are loaded from INPAINTLAB_PLUGIN_PATH (folders separated by ':') and\n"
        "the program's own folder.\n",
    .options = (const il_option[]){ { 0 } },
    .notes = "Exit status: 0 success, 1 no such plugin, 2 wrong usage.\n",
    .most = 1,
    .expected = "at most one name; see 'inpaintlab plugins --help'",
    .run = plugins,
};
