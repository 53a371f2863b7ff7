/* time_loader.c - how fast the loader is, alone and feeding a model; no test, a measurement.
 *
 *     time_loader ROOT [--images realfake] [--size 512] [--crop 0] [--crops 1] [--batch 8] [--epochs 3] [--threads 0]
 *                      [--memory MIB] [--disk FOLDER] [--model NAME] [--torch-threads 0] [--device cpu]
 *
 * ROOT is a data set in the paper's layout with a train split. --memory: the cache in memory, in MiB (1: hardly any).
 * Without --model, each epoch's pictures per second. With one, each epoch trains it on the files, then as often on the
 * first batch alone; the difference is what loading costs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <inpaintlab/folder.h>
#include <inpaintlab/optimizer.h>
#include "loader/loader.h"
#include "plugin/model.h"
#include "plugin/registry.h"
#include "torch/counts.h"
#include "torch/pixels.h"

struct options {
    const char *root, *images, *model, *device, *disk;
    int size, crop, crops, batch, epochs, threads, memory, torch_threads;
};

struct bench {
    struct options o;
    il_device device;
    il_source *source;
    il_loader *loader;
    il_registry *registry;
    il_choice choice;
    il_model model;
    il_adam *adam;
    il_batch fixed;
    uint8_t *pixels, *greys; /* of `fixed` */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the data set: a folder ---- */

static int files_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    (void)e;
    *out = NULL;
    return IL_OK;
}

static void files_close(void *self)
{
    (void)self;
}

static int files_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    (void)self;
    const char *slash = strrchr(what.images, '/'); /* ROOT/KIND */
    char *root = strndup(what.images, (size_t)(slash - what.images));
    what.images = slash + 1;
    int rc = root ? il_folder_scan(out, (il_folder){ .root = root }, what, e) : il_fail_oom(e);
    free(root);
    return rc;
}

static const il_dataset_ops files_ops = { .scan = files_scan };
static const il_plugin files = { .abi = IL_ABI,
                                 .kind = IL_KIND_DATASET,
                                 .name = "files",
                                 .revision = 1,
                                 .open = files_open,
                                 .close = files_close,
                                 .dataset = &files_ops };
static const il_choice files_choice = { .plugin = &files };

/* ---- work ---- */

static int step(struct bench *b, const il_batch *batch, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = b->device, .training = true, .seed = 1), e);
    if (rc)
        return rc;
    il_tensor *image = il_from_pixels(s, batch->pixels, batch->n, batch->height, batch->width, 3, batch->shades);
    il_tensor *target = il_from_pixels(s, batch->greys, batch->n, batch->height, batch->width, 1, batch->labels);
    il_tensor *logit = il_model_forward(&b->model, s, image, NULL);
    rc = il_backward(s, il_mean(s, il_bce_logits(s, logit, target)), e);
    il_confusion(s, il_detach(s, logit), target, NULL);
    if (!rc)
        rc = il_scope_status(s, e);
    il_scope_close(s);
    return rc ? rc : il_adam_step(b->adam, e);
}

/* Waits for a device: reads a number of the weights. */
static int finish(struct bench *b, il_err *e)
{
    il_scope *s = NULL;
    float sum = 0;
    int rc = il_scope_open(&s, IL_OPTS(il_scope_opts, .device = b->device), e);
    if (!rc)
        rc = il_read_f32(il_sum(s, il_state_at(b->model.state, 0).tensor), &sum, 1, e);
    il_scope_close(s);
    return rc;
}

static int keep_first(struct bench *b, const il_batch *batch, il_err *e)
{
    size_t values = (size_t)batch->n * (size_t)batch->height * (size_t)batch->width;
    b->fixed = *batch;
    b->fixed.pixels = b->pixels = malloc(3 * values);
    b->fixed.greys = b->greys = malloc(values);
    if (!b->pixels || !b->greys)
        return il_fail_oom(e);
    memcpy(b->pixels, batch->pixels, 3 * values);
    memcpy(b->greys, batch->greys, values);
    return IL_OK;
}

static int epoch_of_files(double *seconds, size_t *pictures, struct bench *b, int epoch, il_err *e)
{
    double start = now();
    int more = 1, rc = il_loader_start(b->loader, epoch, 0, e);
    *pictures = 0;
    while (!rc) {
        il_batch batch;
        rc = il_loader_next(b->loader, &batch, &more, e);
        if (rc || !more)
            break;
        *pictures += (size_t)batch.n;
        if (!b->pixels)
            rc = keep_first(b, &batch, e);
        if (!rc && b->o.model)
            rc = step(b, &batch, e);
    }
    if (!rc && b->o.model)
        rc = finish(b, e);
    *seconds = now() - start;
    return rc;
}

static int epoch_of_one(double *seconds, struct bench *b, il_err *e)
{
    double start = now();
    int rc = IL_OK;
    for (size_t i = 0; i < il_loader_batches(b->loader) && !rc; i++)
        rc = step(b, &b->fixed, e);
    if (!rc)
        rc = finish(b, e);
    *seconds = now() - start;
    return rc;
}

