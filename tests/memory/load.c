/* load.c - a data set that is listed, hashed and loaded in batches: with caches, degraded, with pictures that are left out. */
#include "image/degrade.h"
#include "loader/source_photos.h"
#include "memory/failing.h"
#include "plugin/registry.h"
#include "support/loads.h"

static void show_source(FILE *out, const il_source *src)
{
    for (size_t i = 0; i < il_source_count(src); i++)
        fprintf(out, "%s|%d\n", il_source_at(src, i).id, il_source_at(src, i).mask != NULL);
    for (size_t i = 0; i < il_source_left_out_count(src); i++)
        fprintf(out, "- %s\n", il_source_left_out_at(src, i).id);
}

static int show_batches(FILE *out, il_loader *l, il_err *e)
{
    il_batch b;
    int more = 1, rc = IL_OK;
    for (int epoch = 0; !rc && epoch < 2; epoch++, more = 1) {
        rc = il_loader_start(l, epoch, 0, e);
        while (!rc && more) {
            rc = il_loader_next(l, &b, &more, e);
            if (!rc && more)
                fprintf(out, "%zu: %d %.16s\n", b.number, b.n,
                        il_sha256(b.pixels, 3 * (size_t)b.n * (size_t)b.width * (size_t)b.height).hex);
        }
    }
    if (!rc)
        fprintf(out, "left out %zu\n", il_loader_left_out(l));
    return rc;
}

static int load(FILE *out, const il_choice *choice, const char *images, il_loader_opts o, const il_degradation *d,
                il_err *e)
{
    il_source *plain = NULL, *src = NULL;
    il_loader *loader = NULL;
    il_digest digest;
    int rc = il_source_open(&plain, choice, "train", images, IL_MISSING_SKIP, e);
    if (!rc && o.pairs)
        rc = il_source_pair(plain, e);
    if (!rc && d)
        rc = il_source_degrade(&src, plain, *d, e);
    il_source *used = d ? src : plain;
    if (!rc)
        rc = il_source_digest(&digest, used, NULL, e);
    if (!rc) {
        show_source(out, used);
        fprintf(out, "%s\n", d ? "degraded" : digest.hex);
        rc = il_loader_open(&loader, used, labels, o, e);
    }
    if (!rc)
        rc = show_batches(out, loader, e);
    il_loader_free(loader);
    il_source_free(src);
    il_source_free(plain);
    return rc;
}

static il_loader_opts options(size_t cache_bytes)
{
    return (il_loader_opts){ .batch = 3,
                             .size = 32,
                             .crop = 16,
                             .crops = 1,
                             .shuffle = true,
                             .threads = 1,
                             .cache_bytes = cache_bytes,
                             .missing = IL_MISSING_SKIP };
}

static int in_memory(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    return load(out, &samples_choice, "realfake+fakefake", options(5000), NULL, e);
}

static int in_pairs(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    il_loader_opts o = options(5000);
    o.batch = 4;
    o.pairs = true;
    return load(out, &samples_choice, "realfake:0.5+fakefake:everything:0.5", o, NULL, e);
}

/* How much of the cache is written does not matter. */
static int on_disk(const char *folder, FILE *out, il_err *e)
{
    il_loader_opts o = options(1000);
    o.disk.folder = failing_path(folder, "cache");
    return load(out, &samples_choice, "realfake", o, NULL, e);
}

static int degraded(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const il_degrade_kind kinds[] = { IL_DEGRADE_JPEG, IL_DEGRADE_WEBP, IL_DEGRADE_RESIZE, IL_DEGRADE_BLUR,
                                             IL_DEGRADE_DOUBLE_JPEG };
    static const double levels[] = { 80, 70, 0.5, 3, 75 };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < sizeof kinds / sizeof *kinds; i++) {
        il_degradation d = { .kind = kinds[i], .level = levels[i], .first = 60 };
        rc = load(out, &samples_choice, "realfake", options(1 << 20), &d, e);
    }
    return rc;
}

