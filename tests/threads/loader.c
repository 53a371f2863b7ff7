/* loader.c - loaders with more threads than cores: their batches are those of one thread, whatever is kept, left in
 * mid-epoch or unreadable; two of them on one cache file. */
#include "support/loads.h"
#include "threads/threads.h"

enum { COUNT = 21 };

static il_loader_opts options(int threads, size_t cache_bytes, const char *folder)
{
    return (il_loader_opts){ .batch = 4,
                             .size = 48,
                             .crop = 24,
                             .crops = 2,
                             .flip = true,
                             .shuffle = true,
                             .seed = 5,
                             .threads = threads,
                             .cache_bytes = cache_bytes,
                             .disk = { .folder = folder },
                             .missing = IL_MISSING_SKIP };
}

static il_augmentation changes[] = { { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 60, .high = 90, .p = 0.5 },
                                     { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 },
                                     { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.5, .high = 1.5, .p = 0.5 } };
static const il_augment augment = { changes, sizeof changes / sizeof *changes };

static il_digest expected[3][64];
static size_t batches[3];

static void compare(il_loader *l, int epoch, size_t first)
{
    il_digest got[64];
    cr_assert_eq(run_epoch(l, epoch, first, got), batches[epoch]);
    cr_assert(memcmp(got + first, expected[epoch] + first, (batches[epoch] - first) * sizeof *got) == 0, "epoch %d",
              epoch);
}

/* Epochs that are left in their midst, while threads work ahead. */
static void restart(il_loader *l)
{
    for (int k = 0; k < 12; k++) {
        il_err e = { 0 };
        il_batch b;
        int more = 1;
        SAMPLE_OK(il_loader_start(l, k % 3, (size_t)k % 5, &e), e);
        for (int taken = 0; taken < k % 4 && more; taken++)
            SAMPLE_OK(il_loader_next(l, &b, &more, &e), e);
    }
}

static void use(il_loader_opts o, bool whole)
{
    struct fixture f = open_loader(o);
    restart(f.loader);
    for (int epoch = 0; whole && epoch < 3; epoch++)
        compare(f.loader, epoch, 0);
    if (whole)
        compare(f.loader, 1, 3);
    restart(f.loader); /* and freed while threads are at work */
    (void)il_loader_left_out(f.loader);
    close_loader(&f);
}

static void expect(il_loader_opts o)
{
    struct fixture f = open_loader(o);
    for (int epoch = 0; epoch < 3; epoch++)
        batches[epoch] = run_epoch(f.loader, epoch, 0, expected[epoch]);
    close_loader(&f);
}

static void use_disk(void *shared, int number)
{
    if (number < 2)
        use(options(3, 4000, shared), true);
}

static void fail(void)
{
    il_loader_opts o = options(7, 4000, NULL);
    il_err e = { 0 };
    il_batch b;
    int more = 1, rc = IL_OK;
    o.missing = IL_MISSING_REFUSE;
    struct fixture f = open_loader(o);
    SAMPLE_OK(il_loader_start(f.loader, 0, 0, &e), e);
    while (!rc && more)
        rc = il_loader_next(f.loader, &b, &more, &e);
    cr_assert(rc && strstr(e.message, "005.realfake.png"), "%s", e.message);
    close_loader(&f);
}

int main(void)
{
    open_samples();
    for (int i = 0; i < COUNT; i++)
        samples_add(i, 20 + i * 7 % 50, 20 + i * 13 % 45);
    cr_assert_eq(truncate(samples_listed[5].image, 40), 0);
    il_loader_opts augmented = options(1, 0, NULL);
    augmented.augment = &augment;
    expect(augmented);
    augmented.threads = 7;
    use(augmented, true); /* from a cache that all share */
    expect(options(1, 0, NULL));
    use(options(7, 4000, NULL), true);
    use(options(7, 1 << 20, NULL), true);
    fail();
    char *folder = samples_path("cache");
    at_once(use_disk, folder);
    use(options(7, 4000, folder), true);
    il_loader_opts full = options(7, 4000, folder);
    full.disk.limit = 30000;
    full.size = 47; /* another file */
    use(full, false);
    free(folder);
    samples_close();
    return 0;
}
