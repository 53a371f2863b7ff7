/* grid.c - a grid opened with its registry and database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/network_disk.h"
#include "cli/grid.h"
#include "plan/plan.h"
#include "plugin/descriptor.h"
#include "plugin/registry.h"

static int choose_database(il_grid *g, const il_grid_options *o, il_err *e)
{
    int rc = IL_OK;
    if (!o->database && o->shard.count)
        rc = il_shard_path(g->database, IL_CLI_DATABASE, g->plan->experiment, o->shard, e);
    else if (snprintf(g->database, sizeof g->database, "%s", o->database ? o->database : IL_CLI_DATABASE) >=
             (int)sizeof g->database)
        rc = il_fail(e, IL_EUSAGE, "--db: the path is too long");
    return rc ? rc : il_run_files_folder(&g->folder, g->database, e);
}

static int open_store(il_grid *g, il_grid_use use, il_err *e)
{
    if (use == IL_GRID_RUN)
        return il_store_open(&g->store, g->database, e);
    g->absent = access(g->database, F_OK) != 0;
    /* what leads, alone touches it where locks may not reach */
    bool apart = use == IL_GRID_FOLLOW && il_network_disk(g->database);
    if (g->absent || apart) /* hashes of files are cached in it, because runs share files */
        return il_store_open(&g->store, ":memory:", e);
    return il_store_open_readonly(&g->store, g->database, e);
}

static bool uses(const il_plan *p, const il_plugin *plugin)
{
    for (size_t i = 0; i < p->count; i++) {
        const il_run *r = &p->runs[i];
        if (r->dataset.plugin == plugin || r->model.plugin == plugin || r->loss.plugin == plugin ||
            r->mask_policy.plugin == plugin)
            return true;
    }
    return false;
}

static void tell_hidden(const il_registry *r, const il_plan *p)
{
    for (size_t i = 0; i < il_registry_count(r); i++) {
        const il_plugin *plugin = il_registry_at(r, i);
        if (il_registry_hidden(r, plugin) && uses(p, plugin))
            fprintf(stderr, "inpaintlab: %s: %s '%s' hides the built-in one\n", il_registry_path(r, plugin),
                    il_descriptor_kind(plugin->kind), plugin->name);
    }
}

int il_grid_open(il_grid *out, const char *path, const il_grid_options *o, il_grid_use use, il_err *e)
{
    il_grid g = { 0 };
    if (use != IL_GRID_LOOK || o->trust)
        il_registry_trust();
    int rc = il_registry_open(&g.registry, e);
    if (!rc)
        rc = il_plan_read(&g.plan, path, g.registry,
                          (il_plan_opts){ .set = o->set.list, .only = o->only, .look = use == IL_GRID_LOOK }, e);
    if (!rc)
        rc = choose_database(&g, o, e);
    if (!rc)
        rc = open_store(&g, use, e);
    if (rc) {
        il_grid_close(&g);
        return rc;
    }
    if (use != IL_GRID_FOLLOW)
        tell_hidden(g.registry, g.plan);
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
