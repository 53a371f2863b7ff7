/* test_loader_cache.c - batches from the cache on disk: the same ones, for any threads, and only where it pays. */
#include "base/sha256.h"
#include "support/loads.h"

static char *cache_folder(void)
{
    return samples_path("cache");
}

static il_loader_opts with_disk(const char *folder, int threads)
{
    return (il_loader_opts){ .batch = 4,
                             .size = 48,
                             .crop = 24,
                             .crops = 2,
                             .flip = true,
                             .shuffle = true,
                             .seed = 5,
                             .threads = threads,
                             .cache_bytes = 20000,
                             .disk = { .folder = folder } };
}

Test(loader_cache, gives_the_same_batches_from_the_disk, .init = open_samples, .fini = samples_close)
{
    static const int threads[] = { 1, 2, 7 };
    il_digest expected[64], got[64];
    add_many(21);
    struct fixture f = open_loader(with_disk(NULL, 2));
    cr_assert_eq(run_epoch(f.loader, 1, 0, expected), 11);
    close_loader(&f);
    char *folder = cache_folder();
    for (int round = 0; round < 6; round++) { /* written by the first, read by the others */
        f = open_loader(with_disk(folder, threads[round % 3]));
        cr_assert_eq(run_epoch(f.loader, 0, 0, got), 11);
        cr_assert_eq(run_epoch(f.loader, 1, 0, got), 11);
        cr_assert(memcmp(expected, got, 11 * sizeof *got) == 0, "round %d", round);
        close_loader(&f);
    }
    free(folder);
}

/* With the files gone, what comes can only come from the cache. */
Test(loader_cache, needs_no_file_twice, .init = open_samples, .fini = samples_close)
{
    il_digest expected[64], got[64];
    il_err e = { 0 };
    add_many(21);
    char *folder = cache_folder();
    struct fixture f = open_loader(with_disk(folder, 3));
    cr_assert_eq(run_epoch(f.loader, 1, 0, expected), 11);
    il_loader_free(f.loader);
    for (size_t i = 0; i < samples_count; i++)
        cr_assert(unlink(samples_listed[i].image) == 0 && unlink(samples_listed[i].mask) == 0);
    SAMPLE_OK(il_loader_open(&f.loader, f.src, labels, with_disk(folder, 3), &e), e);
    cr_assert_eq(run_epoch(f.loader, 1, 0, got), 11);
    cr_assert(memcmp(expected, got, 11 * sizeof *got) == 0);
    cr_assert_eq(il_loader_left_out(f.loader), 0);
    close_loader(&f);
    free(folder);
}

Test(loader_cache, other_files_are_no_cached_ones, .init = open_samples, .fini = samples_close)
{
    il_digest before[64], after[64], plain[64];
    add_many(21);
    char *folder = cache_folder();
    struct fixture f = open_loader(with_disk(folder, 3));
    run_epoch(f.loader, 1, 0, before);
    close_loader(&f);
    samples_write("003.realfake.png", 99, 41, 59, 3, false); /* as large as before */
    f = open_loader(with_disk(folder, 3));
    cr_assert_eq(run_epoch(f.loader, 1, 0, after), 11);
    close_loader(&f);
    f = open_loader(with_disk(NULL, 3));
    run_epoch(f.loader, 1, 0, plain);
    close_loader(&f);
    cr_assert(memcmp(before, after, 11 * sizeof *after) != 0 && memcmp(plain, after, 11 * sizeof *after) == 0);
    free(folder);
}

static void count_lines(void *context, const char *run, const char *line)
{
    cr_assert_str_eq(run, "a run");
    cr_assert(strstr(line, ".pictures: no more images are cached (the size limit is reached); the others are decoded "
                           "each time"));
    ++*(int *)context;
}

Test(loader_cache, tells_once_that_the_cache_is_full, .init = open_samples, .fini = samples_close)
{
    il_digest expected[64], got[64];
    int lines = 0;
    il_observer observer = { .say = count_lines, .context = &lines };
    add_many(21);
    char *folder = cache_folder();
    il_loader_opts o = with_disk(folder, 3);
    o.disk.limit = 30000;
    o.observer = &observer;
    o.run = "a run";
    struct fixture f = open_loader(with_disk(NULL, 3)), g = open_loader(o);
    for (int epoch = 1; epoch <= 3; epoch++) {
        cr_assert_eq(run_epoch(f.loader, epoch, 0, expected), 11);
        cr_assert_eq(run_epoch(g.loader, epoch, 0, got), 11);
        cr_assert(memcmp(expected, got, 11 * sizeof *got) == 0);
    }
    cr_assert_eq(lines, 1);
    close_loader(&f);
    close_loader(&g);
    free(folder);
}

static int compute(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    (void)self;
    (void)seed;
    int rc = il_image_read(image, item.image, e);
    return rc ? rc : il_image_read(mask, item.mask, e);
}

/* Data sets that compute their pictures, and splits that fit into memory, are not kept on disk. */
Test(loader_cache, keeps_only_files_that_do_not_fit, .init = open_samples, .fini = samples_close)
{
    il_dataset_ops ops = samples_ops;
    il_plugin plugin = samples_plugin;
    il_choice computed = { .plugin = &plugin, .label = samples_label };
    il_digest got[64];
    il_err e = { 0 };
    add_many(8);
    ops.read = compute;
    plugin.dataset = &ops;
    char *folder = cache_folder();
    struct fixture f = { 0 };
    SAMPLE_OK(il_source_open(&f.src, &computed, "train", "realfake", IL_MISSING_SKIP, &e), e);
    SAMPLE_OK(il_loader_open(&f.loader, f.src, labels, with_disk(folder, 2), &e), e);
    run_epoch(f.loader, 1, 0, got);
    close_loader(&f);
    cr_assert_neq(access(folder, F_OK), 0);
    il_loader_opts roomy = with_disk(folder, 2);
    roomy.cache_bytes = 8 * 4 * 48 * 48;
    f = open_loader(roomy);
    run_epoch(f.loader, 1, 0, got);
    close_loader(&f);
    cr_assert_neq(access(folder, F_OK), 0);
    roomy.cache_bytes--;
    f = open_loader(roomy);
    close_loader(&f);
    cr_assert_eq(access(folder, F_OK), 0);
    free(folder);
}
