/* test_loader_augment.c - augmented batches: whatever the threads and caches, the same; masks and borders follow; twins meet the same. */
#include "base/sha256.h"
#include "image/degrade.h"
#include "support/loads.h"

static il_augmentation mixed_list[] = {
    { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.5, .high = 1.5, .p = 0.5 },
    { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 },
    { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 60, .high = 100, .p = 0.5 },
    { .plain = { .kind = IL_DEGRADE_NOISE }, .low = 1, .high = 9, .p = 0.5 },
    { .plain = { .kind = IL_DEGRADE_JITTER }, .spread = { 0.2, 0.2, 0.2 }, .p = 0.5 },
    { .plain = { .kind = IL_DEGRADE_CROP }, .low = 0.5, .high = 0.9, .p = 0.3 },
};
static const il_augment mixed = { mixed_list, sizeof mixed_list / sizeof *mixed_list };

static il_loader_opts options(const il_augment *a, int threads, size_t cache_bytes, const char *folder)
{
    return (il_loader_opts){ .batch = 4,
                             .size = 48,
                             .crop = 24,
                             .crops = 2,
                             .flip = true,
                             .shuffle = true,
                             .seed = 5,
                             .augment = a,
                             .threads = threads,
                             .cache_bytes = cache_bytes,
                             .disk = { .folder = folder } };
}

static void expect_epochs(il_loader_opts o, il_digest expected[2][64], const char *what)
{
    il_digest got[64];
    struct fixture f = open_loader(o);
    for (int epoch = 0; epoch < 2; epoch++) {
        cr_assert_eq(run_epoch(f.loader, epoch, 0, got), 11);
        cr_assert(memcmp(expected[epoch], got, 11 * sizeof *got) == 0, "%s, epoch %d", what, epoch);
    }
    for (size_t first = 0; first <= 11; first += 3) { /* as a resumed training begins */
        cr_assert_eq(run_epoch(f.loader, 1, first, got), 11);
        cr_assert(memcmp(expected[1] + first, got + first, (11 - first) * sizeof *got) == 0, "%s, from %zu on", what,
                  first);
    }
    close_loader(&f);
}

static void note_epochs(il_loader_opts o, il_digest out[2][64])
{
    struct fixture f = open_loader(o);
    for (int epoch = 0; epoch < 2; epoch++)
        cr_assert_eq(run_epoch(f.loader, epoch, 0, out[epoch]), 11);
    close_loader(&f);
}

/* Also: no cache keeps what was augmented, or the second epoch, and the unaugmented loader, would have it. */
Test(loader_augment, threads_caches_and_beginnings_do_not_matter, .init = open_samples, .fini = samples_close)
{
    il_digest augmented[2][64], plain[2][64];
    add_many(21);
    char *folder = samples_path("cache");
    note_epochs(options(&mixed, 1, 1, NULL), augmented);
    note_epochs(options(NULL, 1, 1, NULL), plain);
    cr_assert(memcmp(augmented[0], plain[0], sizeof plain[0]) != 0 &&
              memcmp(augmented[0], augmented[1], sizeof plain[0]) != 0);
    expect_epochs(options(&mixed, 3, 1, NULL), augmented, "three threads");
    expect_epochs(options(&mixed, 3, 1 << 20, NULL), augmented, "all in memory");
    expect_epochs(options(&mixed, 2, 20000, folder), augmented, "some on disk");
    expect_epochs(options(&mixed, 2, 20000, folder), augmented, "from the disk");
    expect_epochs(options(NULL, 2, 20000, folder), plain, "unaugmented from the disk");
    expect_epochs(options(&(il_augment){ 0 }, 2, 1 << 20, NULL), plain, "an empty list");
    free(folder);
}

/* ---- contents ---- */

static void read_sample(int i, il_image *image, il_image *mask)
{
    il_err e = { 0 };
    il_image wide = { 0 };
    SAMPLE_OK(il_image_read(image, samples_listed[i].image, &e), e);
    SAMPLE_OK(il_image_read(&wide, samples_listed[i].mask, &e), e);
    SAMPLE_OK(il_image_new(mask, wide.width, wide.height, 1, &e), e);
    for (int k = 0; k < wide.width * wide.height; k++)
        mask->pixels[k] = wide.pixels[k * wide.channels];
    il_image_free(&wide);
}

/* Picture n of the batch is `image` in its corner, and nothing beside it. */
static void expect_picture(const il_batch *b, int n, const il_image *image, const il_image *mask)
{
    size_t area = (size_t)b->width * (size_t)b->height, at = 0;
    for (int y = 0; y < b->height; y++)
        for (int x = 0; x < b->width; x++, at++) {
            bool inside = x < image->width && y < image->height;
            size_t from = (size_t)(y * image->width + x), to = (size_t)n * area + at;
            for (size_t c = 0; c < 3; c++)
                cr_assert_eq(b->pixels[3 * to + c], inside ? image->pixels[3 * from + c] : 0, "picture %d, %d,%d", n, x,
                             y);
            cr_assert_eq(b->greys[to], inside ? mask->pixels[from] : 0, "mask %d, %d,%d", n, x, y);
            cr_assert_eq(b->valid ? b->valid[to] : 1, inside, "valid %d, %d,%d", n, x, y);
        }
}

