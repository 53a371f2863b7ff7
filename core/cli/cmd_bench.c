/* cmd_bench.c - inpaintlab bench: measures speed and memory on this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/atomic_file.h"
#include "base/text.h"
#include "bench/against.h"
#include "bench/bench_data.h"
#include "bench/bench_print.h"
#include "bench/roofline.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "plan/keys.h"
#include "plan/plan.h"
#include "plugin/registry.h"

#define STAGES "loading|evaluation|training|epoch" /* the bits of IL_BENCH_ALL in order */

enum { OWN_SETS = 5, BATCHES = 4 };

struct options {
    const char *model, *data, *device, *precision, *against, *roofline;
    il_texts set;
    int size, batch, pictures;
    il_bench_opts how;
    bool json;
};

/* ---- options ---- */

static int read_stages(void *options, const char *text, il_err *e)
{
    struct options *o = options;
    unsigned stage;
    o->how.stages = 0;
    for (const char *at = text;; at++) {
        char word[40];
        size_t size = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1), at);
        int rc = il_option_choose(&stage, "--stages", STAGES, word, e);
        if (rc)
            return rc;
        o->how.stages |= 1u << stage;
        at += size;
        if (!*at)
            return IL_OK;
    }
}

/* Before anything is measured. */
static int check_roofline(const struct options *o, il_err *e)
{
    il_atomic_file file;
    il_err unused = { 0 };
    if (!(o->how.stages & (IL_BENCH_EVALUATION | IL_BENCH_TRAINING)))
        return il_fail(e, IL_EUSAGE, "--roofline: expected the stage evaluation or training to be measured");
    if (!il_text_ends(o->roofline, ".svg"))
        return il_fail(e, IL_EUSAGE, "--roofline %s: expected a file name that ends in .svg", o->roofline);
    int rc = il_atomic_file_begin(&file, o->roofline, e);
    if (!rc)
        il_atomic_file_end(&file, o->roofline, false, IL_ECANCEL, &unused); /* it could be written */
    return rc;
}

static int check(struct options *o, il_err *e)
{
    if (o->data && o->pictures)
        return il_fail(e, IL_EUSAGE, "bench: --pictures is for the generated set and cannot be used with --data");
    if (o->roofline) {
        int rc = check_roofline(o, e);
        if (rc)
            return rc;
    }
    if (!o->pictures)
        o->pictures = BATCHES * o->batch;
    if (!o->data && o->pictures < o->batch)
        return il_fail(e, IL_EUSAGE, "--pictures: %d is less than the batch of %d", o->pictures, o->batch);
    return IL_OK;
}

/* ---- a grid of one run that defines what is measured ---- */

static int write_grid(const char *path, const char *data, il_err *e)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    fputs("experiment: bench\nbase:\n  mask_policy: full\n  loss: focal\n  train: {on: realfake}\n"
          "  dataset: {name: dataset1, root: '",
          f);
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
    const char *set[OWN_SETS + IL_TEXTS_MOST + 1] = { NULL };
    snprintf(path, sizeof path, "%s/bench.yaml", folder);
    snprintf(own[0], sizeof own[0], "model=%s", o->model);
    snprintf(own[1], sizeof own[1], "train.size=%d", o->size);
    snprintf(own[2], sizeof own[2], "train.batch=%d", o->batch);
    snprintf(own[3], sizeof own[3], "test_batch=%d", o->batch);
    snprintf(own[4], sizeof own[4], "train.precision=%s", o->precision);
    for (int i = 0; i < OWN_SETS; i++)
        set[i] = own[i];
    for (int i = 0; i < o->set.count; i++)
        set[OWN_SETS + i] = o->set.list[i];
    int rc = write_grid(path, o->data ? o->data : folder, e);
    if (!rc)
        rc = il_plan_read(out, path, registry, (il_plan_opts){ .set = set }, e);
    remove(path);
    return rc;
}

static int make_folder(char *out, size_t size, il_err *e)
{
    const char *tmp = getenv("TMPDIR");
    if ((size_t)snprintf(out, size, "%s/inpaintlab-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp") >= size ||
        !mkdtemp(out)) {
        out[0] = '\0';
        return il_fail(e, IL_EIO, "cannot create a temporary folder in %s: %s", tmp && *tmp ? tmp : "/tmp",
                       strerror(errno));
    }
    return IL_OK;
}

/* ---- the command ---- */

/* What follows takes a while, without a word until all of it is measured. */
static void announce(const struct options *o)
{
    if (!o->json)
        fprintf(stderr,
                "bench: measures %s in batches of %d pictures of %dx%d, each stage %d times; this takes minutes. Ctrl-C"
                " stops.\n",
                o->model, o->batch, o->size, o->size, o->how.repeats);
}

