/* open.h - a plugin of this build opened with settings, for tests of its numbers. */
#ifndef TEST_OPEN_H
#define TEST_OPEN_H

#include <criterion/criterion.h>
#include "plugin/registry.h"

struct opened {
    il_registry *registry;
    const il_plugin *plugin;
    void *self;
};

/* settings: name, text, name, text, …, NULL; NULL: all defaults. */
static inline struct opened open_plugin(il_kind kind, const char *name, const char *const *settings)
{
    il_err e = { 0 };
    struct opened o = { 0 };
    il_params *p = NULL;
    cr_assert_eq(il_registry_open(&o.registry, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_registry_find(&o.plugin, o.registry, kind, name, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK, "%s", e.message);
    for (; settings && settings[0]; settings += 2)
        cr_assert_eq(il_params_set(p, settings[0], settings[1], &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_params_check(p, &e), IL_OK, "%s", e.message);
    cr_assert_eq(o.plugin->open(&o.self, p, &e), IL_OK, "%s", e.message);
    il_params_free(p);
    return o;
}

static inline void close_plugin(struct opened *o)
{
    o->plugin->close(o->self);
    il_registry_free(o->registry);
    *o = (struct opened){ 0 };
}

#endif
