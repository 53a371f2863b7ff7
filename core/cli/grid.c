/* grid.c - a grid opened with its registry and database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/grid.h"
#include "plan/plan.h"
#include "plugin/registry.h"

static int open_store(il_grid *g, const il_grid_options *o, bool write, il_err *e)
{
    if (write)
        return il_store_open(&g->store, o->database, e);
    g->absent = access(o->database, F_OK) != 0;
    if (g->absent) /* hashes of files are cached in it, because runs share files */
        return il_store_open(&g->store, ":memory:", e);
    return il_store_open_readonly(&g->store, o->database, e);
}

int il_grid_open(il_grid *out, const char *path, const il_grid_options *o, bool write, il_err *e)
{
    il_grid g = { 0 };
    const char *slash = strrchr(o->database, '/');
    int length = slash ? (int)(slash - o->database) : 1;
    if (snprintf(g.folder, sizeof g.folder, "%.*s/runs", length, slash ? o->database : ".") >= (int)sizeof g.folder)
        return il_fail(e, IL_EUSAGE, "--db: the path is too long");
    int rc = il_registry_open(&g.registry, e);
    if (!rc)
        rc = il_plan_read(&g.plan, path, g.registry, (il_plan_opts){ .set = o->set.list, .only = o->only }, e);
    if (!rc)
        rc = open_store(&g, o, write, e);
    if (rc) {
        il_grid_close(&g);
        return rc;
    }
    *out = g;
    return IL_OK;
}

void il_grid_close(il_grid *g)
{
    il_store_close(g->store);
    il_plan_free(g->plan);
    il_registry_free(g->registry);
    memset(g, 0, sizeof *g);
}
