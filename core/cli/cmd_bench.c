/* cmd_bench.c - inpaintlab bench: how fast the program works here. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bench.h"
#include "bench_data.h"
#include "cli.h"
#include "keys.h"
#include "registry.h"
#include "words.h"

static const char help[] =
    "usage: inpaintlab bench [options]\n"
    "Measures images per second of loading, evaluation, training steps and whole epochs, the share of the device's peak, and\n"
    "peak memory.\n"
    "\n"
    "  --model MODEL        a plugin's name or settings, as in '{name: nix, size: 60}' (default fcn)\n"
    "  --size N             side of the pictures (default 128)\n"
    "  --batch N            pictures in a batch (default 4)\n"
    "  --data DIR           splits `train` and `validation` with realfake pictures and masks (default: a temporary set of\n"
    "                       generated pictures in lossless WebP)\n"
    "  --pictures N         of the generated set (default 4 batches)\n"
    "  --stages LIST        some of loading,evaluation,training,epoch (default: all). An epoch goes over all of DIR\n"
    "  --repeats N          of everything (default 5)\n"
    "  --set KEY=VALUE      a key of a grid's base, as in --set train.on=fakefake; may be repeated\n"
    "  --precision WORD     fp32 (default), tf32, bf16 or fp16\n"
    "  --device DEVICE      auto, cpu, cuda or cuda:N (default auto)\n"
    "  --threads N          threads inside one operation (default: libtorch's choice)\n"
    "  --loader-threads N   threads that read pictures (default: one per core)\n"
    "  --json               one JSON document\n"
    "  -h, --help           this text\n"
    "Ctrl-C stops after the repeat under way; once more stops at once.\n"
    "Exit status: 0 good, 1 something failed, 2 wrong usage.\n";

enum { MOST_SETS = 64, OWN_SETS = 5, LEAST_SIDE = 32, MOST_SIDE = 4096, MOST_BATCH = 4096, MOST_PICTURES = 100000,
       MOST_THREADS = 1024, BATCHES = 4 };
enum { OPT_MODEL = 256, OPT_SIZE, OPT_BATCH, OPT_DATA, OPT_PICTURES, OPT_STAGES, OPT_REPEATS, OPT_SET, OPT_PRECISION,
       OPT_DEVICE, OPT_THREADS, OPT_LOADERS, OPT_JSON };

static volatile sig_atomic_t stop_asked; /* the one thing a signal handler may set */

static void on_signal(int number)
{
    stop_asked = 1;
    signal(number, SIG_DFL);
}

struct options {
    const char *model, *data, *device, *precision;
    const char *set[MOST_SETS];
    int sets, size, batch, pictures;
    il_bench_opts how;
    bool json, help;
};

static const struct option longs[] = {
    { "model", required_argument, NULL, OPT_MODEL },
    { "size", required_argument, NULL, OPT_SIZE },
    { "batch", required_argument, NULL, OPT_BATCH },
    { "data", required_argument, NULL, OPT_DATA },
    { "pictures", required_argument, NULL, OPT_PICTURES },
    { "stages", required_argument, NULL, OPT_STAGES },
    { "repeats", required_argument, NULL, OPT_REPEATS },
    { "set", required_argument, NULL, OPT_SET },
    { "precision", required_argument, NULL, OPT_PRECISION },
    { "device", required_argument, NULL, OPT_DEVICE },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "loader-threads", required_argument, NULL, OPT_LOADERS },
    { "json", no_argument, NULL, OPT_JSON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

/* ---- options ---- */

static int read_stages(unsigned *out, const char *text, il_err *e)
{
    static const char *const names[] = { "loading", "evaluation", "training", "epoch" };
    enum { NAMES = sizeof names / sizeof *names };
    unsigned stages = 0;
    for (const char *at = text;; at++) {
        char word[40];
        size_t size = strcspn(at, ",");
        int k = 0;
        snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1), at);
        while (k < NAMES && strcmp(names[k], word) != 0)
            k++;
        if (k == NAMES) {
            const char *near = il_words_nearest(word, names, NAMES);
            return il_fail(e, IL_EUSAGE, "--stages: '%s' is none of loading, evaluation, training, epoch%s%s%s", word,
                           near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        stages |= 1u << k;
        at += size;
        if (!*at)
            break;
    }
    *out = stages;
    return IL_OK;
}

static int read_precision(struct options *o, const char *text, il_err *e)
{
    for (int p = 0; p <= IL_PRECISION_FP16; p++)
        if (strcmp(il_keys_precision_text((il_precision)p), text) == 0) {
            o->precision = text;
            return IL_OK;
        }
    return il_fail(e, IL_EUSAGE, "--precision: '%s' is none of fp32, tf32, bf16, fp16", text);
}

static int read_option(struct options *o, int c, il_err *e)
{
    switch (c) {
    case OPT_MODEL: o->model = optarg; return IL_OK;
    case OPT_SIZE: return il_cli_whole(&o->size, "--size", optarg, LEAST_SIDE, MOST_SIDE, e);
    case OPT_BATCH: return il_cli_whole(&o->batch, "--batch", optarg, 1, MOST_BATCH, e);
    case OPT_DATA: o->data = optarg; return IL_OK;
    case OPT_PICTURES: return il_cli_whole(&o->pictures, "--pictures", optarg, 1, MOST_PICTURES, e);
    case OPT_STAGES: return read_stages(&o->how.stages, optarg, e);
    case OPT_REPEATS: return il_cli_whole(&o->how.repeats, "--repeats", optarg, 1, IL_BENCH_MOST_REPEATS, e);
    case OPT_SET:
        if (o->sets == MOST_SETS)
            return il_fail(e, IL_EUSAGE, "--set: at most %d of them", MOST_SETS);
        o->set[o->sets++] = optarg;
        return IL_OK;
    case OPT_PRECISION: return read_precision(o, optarg, e);
    case OPT_DEVICE: o->device = optarg; return IL_OK;
    case OPT_THREADS: return il_cli_whole(&o->how.threads, "--threads", optarg, 0, MOST_THREADS, e);
    case OPT_LOADERS: return il_cli_whole(&o->how.loader_threads, "--loader-threads", optarg, 0, MOST_THREADS, e);
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
            return il_fail(e, IL_EUSAGE, "bench: %s: a value is missing", argv[optind - 1]);
        if (c == '?')
            return il_fail(e, IL_EUSAGE, "bench: unknown option '%s'; see 'inpaintlab bench --help'", argv[optind - 1]);
        rc = read_option(o, c, e);
    }
    if (rc == IL_OK && !o->help && optind < argc)
        return il_fail(e, IL_EUSAGE, "bench: unexpected '%s'; a model is named by --model", argv[optind]);
    if (rc == IL_OK && o->data && o->pictures)
        return il_fail(e, IL_EUSAGE, "bench: --pictures is of the generated set; --data names another");
    if (rc == IL_OK && !o->pictures)
        o->pictures = BATCHES * o->batch;
    if (rc == IL_OK && !o->data && o->pictures < o->batch)
        return il_fail(e, IL_EUSAGE, "--pictures: %d are less than a batch of %d", o->pictures, o->batch);
    return rc;
}

/* ---- the grid of one run that says what is measured ---- */

static int write_grid(const char *path, const char *data, il_err *e)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    fputs("experiment: bench\nbase:\n  mask_policy: full\n  loss: focal\n  train: {on: realfake}\n"
          "  dataset: {name: dataset1, root: '", f);
    for (const char *at = data; *at; at++) {
        if (*at == '\'')
            fputc('\'', f);
        fputc(*at, f);
    }
    fputs("'}\n", f);
    return fclose(f) == 0 ? IL_OK : il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
}

