/* dataset_build.c - inpaintlab dataset build: builds a data set from a recipe. */
#include <stdio.h>
#include "cli/cli.h"
#include "cli/dataset.h"
#include "cli/progress.h"
#include "cluster/shard.h"
#include "dataset/build.h"
#include "image/budget.h"
#include "plugin/registry.h"

struct options {
    const char *folder, *device;
    int threads, memory_mib;
    il_build_shard shard;
    bool quiet;
};

/* "2/4", or "slurm" */
static int read_shard(void *options, const char *text, il_err *e)
{
    struct options *o = options;
    il_shard s = { 0 };
    int rc = il_shard_read(&s, text, e);
    if (!rc)
        o->shard = (il_build_shard){ .number = s.number, .count = s.count };
    return rc;
}

static void print_result(const il_build_result *b, const struct options *o)
{
    const char *folder = o->folder;
    const il_build_shard s = o->shard;
    if (s.count && b->share) {
        printf(
            "%s: shard %d of %d: %zu of %zu samples, %zu made now; when all shards are done, the same command without"
            " --shard writes the manifest\n",
            folder, s.number, s.count, b->share, b->samples, b->made);
        return;
    }
    if (!b->made) {
        printf("%s: all %zu samples exist already\n", folder, b->samples);
        return;
    }
    printf("%s: %zu samples (%zu train, %zu validation, %zu test), %zu made now\n", folder, b->samples,
           b->counts[IL_SPLIT_TRAIN], b->counts[IL_SPLIT_VALIDATION], b->counts[IL_SPLIT_TEST], b->made);
    if (b->unusable + b->copies + b->twins)
        printf("photos: %zu unusable, %zu copies left out, %zu that look like another photo kept in its split\n",
               b->unusable, b->copies, b->twins);
    if (b->uncaptioned)
        printf("photos: %zu of %zu have no caption and are inpainted with an empty prompt\n", b->uncaptioned,
               b->photos);
    double n = (double)b->made;
    printf("per sample: reading %.3f s, mask %.3f s, generators %.3f s, writing %.3f s\n", b->seconds[0] / n,
           b->seconds[1] / n, b->seconds[2] / n, b->seconds[3] / n);
}

static int build(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_recipe *recipe = NULL;
    il_build_result result = { 0 };
    il_build_opts opts = { .folder = o->folder, .threads = o->threads, .shard = o->shard };
    il_progress_bar bar;
    il_registry_trust(); /* the user asked to run what the recipe names */
    il_budget_set((uint64_t)o->memory_mib << 20);
    int rc = il_cli_device(&opts.device, o->device, e);
    if (!rc)
        rc = il_recipe_open(&recipe, words[0], e);
    if (!rc) {
        il_observer observer = il_progress_bar_observer(&bar, o->quiet, il_progress_bar_signals());
        rc = il_build_run(&result, recipe, &opts, &observer, e);
        il_progress_bar_clear(&bar);
    }
    if (!rc && !o->quiet)
        print_result(&result, o);
    il_recipe_free(recipe);
    return rc;
}

static const il_option table[] = {
    { "-o, --output DIR", "folder of the data set", IL_INTO(struct options, folder), .needed = true },
    IL_CLI_DEVICE(struct options, device),
    { "--threads N", "threads that read and write images (default: one per core)", IL_INTO(struct options, threads),
      .most = 256 },
    IL_CLI_MEMORY(struct options, memory_mib),
    { "--shard I/N",
      "make share I of N alone, beside other processes that make theirs in the same folder; a build without it writes the "
      "manifest when they are done",
      .read = read_shard },
    { "-q, --quiet", "print only errors", IL_INTO(struct options, quiet) },
    { 0 },
};

const il_command il_dataset_build = {
    .name = "dataset build",
    .summary = "build a data set from photos by a recipe",
    .usage = "[options] RECIPE.yaml -o DIR",
    .about =
        "Makes masks, inpainted images, realfakes and fakefakes from photos, as a recipe says (schema/recipe.yaml).\n"
        "Run the same command again to continue an interrupted build; the result is the same. DIR/manifest.jsonl\n"
        "records the origin of each sample.\n",
    .options = table,
    .notes = "Ctrl-C stops after the current sample; press it again to stop at once.\n"
             "Exit status: 0 all samples exist, 1 something failed or was stopped, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .device = "auto" },
    .least = 1,
    .most = 1,
    .expected =
        "one recipe and -o DIR, as in 'inpaintlab dataset build experiments/datasets/quickstart-a.yaml -o data/a'",
    .run = build,
};