/* Whole pictures: what the tests' code makes of them, with a border that counts nowhere. */
Test(loader_augment, pictures_are_changed_by_the_code_of_tests, .init = open_samples, .fini = samples_close)
{
    il_augmentation list[] = { { .plain = { .kind = IL_DEGRADE_JPEG }, .low = 70, .high = 70, .p = 1 },
                               { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.6, .high = 0.6, .p = 1 } };
    il_augment a = { list, 2 };
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    for (int i = 0; i < 5; i++)
        samples_add(i, 40 - i, 20 + 5 * i);
    struct fixture f = open_loader(
        (il_loader_opts){ .batch = 5, .size = 64, .crops = 1, .augment = &a, .seed = 2, .threads = 2 });
    SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
    SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
    cr_assert(more && b.n == 5 && b.valid);
    for (int n = 0; n < 5; n++) {
        il_image image = { 0 }, mask = { 0 };
        const il_degradation jpeg = { .kind = IL_DEGRADE_JPEG, .level = 70 },
                             small = { .kind = IL_DEGRADE_RESIZE, .level = 0.6 };
        read_sample(n, &image, &mask);
        SAMPLE_OK(il_degrade_apply(&image, &mask, &jpeg, "x", &e), e);
        SAMPLE_OK(il_degrade_apply(&image, &mask, &small, "x", &e), e);
        expect_picture(&b, n, &image, &mask);
        il_image_free(&image);
        il_image_free(&mask);
    }
    close_loader(&f);
}

/* Pictures that outgrow `size` are cut to it, not squeezed back, and have no border. */
Test(loader_augment, enlarged_pictures_are_cut, .init = open_samples, .fini = samples_close)
{
    il_augmentation list[] = { { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 2, .high = 2, .p = 1 } };
    il_augment a = { list, 1 };
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    samples_add(0, 40, 40);
    samples_add(1, 40, 40);
    struct fixture f = open_loader(
        (il_loader_opts){ .batch = 2, .size = 48, .crops = 1, .augment = &a, .seed = 2, .threads = 1 });
    SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
    SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
    cr_assert(more && b.n == 2 && !b.valid && b.width == 48);
    const uint8_t *p = b.pixels; /* red is the column: it grows by one half from pixel to pixel */
    cr_expect(p[3 * 47] - p[0] >= 23 && p[3 * 47] - p[0] <= 24, "%d to %d", p[0], p[3 * 47]);
    close_loader(&f);
}

/* ---- twins ---- */

/* Two kinds of the same pictures: each twin gets the other's changes, here to the same bytes, though its place is another. */
Test(loader_augment, pictures_of_one_photo_meet_the_same, .init = open_samples, .fini = samples_close)
{
    enum { COUNT = 6 };
    il_digest digests[COUNT][2];
    uint64_t streams[COUNT][2];
    size_t seen[COUNT] = { 0 };
    struct fixture f = { 0 };
    il_err e = { 0 };
    for (int i = 0; i < COUNT; i++)
        samples_add(i, 40, 40);
    SAMPLE_OK(il_source_open(&f.src, &samples_choice, "train", "realfake+fakefake", IL_MISSING_REFUSE, &e), e);
    il_loader_opts o = {
        .batch = 1, .size = 64, .crops = 1, .augment = &mixed, .shuffle = true, .seed = 8, .threads = 2
    };
    SAMPLE_OK(il_loader_open(&f.loader, f.src, labels, o, &e), e);
    SAMPLE_OK(il_loader_start(f.loader, 3, 0, &e), e);
    for (int n = 0; n < 2 * COUNT; n++) {
        il_batch b;
        int more = 0;
        SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
        cr_assert(more);
        int i = atoi(il_source_name(f.src, b.index[0]) + 2);
        cr_assert(i < COUNT && seen[i] < 2);
        streams[i][seen[i]] = b.stream[0];
        digests[i][seen[i]++] = il_sha256(b.pixels, 3 * 64 * 64);
    }
    for (int i = 0; i < COUNT; i++) {
        cr_expect_eq(streams[i][0], streams[i][1]);
        cr_expect_str_eq(digests[i][0].hex, digests[i][1].hex, "picture %d", i);
        for (int k = 0; k < i; k++)
            cr_expect_neq(streams[i][0], streams[k][0]);
    }
    close_loader(&f);
}

Test(loader_augment, validation_is_never_augmented)
{
    il_run run = { .training = { .batch = 2, .size = 32, .crop = 16, .crops = 3, .flip = true, .augment = mixed },
                   .seed = 4 };
    il_loader_opts validating = il_loader_of_run(&run, (il_device){ 0 }, NULL);
    il_loader_opts training = il_loader_of_training(&run, validating);
    cr_expect(!validating.augment && !validating.crop && !validating.flip && !validating.shuffle &&
              validating.crops == 1);
    cr_expect(training.augment == &run.training.augment && training.crop == 16 && training.crops == 3 &&
              training.flip && training.shuffle && training.seed == 4);
}