static int read_grid(il_plan **out, struct options *o, il_registry *registry, const char *folder, il_err *e)
{
    char path[4200], own[OWN_SETS][4200];
    const char *set[MOST_SETS + OWN_SETS + 1] = { NULL };
    snprintf(path, sizeof path, "%s/bench.yaml", folder);
    snprintf(own[0], sizeof own[0], "model=%s", o->model);
    snprintf(own[1], sizeof own[1], "train.size=%d", o->size);
    snprintf(own[2], sizeof own[2], "train.batch=%d", o->batch);
    snprintf(own[3], sizeof own[3], "test_batch=%d", o->batch);
    snprintf(own[4], sizeof own[4], "train.precision=%s", o->precision);
    for (int i = 0; i < OWN_SETS; i++)
        set[i] = own[i];
    for (int i = 0; i < o->sets; i++)
        set[OWN_SETS + i] = o->set[i];
    int rc = write_grid(path, o->data ? o->data : folder, e);
    if (rc == IL_OK)
        rc = il_plan_read(out, path, registry, (il_plan_opts){ .set = set }, e);
    remove(path);
    return rc;
}

static int make_folder(char *out, size_t size, il_err *e)
{
    const char *tmp = getenv("TMPDIR");
    if ((size_t)snprintf(out, size, "%s/inpaintlab-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp") >= size || !mkdtemp(out)) {
        out[0] = '\0';
        return il_fail(e, IL_EIO, "%s: no temporary folder can be made there: %s", tmp && *tmp ? tmp : "/tmp",
                       strerror(errno));
    }
    return IL_OK;
}

/* ---- the command ---- */

static int measure(struct options *o, il_registry *registry, const char *folder, il_err *e)
{
    il_plan *plan = NULL;
    il_bench b = { 0 };
    o->how.threads = il_torch_threads(o->how.threads);
    o->how.folder = folder;
    o->how.watch.stop = &stop_asked;
    int rc = il_device_parse(&o->how.device, o->device, e);
    if (rc == IL_OK)
        rc = read_grid(&plan, o, registry, folder, e);
    if (rc == IL_OK && !o->data)
        rc = il_bench_data_write(folder, o->size, o->pictures, o->batch, e);
    if (rc == IL_OK) {
        o->how.run = &plan->runs[0];
        rc = il_bench_run(&b, &o->how, e);
    }
    if (rc == IL_OK)
        rc = il_bench_print(stdout, &b, &o->how, o->json, e);
    if (rc == IL_OK && fflush(stdout) != 0)
        rc = il_fail(e, IL_EIO, "standard output cannot be written: %s", strerror(errno));
    il_bench_free(&b);
    il_plan_free(plan);
    return rc;
}

int il_cmd_bench(int argc, char **argv)
{
    struct options o = { .model = "fcn", .device = "auto", .precision = "fp32", .size = 128, .batch = 4,
                         .how = { .stages = IL_BENCH_ALL, .repeats = 5 } };
    char folder[4000] = "";
    il_err e = { 0 };
    il_registry *registry = NULL;
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = il_registry_open(&registry, &e);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (rc == IL_OK)
        rc = make_folder(folder, sizeof folder, &e);
    if (rc == IL_OK)
        rc = measure(&o, registry, folder, &e);
    if (folder[0])
        il_bench_data_remove(folder);
    il_registry_free(registry);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