static int draw(const struct options *o, const il_bench *b, const il_bench_against *before, il_err *e)
{
    il_text svg = { 0 };
    int rc = il_bench_roofline(&svg, b, &o->how, o->against ? before : NULL, e);
    if (!rc)
        rc = il_atomic_file_write(o->roofline, svg.data, strlen(svg.data), e);
    il_text_free(&svg);
    return rc;
}

static int measure(struct options *o, il_registry *registry, const char *folder, il_err *e)
{
    il_plan *plan = NULL;
    il_bench b = { 0 };
    il_bench_against before = { 0 };
    o->how.threads = il_torch_threads(o->how.threads);
    o->how.folder = folder;
    int rc = il_cli_device(&o->how.device, o->device, e);
    if (!rc)
        rc = read_grid(&plan, o, registry, folder, e);
    if (!rc)
        o->how.run = &plan->runs[0];
    if (!rc && o->against)
        rc = il_bench_against_read(&before, o->against, &o->how, e);
    if (!rc && !o->data)
        rc = il_bench_data_write(folder, o->size, o->pictures, o->batch, e);
    if (!rc) {
        announce(o);
        rc = il_bench_run(&b, &o->how, e);
    }
    if (!rc)
        rc = il_bench_print(stdout, &b, &o->how, o->against ? &before : NULL, o->json, e);
    if (!rc && o->roofline)
        rc = draw(o, &b, &before, e);
    il_bench_against_free(&before);
    il_bench_free(&b);
    il_plan_free(plan);
    return rc;
}

static int bench(void *options, const char *const *words, il_err *e)
{
    (void)words;
    struct options *o = options;
    char folder[4000] = "";
    il_registry *registry = NULL;
    int rc = check(o, e);
    il_registry_trust();                              /* the user asked to run it */
    o->how.observer.stop = il_progress_bar_signals(); /* before there is a folder to be removed */
    if (!rc)
        rc = il_registry_open(&registry, e);
    if (!rc)
        rc = make_folder(folder, sizeof folder, e);
    if (!rc)
        rc = measure(o, registry, folder, e);
    if (folder[0])
        il_bench_data_remove(folder);
    il_registry_free(registry);
    return rc;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "--model MODEL", "a plugin's name or settings, as in '{name: nix, size: 60}' (default fcn)", INTO(model) },
    { "--size N", "side of the images in pixels (default 128)", INTO(size), .least = 32, .most = 4096 },
    { "--batch N", "images per batch (default 4)", INTO(batch), .least = 1, .most = 4096 },
    { "--data DIR",
      "folder with splits `train` and `validation` of realfake images and masks (default: a "
      "temporary set of generated images in lossless WebP)",
      INTO(data) },
    { "--pictures N", "number of generated images (default 4 batches)", INTO(pictures), .least = 1, .most = 100000 },
    { "--stages LIST", "some of loading,evaluation,training,epoch (default: all). An epoch uses all of DIR",
      .read = read_stages, .choices = STAGES },
    { "--repeats N", "repeats of each measurement (default 5)", INTO(how.repeats), .least = 1,
      .most = IL_BENCH_MOST_REPEATS },
    { "--set KEY=VALUE", "set a key of a grid's base, as in --set train.on=fakefake; may be repeated", INTO(set) },
    { "--precision WORD", "precision: fp32 (default), tf32, bf16 or fp16", INTO(precision),
      .choices = IL_KEYS_PRECISIONS },
    IL_CLI_DEVICE(struct options, device),
    IL_CLI_THREADS(struct options, how.threads),
    IL_CLI_LOADER_THREADS(struct options, how.loader_threads),
    { "--against FILE", "compare with FILE, which an earlier `bench --json` of the same work printed", INTO(against) },
    { "--roofline FILE", "also draw the stages under the device's roofline, as SVG", INTO(roofline) },
    { "--json", "print one JSON document", INTO(json) },
    { 0 },
};

const il_command il_cmd_bench = {
    .name = "bench",
    .summary = "measure speed and memory on this machine",
    .usage = "[options]",
    .about = "Measures images per second of loading, evaluation, training steps and whole epochs, their share of the\n"
             "device's peak speed, what bounds them, and peak memory.\n",
    .options = table,
    .notes = "Ctrl-C stops after the current repeat; press it again to stop at once.\n"
             "Exit status: 0 success, 1 something failed, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .model = "fcn",
                                         .device = "auto",
                                         .precision = "fp32",
                                         .size = 128,
                                         .batch = 4,
                                         .how = { .stages = IL_BENCH_ALL, .repeats = 5 } },
    .expected = "only options; name a model with --model",
    .computes = true,
    .run = bench,
};
