/* dataset_build.c - inpaintlab dataset build: makes a data set by a recipe. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "dataset.h"
#include "dataset/build.h"
#include "progress.h"

static const char help[] =
    "usage: inpaintlab dataset build [options] RECIPE.yaml -o DIR\n"
    "Makes masks, inpainted pictures, realfakes and fakefakes of photos, as a recipe says (schema/recipe.yaml). The same\n"
    "command goes on where an earlier one stopped; what is made does not depend on that. DIR/manifest.jsonl tells where\n"
    "each sample comes from.\n"
    "\n"
    "  -o, --output DIR     folder of the data set\n"
    "  --device DEVICE      auto, cpu, cuda or cuda:N (default auto)\n"
    "  --threads N          threads that read and write pictures (default: one per core)\n"
    "  -q, --quiet          say nothing but errors\n"
    "  -h, --help           this text\n"
    "Ctrl-C stops after the current sample; once more stops at once.\n"
    "Exit status: 0 all samples are there, 1 something failed or was stopped, 2 wrong usage.\n";

enum { OPT_DEVICE = 256, OPT_THREADS };

static const struct option longs[] = {
    { "output", required_argument, NULL, 'o' },
    { "device", required_argument, NULL, OPT_DEVICE },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

struct options {
    const char *recipe, *folder, *device;
    int threads;
    bool quiet, help;
};

static volatile sig_atomic_t stop_asked; /* the one thing a signal handler may set */

static void on_signal(int number)
{
    stop_asked = 1;
    signal(number, SIG_DFL);
}

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    *o = (struct options){ .device = "auto" };
    optind = 1;
    opterr = 0;
    while (!rc && (c = getopt_long(argc, argv, ":o:qh", longs, NULL)) != -1) {
        switch (c) {
        case 'o': o->folder = optarg; break;
        case OPT_DEVICE: o->device = optarg; break;
        case OPT_THREADS: rc = il_cli_whole(&o->threads, "--threads", optarg, 0, 256, e); break;
        case 'q': o->quiet = true; break;
        case 'h': o->help = true; return IL_OK;
        case ':': return il_fail(e, IL_EUSAGE, "dataset build: %s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "dataset build: unknown option '%s'; see 'inpaintlab dataset build --help'",
                           argv[optind - 1]);
        }
    }
    if (rc)
        return rc;
    if (optind + 1 != argc || !o->folder || !*o->folder)
        return il_fail(e, IL_EUSAGE, "dataset build: expected one recipe and -o DIR, as in 'inpaintlab dataset build "
                       "experiments/datasets/quickstart-a.yaml -o data/a'");
    o->recipe = argv[optind];
    return IL_OK;
}

static void print_result(const il_build_result *b, const char *folder)
{
    if (!b->made) {
        printf("%s: all %zu samples were there already\n", folder, b->samples);
        return;
    }
    printf("%s: %zu samples (%zu train, %zu validation, %zu test), %zu made now\n", folder, b->samples,
           b->counts[IL_TRAIN], b->counts[IL_VALIDATION], b->counts[IL_TEST], b->made);
    if (b->unusable + b->copies + b->twins)
        printf("photos: %zu unusable, %zu equal to another and left out, %zu that look like another kept in its split\n",
               b->unusable, b->copies, b->twins);
    double n = (double)b->made;
    printf("per sample: reading %.3f s, mask %.3f s, generators %.3f s, writing %.3f s\n", b->seconds[0] / n,
           b->seconds[1] / n, b->seconds[2] / n, b->seconds[3] / n);
}

int il_dataset_build_command(int argc, char **argv)
{
    il_err e = { 0 };
    struct options o;
    il_recipe *recipe = NULL;
    il_build_result result = { 0 };
    il_bar bar;
    int rc = read_options(&o, argc, argv, &e);
    if (!rc && o.help) {
        fputs(help, stdout);
        return 0;
    }
    il_build_opts opts = { .folder = o.folder, .threads = o.threads };
    if (!rc)
        rc = il_device_parse(&opts.device, o.device, &e);
    if (!rc)
        rc = il_recipe_open(&recipe, o.recipe, &e);
    if (!rc) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        il_watch watch = il_bar_watch(&bar, o.quiet, &stop_asked);
        rc = il_build_run(&result, recipe, &opts, &watch, &e);
        il_bar_clear(&bar);
    }
    if (!rc && !o.quiet)
        print_result(&result, o.folder);
    il_recipe_free(recipe);
    return rc ? il_cli_fail(&e) : 0;
}