static int augmented(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    il_augmentation list[] = { { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.5, .high = 1.5, .p = 0.7 },
                               { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 },
                               { .plain = { .kind = IL_DEGRADE_FLIP, .upright = true }, .p = 1 },
                               { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 80, .high = 90, .p = 0.7 } };
    il_augment a = { list, sizeof list / sizeof *list };
    il_loader_opts o = options(5000);
    o.augment = &a;
    return load(out, &samples_choice, "realfake", o, NULL, e);
}

/* The published layout, as the plugin for it reads it. */
static void prepare_folder(const char *folder)
{
    char text[600];
    for (int i = 0; i < 5; i++) {
        char name[40];
        snprintf(name, sizeof name, "%d.png", i);
        samples_write(name, i, 20, 20, 3, false);
        snprintf(name, sizeof name, "m%d.png", i);
        samples_write(name, i, 20, 20, 1, true);
    }
    snprintf(text, sizeof text,
             "mkdir '%s/train' && cd '%s' && for i in 0 1 2 3 4; do cp $i.png '%s'/train/p$i.realfake.png; "
             "cp m$i.png '%s'/train/p$i.mask.png; done && rm '%s/train/p3.mask.png'",
             folder, samples_folder, folder, folder, folder);
    cr_assert_eq(system(text), 0);
}

static int published_layout(const char *folder, FILE *out, il_err *e)
{
    il_registry *registry = NULL;
    il_choice c = { 0 };
    int rc = il_registry_open(&registry, e);
    if (!rc)
        rc = il_registry_find(&c.plugin, registry, IL_KIND_DATASET, "dataset1", e);
    if (!rc)
        rc = il_params_new(&c.params, c.plugin->params, e);
    if (!rc)
        rc = il_params_set(c.params, "root", folder, e);
    if (!rc)
        rc = il_params_check(c.params, e);
    if (!rc)
        rc = load(out, &c, "realfake", options(1 << 20), NULL, e);
    il_params_free(c.params);
    il_registry_free(registry);
    return rc;
}

/* The photos of pictures, by a manifest beside them. */
static int photos(const char *folder, FILE *out, il_err *e)
{
    il_source *src = NULL;
    (void)folder;
    int rc = il_source_open(&src, &samples_choice, "train", "realfake", IL_MISSING_SKIP, e);
    if (!rc)
        rc = il_source_photos_read(src, e);
    for (size_t i = 0; !rc && i < il_source_count(src); i++) {
        const char *id = il_source_at(src, i).id, *photo = il_source_photo_of(src, id);
        fprintf(out, "%s %s\n", id, photo ? photo : "-");
    }
    il_source_free(src);
    return rc;
}

static void write_manifest(void)
{
    char *path = samples_path("manifest.jsonl");
    FILE *to = fopen(path, "w");
    cr_assert(to != NULL);
    for (int i = 0; i < 5; i++)
        fprintf(to, "{\"id\": \"id%03d\", \"photo\": \"%d.png\"}\n", i, i / 2);
    fclose(to);
    free(path);
}

int main(int count, char **words)
{
    open_samples();
    for (int i = 0; i < 6; i++)
        samples_add(i, 20 + i * 7 % 20, 20 + i * 13 % 25);
    cr_assert_eq(truncate(samples_listed[4].image, 40), 0);
    write_manifest();
    static const struct scenario list[] = {
        { .name = "photos of pictures", .run = photos },
        { .name = "load", .run = in_memory },
        { .name = "load in pairs", .run = in_pairs },
        { .name = "load with a cache on disk", .run = on_disk, .changes = true },
        { .name = "load degraded", .run = degraded },
        { .name = "load augmented", .run = augmented },
        { .name = "load the published layout", .run = published_layout, .prepare = prepare_folder },
    };
    int rc = failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
    samples_close();
    return rc;
}