static int measure(struct bench *b, il_err *e)
{
    for (int epoch = 1; epoch <= b->o.epochs; epoch++) {
        double files_took = 0, one_took = 0;
        size_t n = 0;
        int rc = epoch_of_files(&files_took, &n, b, epoch, e);
        if (rc)
            return rc;
        printf("epoch %d: %zu pictures, %.3f s, %.1f images/s", epoch, n, files_took, (double)n / files_took);
        if (b->o.model) {
            rc = epoch_of_one(&one_took, b, e);
            if (rc)
                return rc;
            printf("; on one batch %.3f s, %.1f images/s: files cost %+.1f %%", one_took, (double)n / one_took,
                   100 * (files_took / one_took - 1));
        }
        printf("\n");
        fflush(stdout);
    }
    return IL_OK;
}

/* ---- start and end ---- */

static int open_model(struct bench *b, il_err *e)
{
    int rc = il_registry_open(&b->registry, e);
    if (!rc)
        rc = il_registry_find(&b->choice.plugin, b->registry, IL_KIND_MODEL, b->o.model, e);
    if (!rc)
        rc = il_params_new(&b->choice.params, b->choice.plugin->params, e);
    if (!rc)
        rc = il_model_open(&b->model, &b->choice, (il_model_opts){ .device = b->device, .seed = 1 }, e);
    return rc ? rc : il_adam_new(&b->adam, b->model.state, IL_OPTS(il_adam_opts, .lr = 1e-4), e);
}

static int open_bench(struct bench *b, il_err *e)
{
    char images[4096];
    float labels[256];
    for (int i = 0; i < 256; i++)
        labels[i] = i == 255;
    il_torch_threads(b->o.torch_threads);
    snprintf(images, sizeof images, "%s/%s", b->o.root, b->o.images);
    int rc = il_device_parse(&b->device, b->o.device, e);
    if (!rc)
        rc = il_source_open(&b->source, &files_choice, "train", images, IL_MISSING_REFUSE, e);
    il_loader_opts o = { .batch = b->o.batch,
                         .size = b->o.size,
                         .crop = b->o.crop,
                         .crops = b->o.crops,
                         .flip = b->o.crop > 0,
                         .shuffle = true,
                         .seed = 1,
                         .threads = b->o.threads,
                         .cache_bytes = (size_t)b->o.memory << 20,
                         .disk = { .folder = b->o.disk },
                         .device = b->device,
                         .missing = IL_MISSING_REFUSE };
    if (!rc)
        rc = il_loader_open(&b->loader, b->source, labels, o, e);
    return !rc && b->o.model ? open_model(b, e) : rc;
}

static void close_bench(struct bench *b)
{
    il_loader_free(b->loader);
    il_source_free(b->source);
    il_adam_free(b->adam);
    il_model_close(&b->model);
    il_params_free(b->choice.params);
    il_registry_free(b->registry);
    free(b->pixels);
    free(b->greys);
}

static int read_option(struct options *o, const char *name, const char *value, il_err *e)
{
    const struct {
        const char *name;
        const char **text;
        int *number;
    } known[] = {
        { "--images", &o->images, NULL }, { "--model", &o->model, NULL },
        { "--device", &o->device, NULL }, { "--disk", &o->disk, NULL },
        { "--size", NULL, &o->size },     { "--crop", NULL, &o->crop },
        { "--crops", NULL, &o->crops },   { "--batch", NULL, &o->batch },
        { "--epochs", NULL, &o->epochs }, { "--threads", NULL, &o->threads },
        { "--memory", NULL, &o->memory }, { "--torch-threads", NULL, &o->torch_threads },
    };
    for (size_t i = 0; value && i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        if (known[i].text)
            *known[i].text = value;
        else
            *known[i].number = (int)strtol(value, NULL, 10);
        return IL_OK;
    }
    return il_fail(e, IL_EUSAGE, "%s: unknown, or without its value", name);
}

int main(int argc, char **argv)
{
    il_err e = { 0 };
    struct bench b = { .o = {
                           .images = "realfake", .device = "cpu", .size = 512, .crops = 1, .batch = 8, .epochs = 3 } };
    int rc = argc < 2 ? il_fail(&e, IL_EUSAGE, "usage: time_loader ROOT [--OPTION VALUE]...") : IL_OK;
    b.o.root = argv[1];
    for (int i = 2; i < argc && !rc; i += 2)
        rc = read_option(&b.o, argv[i], argv[i + 1], &e);
    if (!rc)
        rc = open_bench(&b, &e);
    if (!rc)
        rc = measure(&b, &e);
    close_bench(&b);
    if (rc)
        fprintf(stderr, "time_loader: %s\n", e.message);
    return !rc ? 0 : rc == IL_EUSAGE ? 2 : 1;
}
