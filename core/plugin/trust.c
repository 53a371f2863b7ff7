/* trust.c - whose word is enough to load a plugin by its path. */
#include <string.h>
#include "plugin/descriptor.h"
#include "plugin/registry.h"

static bool trusted;

void il_registry_trust(void)
{
    trusted = true;
}

bool il_registry_trusts(void)
{
    return trusted;
}

int il_registry_find(const il_plugin **out, il_registry *r, il_kind kind, const char *name, il_err *e)
{
    if (strchr(name, '/') && !trusted)
        return il_fail(e, IL_ETRUST, "%s '%s' is named by path; its code runs only with --trust",
                       il_descriptor_kind(kind), name);
    return il_registry_find_typed(out, r, kind, name, e);
}
