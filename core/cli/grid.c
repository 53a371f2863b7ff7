/* grid.c - what `plan` and `run` share: their options, and a grid opened with its registry and database. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "grid.h"

enum { OPT_DB = 256, OPT_ONLY, OPT_SET, OPT_DEVICE, OPT_THREADS, OPT_LOADERS, OPT_CACHE, OPT_LIMIT,
       OPT_CHECKPOINT, OPT_EXAMPLES };

static const struct option longs[] = {
    { "db", required_argument, NULL, OPT_DB },
    { "only", required_argument, NULL, OPT_ONLY },
    { "set", required_argument, NULL, OPT_SET },
    { "device", required_argument, NULL, OPT_DEVICE },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "loader-threads", required_argument, NULL, OPT_LOADERS },
    { "cache", required_argument, NULL, OPT_CACHE },
    { "cache-limit", required_argument, NULL, OPT_LIMIT },
    { "checkpoint", required_argument, NULL, OPT_CHECKPOINT },
    { "examples", no_argument, NULL, OPT_EXAMPLES },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_number(double *out, const char *option, const char *text, double most, il_err *e)
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (end == text || *end || errno || !(v >= 0 && v <= most))
        return il_fail(e, IL_EUSAGE, "%s: '%s' is no number from 0 to %g", option, text, most);
    *out = v;
    return IL_OK;
}

static int read_option(il_grid_options *o, size_t *sets, int c, const char *value, il_err *e)
{
    double number = 0;
    int rc = IL_OK;
    switch (c) {
    case OPT_DB: o->database = value; break;
    case OPT_ONLY: o->only = value; break;
    case OPT_DEVICE: o->device = value; break;
    case OPT_SET:
        if (*sets == IL_GRID_MOST_SETS)
            return il_fail(e, IL_EUSAGE, "--set: at most %d of them", IL_GRID_MOST_SETS);
        o->set[(*sets)++] = value;
        break;
    case OPT_THREADS:
        rc = read_number(&number, "--threads", value, 1024, e);
        o->threads = (int)number;
        break;
    case OPT_LOADERS:
        rc = read_number(&number, "--loader-threads", value, 1024, e);
        o->loader_threads = (int)number;
        break;
    case OPT_CACHE: o->disk.folder = value; break;
    case OPT_LIMIT:
        rc = read_number(&number, "--cache-limit", value, 1e6, e);
        o->disk.limit = (uint64_t)(number * (1 << 30));
        break;
    case OPT_CHECKPOINT: rc = read_number(&o->checkpoint_seconds, "--checkpoint", value, 1e9, e); break;
    case OPT_EXAMPLES: o->examples = true; break;
    case 'q': o->quiet = true; break;
    case 'h': o->help = true; break;
    default: return il_fail(e, IL_EUSAGE, "see 'inpaintlab help'");
    }
    return rc;
}

int il_grid_options_read(il_grid_options *out, int argc, char **argv, il_err *e)
{
    il_grid_options o = { .database = IL_CLI_DATABASE, .device = "auto", .checkpoint_seconds = 60 };
    size_t sets = 0;
    int c;
    optind = 1;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":qh", longs, NULL)) != -1) {
        if (c == ':')
            return il_fail(e, IL_EUSAGE, "%s: a value is missing", argv[optind - 1]);
        if (c == '?')
            return il_fail(e, IL_EUSAGE, "%s: unknown option '%s'; see 'inpaintlab %s --help'", argv[0],
                           argv[optind - 1], argv[0]);
        int rc = read_option(&o, &sets, c, optarg, e);
        if (rc != IL_OK)
            return rc;
    }
    if (!o.help && optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "%s: expected one grid file, as in 'inpaintlab %s experiments/quickstart.yaml'",
                       argv[0], argv[0]);
    o.path = o.help ? NULL : argv[optind];
    *out = o;
    return IL_OK;
}

static int open_store(il_grid *g, const il_grid_options *o, bool write, il_err *e)
{
    if (write)
        return il_store_open(&g->store, o->database, e);
    if (access(o->database, F_OK) != 0)
        return IL_OK;
    return il_store_open_readonly(&g->store, o->database, e);
}

int il_grid_open(il_grid *out, const il_grid_options *o, bool write, il_err *e)
{
    il_grid g = { 0 };
    const char *slash = strrchr(o->database, '/');
    int length = slash ? (int)(slash - o->database) : 1;
    if (snprintf(g.folder, sizeof g.folder, "%.*s/runs", length, slash ? o->database : ".") >= (int)sizeof g.folder)
        return il_fail(e, IL_EUSAGE, "--db: the path is too long");
    int rc = il_registry_open(&g.registry, e);
    if (rc == IL_OK)
        rc = il_plan_read(&g.plan, o->path, g.registry, (il_plan_opts){ .set = o->set, .only = o->only }, e);
    if (rc == IL_OK)
        rc = open_store(&g, o, write, e);
    if (rc != IL_OK) {
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
