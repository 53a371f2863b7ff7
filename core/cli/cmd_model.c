/* cmd_model.c - inpaintlab model: what the parts of a model weigh and cost. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include "anatomy.h"
#include "choice.h"
#include "cli.h"
#include "words.h"

static const char help[] =
    "usage: inpaintlab model [options] NAME\n"
    "Prints, by groups of layers, a model's parameters, buffers, floating-point operations and memory, and their sums.\n"
    "NAME is a model plugin, as 'inpaintlab plugins' lists them, or its file. The model is run on one grey batch.\n"
    "\n"
    "  --set KEY=VALUE   one of the model's settings, as in --set size=60; may be repeated\n"
    "  --size N          side of the picture (default 512)\n"
    "  --batch N         pictures in the batch (default 1)\n"
    "  --depth N         components of names that make a group (default: as many as give at least six groups)\n"
    "  --device DEVICE   auto, cpu, cuda or cuda:N (default auto)\n"
    "  --threads N       threads inside one operation (default: libtorch's choice)\n"
    "  --json            one JSON document\n"
    "  -h, --help        this text\n"
    "Exit status: 0 good, 1 the model cannot be run, 2 wrong usage.\n";

enum { MOST_SETS = 64, MOST_SIDE = 16384, MOST_BATCH = 4096, MOST_DEPTH = 16, MOST_THREADS = 1024 };
enum { OPT_SET = 256, OPT_SIZE, OPT_BATCH, OPT_DEPTH, OPT_DEVICE, OPT_THREADS, OPT_JSON };

struct options {
    const char *name, *device;
    const char *set[MOST_SETS];
    int sets, threads;
    il_anatomy_opts how;
    bool json, help;
};

static const struct option longs[] = {
    { "set", required_argument, NULL, OPT_SET },
    { "size", required_argument, NULL, OPT_SIZE },
    { "batch", required_argument, NULL, OPT_BATCH },
    { "depth", required_argument, NULL, OPT_DEPTH },
    { "device", required_argument, NULL, OPT_DEVICE },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "json", no_argument, NULL, OPT_JSON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_option(struct options *o, int c, il_err *e)
{
    switch (c) {
    case OPT_SET:
        if (o->sets == MOST_SETS)
            return il_fail(e, IL_EUSAGE, "--set: at most %d of them", MOST_SETS);
        o->set[o->sets++] = optarg;
        return IL_OK;
    case OPT_SIZE: return il_cli_whole(&o->how.size, "--size", optarg, 1, MOST_SIDE, e);
    case OPT_BATCH: return il_cli_whole(&o->how.batch, "--batch", optarg, 1, MOST_BATCH, e);
    case OPT_DEPTH: return il_cli_whole(&o->how.depth, "--depth", optarg, 1, MOST_DEPTH, e);
    case OPT_DEVICE: o->device = optarg; return IL_OK;
    case OPT_THREADS: return il_cli_whole(&o->threads, "--threads", optarg, 0, MOST_THREADS, e);
    case OPT_JSON: o->json = true; return IL_OK;
    default: o->help = true; return IL_OK;
    }
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && !o->help && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        if (c == ':')
            return il_fail(e, IL_EUSAGE, "model: %s: a value is missing", argv[optind - 1]);
        if (c == '?')
            return il_fail(e, IL_EUSAGE, "model: unknown option '%s'; see 'inpaintlab model --help'", argv[optind - 1]);
        rc = read_option(o, c, e);
    }
    if (rc == IL_OK && !o->help && optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "model: expected one name, as in 'inpaintlab model nix --set size=60'");
    o->name = o->help ? NULL : argv[optind];
    return rc;
}

static int set_one(il_params *p, const char *text, il_err *e)
{
    char key[80];
    const char *sign = strchr(text, '=');
    if (!sign || sign == text || (size_t)(sign - text) >= sizeof key)
        return il_fail(e, IL_EUSAGE, "--set %s: expected KEY=VALUE, as in --set size=60", text);
    snprintf(key, sizeof key, "%.*s", (int)(sign - text), text);
    int rc = il_params_set(p, key, sign + 1, e);
    return rc == IL_OK ? rc : il_fail_in(e, "--set %s", text);
}

static int choose(il_choice *c, il_registry *registry, const struct options *o, il_err *e)
{
    int rc = il_registry_find(&c->plugin, registry, IL_MODEL, o->name, e);
    if (rc == IL_OK)
        rc = il_params_new(&c->params, c->plugin->params, e);
    for (int i = 0; i < o->sets && rc == IL_OK; i++)
        rc = set_one(c->params, o->set[i], e);
    if (rc == IL_OK)
        rc = il_params_check(c->params, e);
    if (rc == IL_OK && !(c->label = il_words_copy(c->plugin->name)))
        rc = il_fail_oom(e);
    return rc;
}

static int show(const struct options *o, il_err *e)
{
    il_registry *registry = NULL;
    il_choice choice = { 0 };
    il_device device;
    il_model model = { 0 };
    il_anatomy a = { 0 };
    il_torch_threads(o->threads);
    int rc = il_device_parse(&device, o->device, e);
    if (rc == IL_OK)
        rc = il_registry_open(&registry, e);
    if (rc == IL_OK)
        rc = choose(&choice, registry, o, e);
    if (rc == IL_OK)
        rc = il_model_open(&model, &choice, (il_model_opts){ .device = device }, e);
    if (rc == IL_OK)
        rc = il_anatomy_measure(&a, &model, o->how, e);
    if (rc == IL_OK)
        rc = il_anatomy_print(stdout, &a, &choice, device, o->json, e);
    if (rc == IL_OK && fflush(stdout) != 0)
        rc = il_fail(e, IL_EIO, "standard output cannot be written: %s", strerror(errno));
    il_anatomy_free(&a);
    il_model_close(&model);
    il_choice_free(&choice);
    il_registry_free(registry);
    return rc;
}

int il_cmd_model(int argc, char **argv)
{
    struct options o = { .device = "auto", .how = { .batch = 1, .size = 512 } };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = show(&o, &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
