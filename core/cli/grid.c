/* grid.c - a grid opened with its registry and database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/network_disk.h"
#include "base/text.h"
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

static int read_plan(il_registry **registry, il_plan **plan, const char *path, const il_grid_options *o,
                     il_grid_use use, il_err *e)
{
    if (use != IL_GRID_LOOK || o->trust)
        il_registry_trust();
    int rc = il_registry_open(registry, e);
    return rc ? rc
              : il_plan_read(plan, path, *registry,
                             (il_plan_opts){ .set = o->set.list, .only = o->only, .look = use == IL_GRID_LOOK }, e);
}

int il_grid_open(il_grid *out, const char *path, const il_grid_options *o, il_grid_use use, il_err *e)
{
    il_grid g = { 0 };
    int rc = read_plan(&g.registry, &g.plan, path, o, use, e);
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

/* ---- files that list grids ---- */

/* The experiments of a list's grids, in order. */
struct names {
    char **list;
    size_t count;
};

/* Two grids of one experiment would take each other's cells for their own older ones. */
static int add_name(struct names *n, const il_study *s, const char *experiment, il_err *e)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->list[i], experiment) == 0)
            return il_fail(e, IL_EPARAM, "%s and %s are both experiment '%s'; expected a name of its own for each grid",
                           s->grids[i], s->grids[n->count], experiment);
    char *copy = il_text_copy(experiment);
    if (!copy)
        return il_fail_oom(e);
    n->list[n->count++] = copy;
    return IL_OK;
}

static int check_one(struct names *n, const il_study *s, const il_grid_options *o, il_grid_use use, il_err *e)
{
    il_registry *registry = NULL;
    il_plan *plan = NULL;
    int rc = read_plan(&registry, &plan, s->grids[n->count], o, use, e);
    if (!rc)
        rc = add_name(n, s, plan->experiment, e);
    il_plan_free(plan);
    il_registry_free(registry);
    return rc;
}

static int check_all(const il_study *s, const il_grid_options *o, il_grid_use use, il_err *e)
{
    struct names n = { .list = calloc(s->count, sizeof *n.list) };
    int rc = n.list ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < s->count && !rc; i++)
        rc = check_one(&n, s, o, use, e);
    for (size_t i = 0; i < n.count; i++)
        free(n.list[i]);
    free(n.list);
    return rc;
}

int il_grid_list(il_study *out, const char *path, const il_grid_options *o, il_grid_use use, il_err *e)
{
    il_study s = { 0 };
    int rc = il_study_read(&s, path, e);
    if (!rc && s.count > 1 && (o->only || o->shard.count))
        rc = il_fail(e, IL_EUSAGE, "%s: %s lists %zu grids; expected one of them here", o->only ? "--only" : "--shard",
                     path, s.count);
    if (!rc && s.count > 1) {
        rc = check_all(&s, o, use, e);
        if (rc == IL_EIO)
            il_fail_in(e, "%s", path);
    }
    if (rc)
        il_study_free(&s);
    else
        *out = s;
    return rc;
}
