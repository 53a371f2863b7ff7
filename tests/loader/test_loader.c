/* test_loader.c - the loader's batches: contents, order, independence of threads, damaged files. */
#include <jansson.h>
#include "base/sha256.h"
#include "support/loads.h"

/* ---- contents ---- */

/* What sample i of the helper's pictures looks like through a window; everything else is padding. */
static void assert_sample(const il_batch *b, int n, int i, const int size[2], const int window[3])
{
    size_t area = (size_t)b->width * (size_t)b->height;
    const uint8_t *image = b->pixels + 3 * area * (size_t)n, *mask = b->greys + area * (size_t)n;
    cr_assert_eq(b->index[n], (size_t)i, "sample %d is picture %zu, expected %d", n, b->index[n], i);
    for (int y = 0; y < b->height; y++)
        for (int x = 0; x < b->width; x++) {
            int px = window[0] + (window[2] ? b->width - 1 - x : x), py = window[1] + y;
            bool inside = px < size[0] && py < size[1];
            size_t at = (size_t)y * (size_t)b->width + (size_t)x;
            int expected[4] = { px, py, i, SAMPLE_GREY(i, px, py) };
            for (int c = 0; c < 3; c++)
                cr_assert_eq(image[3 * at + (size_t)c], inside ? expected[c] : 0, "picture %d, channel %d, %d,%d", i, c,
                             x, y);
            cr_assert_eq(mask[at], inside ? expected[3] : 0, "mask of picture %d, %d,%d", i, x, y);
            cr_assert(inside || b->valid, "padding that counts");
            cr_assert(!b->valid || b->valid[area * (size_t)n + at] == inside, "valid of picture %d, %d,%d", i, x, y);
        }
}

static int integer(const json_t *array, size_t i)
{
    return (int)json_integer_value(json_array_get(array, i));
}

static const json_t *get(const json_t *c, const char *key)
{
    return json_object_get(c, key);
}

/* The rule for order, windows and flips, written down a second time in data/loader/make.py. */
static void check_choices(const json_t *c, int threads)
{
    const json_t *sizes = get(c, "sizes"), *samples = get(c, "samples");
    int crop = (int)json_integer_value(get(c, "crop"));
    il_loader_opts opts = {
        .batch = 4,
        .size = 40,
        .crop = crop,
        .crops = (int)json_integer_value(get(c, "crops")),
        .flip = json_is_true(get(c, "flip")),
        .shuffle = json_is_true(get(c, "shuffle")),
        .threads = threads,
        .seed = strtoull(json_string_value(get(c, "seed")), NULL, 10), /* beyond JSON's integers */
    };
    struct fixture f = open_loader(opts);
    il_batch b;
    il_err e = { 0 };
    int more = 1;
    size_t seen = 0, number = 0;
    SAMPLE_OK(il_loader_start(f.loader, (int)json_integer_value(get(c, "epoch")), 0, &e), e);
    for (;;) {
        SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
        if (!more)
            break;
        int side = crop ? crop : 40;
        cr_assert(b.height == side && b.width == side && b.number == number++);
        for (int n = 0; n < b.n; n++) {
            const json_t *s = json_array_get(samples, seen++);
            const json_t *wh = json_array_get(sizes, (size_t)integer(s, 0));
            assert_sample(&b, n, integer(s, 0), (int[]){ integer(wh, 0), integer(wh, 1) },
                          (int[]){ integer(s, 1), integer(s, 2), integer(s, 3) });
        }
    }
    cr_assert_eq(seen, json_array_size(samples));
    cr_assert_eq(number, il_loader_batches(f.loader));
    close_loader(&f);
}

Test(loader, follows_its_rule, .init = open_samples, .fini = samples_close)
{
    json_error_t why;
    json_t *cases = json_load_file(TEST_DATA "/loader/choices.json", 0, &why), *c;
    size_t i;
    cr_assert(cases, "%s", why.text);
    const json_t *sizes = get(json_array_get(cases, 0), "sizes");
    for (size_t k = 0; k < json_array_size(sizes); k++)
        samples_add((int)k, integer(json_array_get(sizes, k), 0), integer(json_array_get(sizes, k), 1));
    json_array_foreach(cases, i, c) for (int threads = 1; threads <= 3; threads += 2) check_choices(c, threads);
    json_decref(cases);
}

/* Whole images of their own sizes, one to a batch; authentic ones have an empty mask, also after one with another size. */
Test(loader, native_images_keep_their_size, .init = open_samples, .fini = samples_close)
{
    static const int sizes[][2] = { { 30, 20 }, { 7, 90 }, { 41, 41 }, { 12, 5 } };
    samples_write("plain.png", 2, 50, 40, 3, false);
    for (int i = 0; i < 4; i++)
        samples_add(i, sizes[i][0], sizes[i][1]);
    samples_list(4, "plain.png", NULL);
    for (int threads = 1; threads <= 3; threads++) {
        struct fixture f = open_loader(
            (il_loader_opts){ .batch = 8, .size = 16, .fit = IL_SIZING_NATIVE, .crops = 1, .threads = threads });
        il_batch b;
        il_err e = { 0 };
        int more = 1, seen = 0;
        SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
        for (;; seen++) {
            SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
            if (!more)
                break;
            cr_assert(b.n == 1 && !b.valid && b.index[0] == (size_t)seen);
            if (seen == 4) {
                cr_assert(b.width == 50 && b.height == 40);
                for (int i = 0; i < 50 * 40; i++)
                    cr_assert_eq(b.greys[i], 0);
            } else {
                cr_assert(b.width == sizes[seen][0] && b.height == sizes[seen][1]);
                assert_sample(&b, 0, seen, sizes[seen], (int[]){ 0, 0, 0 });
            }
        }
        cr_assert_eq(seen, 5);
        close_loader(&f);
    }
}

Test(loader, collates_large_and_grey_pictures, .init = open_samples, .fini = samples_close)
{
    samples_write("big.png", 9, 90, 50, 3, false);
    samples_write("big-mask.png", 9, 90, 50, 1, true);
    samples_write("grey.png", 3, 20, 10, 1, true);
    samples_list(0, "big.png", "big-mask.png");
    samples_list(1, "grey.png", NULL);
    struct fixture f = open_loader((il_loader_opts){ .batch = 8, .size = 32, .crops = 1, .threads = 2 });
    il_image big = { 0 }, mask = { 0 }, small = { 0 }, small_mask = { 0 };
    il_batch b;
    il_err e = { 0 };
    int more = 0;
    SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
    SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
    cr_assert(more == 1 && b.n == 2 && b.width == 32);
    SAMPLE_OK(il_image_read(&big, samples_listed[0].image, &e), e);
    SAMPLE_OK(il_image_read(&mask, samples_listed[0].mask, &e), e);
    SAMPLE_OK(il_image_collate(&small, &big, 32, &e), e);
    SAMPLE_OK(il_image_collate(&small_mask, &mask, 32, &e), e);
    for (int i = 0; i < 32 * 32; i++) {
        int x = i % 32, y = i / 32;
        for (int c = 0; c < 3; c++) {
            cr_assert_eq(b.pixels[3 * i + c], small.pixels[3 * i + c]);
            cr_assert_eq(b.pixels[3 * (1024 + i) + c], x < 20 && y < 10 ? SAMPLE_GREY(3, x, y) : 0);
        }
        cr_assert_eq(b.greys[i], small_mask.pixels[i]);
        cr_assert_eq(b.greys[1024 + i], 0, "an authentic picture");
    }
    SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
    cr_assert_eq(more, 0);
    il_image *all[] = { &big, &mask, &small, &small_mask };
    for (size_t k = 0; k < 4; k++)
        il_image_free(all[k]);
    close_loader(&f);
}

/* ---- sameness ---- */

Test(loader, gives_the_same_batches_whatever_the_threads_and_the_cache, .init = open_samples, .fini = samples_close)
{
    static const int threads[] = { 1, 2, 3, 7, 16 };
    static const size_t caches[] = { 1, 20000, 0 };
    il_digest expected[3][64], got[64];
    add_many(21);
    for (size_t k = 0; k < 15; k++) {
        il_loader_opts opts = { .batch = 4,
                                .size = 48,
                                .crop = 24,
                                .crops = 2,
                                .flip = true,
                                .shuffle = true,
                                .seed = 5,
                                .threads = threads[k % 5],
                                .cache_bytes = caches[k / 5] };
        struct fixture f = open_loader(opts);
        cr_assert_eq(il_loader_batches(f.loader), 11);
        for (int epoch = 0; epoch < 3; epoch++) {
            cr_assert_eq(run_epoch(f.loader, epoch, 0, got), 11);
            if (k == 0)
                memcpy(expected[epoch], got, sizeof got);
            cr_assert(memcmp(expected[epoch], got, 11 * sizeof *got) == 0, "threads %d, cache %zu, epoch %d",
                      opts.threads, opts.cache_bytes, epoch);
        }
        close_loader(&f);
    }
    cr_assert(memcmp(expected[0], expected[1], 11 * sizeof *got) != 0, "epochs are alike");
}

Test(loader, goes_on_in_the_middle, .init = open_samples, .fini = samples_close)
{
    il_digest expected[64], got[64];
    il_err e = { 0 };
    add_many(13);
    il_loader_opts opts = {
        .batch = 3, .size = 64, .crop = 16, .crops = 3, .flip = true, .shuffle = true, .seed = 9, .threads = 3
    };
    struct fixture f = open_loader(opts), g = open_loader(opts);
    size_t n = run_epoch(f.loader, 4, 0, expected);
    cr_assert_eq(n, 13);
    for (size_t first = 0; first <= n; first++) {
        cr_assert_eq(run_epoch(first % 2 ? f.loader : g.loader, 4, first, got), n);
        cr_assert(memcmp(expected + first, got + first, (n - first) * sizeof *got) == 0, "from batch %zu on", first);
    }
    cr_expect_eq(il_loader_start(f.loader, 4, n + 1, &e), IL_EPARAM);
    close_loader(&f);
    close_loader(&g);
}

/* Epochs that are left early, and loaders that are freed at once. */
Test(loader, can_be_left_at_any_moment, .init = open_samples, .fini = samples_close, .timeout = 120)
{
    il_digest expected[64], got[64];
    il_err e = { 0 };
    add_many(17);
    for (int round = 0; round < 40; round++) {
        il_loader_opts opts = { .batch = 1 + round % 5,
                                .size = 64,
                                .crops = 1,
                                .shuffle = true,
                                .seed = 1,
                                .threads = 1 + round % 4,
                                .cache_bytes = round % 3 ? 1 : 0 };
        struct fixture f = open_loader(opts);
        for (int i = 0; i < round % 7; i++) {
            il_batch b;
            int more = 1;
            SAMPLE_OK(il_loader_start(f.loader, i, (size_t)i % 2, &e), e);
            for (int k = 0; k < i && more; k++)
                SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
        }
        if (round % 5 == 0) {
            size_t n = run_epoch(f.loader, 77, 0, got);
            if (round == 0)
                memcpy(expected, got, sizeof got);
            cr_assert(n == 17 && memcmp(expected, got, n * sizeof *got) == 0, "round %d", round);
        }
        close_loader(&f);
    }
}

/* ---- damage ---- */

static void damage(const char *name)
{
    char *path = samples_path(name);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs("broken", f) >= 0 && fclose(f) == 0);
    free(path);
}

/* Pictures 2, 4 and 5 of 8 cannot be used; 4 and 5 fill a batch of two. */
static void add_damaged(void)
{
    for (int i = 0; i < 8; i++)
        samples_add(i, 30, 30);
    damage("002.realfake.webp");
    damage("004.mask.png");
    samples_write("005.mask.png", 5, 29, 30, 1, true);
}

Test(loader, leaves_out_what_is_damaged, .init = open_samples, .fini = samples_close)
{
    for (int threads = 1; threads <= 4; threads += 3) {
        il_err e = { 0 };
        il_batch b;
        int more = 1;
        if (threads == 1)
            add_damaged();
        struct fixture f = open_loader(
            (il_loader_opts){ .batch = 2, .size = 30, .crops = 1, .threads = threads, .missing = IL_MISSING_SKIP });
        for (int epoch = 1; epoch <= 2; epoch++) {
            static const int kept[][3] = { { 0, 1, 0 }, { 3, -1, 1 }, { 6, 7, 3 } };
            SAMPLE_OK(il_loader_start(f.loader, epoch, 0, &e), e);
            for (int i = 0; i < 3; i++) {
                SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
                cr_assert(more && b.n == (kept[i][1] < 0 ? 1 : 2) && b.number == (size_t)kept[i][2], "n %d, number %zu",
                          b.n, b.number);
                for (int n = 0; n < b.n; n++)
                    assert_sample(&b, n, kept[i][n], (int[]){ 30, 30 }, (int[]){ 0, 0, 0 });
            }
            SAMPLE_OK(il_loader_next(f.loader, &b, &more, &e), e);
            cr_assert_eq(more, 0);
            cr_assert_eq(il_loader_left_out(f.loader), 3, "each counts once");
        }
        close_loader(&f);
    }
}

Test(loader, refuses_what_is_damaged, .init = open_samples, .fini = samples_close)
{
    add_damaged();
    for (int threads = 1; threads <= 4; threads++) {
        char expected[400];
        il_err e = { 0 };
        il_batch b;
        int more = 1;
        struct fixture f = open_loader(
            (il_loader_opts){ .batch = 8, .size = 30, .crops = 1, .threads = threads, .missing = IL_MISSING_REFUSE });
        SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
        cr_assert_eq(il_loader_next(f.loader, &b, &more, &e), IL_EFORMAT);
        snprintf(expected, sizeof expected,
                 "%s/002.realfake.webp: not a supported image; expected PNG, JPEG, WebP or TIFF", samples_folder);
        cr_expect_str_eq(e.message, expected);
        cr_expect_lt(il_loader_next(f.loader, &b, &more, &e), 0, "goes on after an error");
        close_loader(&f);
    }
}

Test(loader, names_masks_of_another_size, .init = open_samples, .fini = samples_close)
{
    char expected[400];
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    samples_write("p.png", 1, 30, 30, 3, false);
    samples_write("m.png", 1, 29, 30, 1, true);
    samples_list(1, "p.png", "m.png");
    struct fixture f = open_loader(
        (il_loader_opts){ .batch = 1, .size = 30, .crops = 1, .missing = IL_MISSING_REFUSE });
    SAMPLE_OK(il_loader_start(f.loader, 1, 0, &e), e);
    cr_assert_eq(il_loader_next(f.loader, &b, &more, &e), IL_EDATA);
    snprintf(expected, sizeof expected,
             "%s/m.png: the mask is 29x30 pixels, its image %s/p.png 30x30; expected equal "
             "sizes",
             samples_folder, samples_folder);
    cr_expect_str_eq(e.message, expected);
    close_loader(&f);
}

Test(loader, checks_its_options, .init = open_samples, .fini = samples_close)
{
    static const il_loader_opts wrong[] = {
        { .batch = 0, .size = 8, .crops = 1 },
        { .batch = 1, .size = 0, .crops = 1 },
        { .batch = 1, .size = 8, .crop = -1, .crops = 1 },
        { .batch = 1, .size = 8, .crop = 4, .crops = 0 },
        { .batch = 1, .size = 8, .crops = 1, .threads = -1 },
        { .batch = 1, .size = 1 << 20, .crops = 1 },
    };
    il_source *src = NULL;
    il_loader *l = NULL;
    il_batch b;
    il_err e = { 0 };
    int more = 0;
    samples_add(0, 5, 5);
    SAMPLE_OK(il_source_open(&src, &samples_choice, "train", "realfake", IL_MISSING_REFUSE, &e), e);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(il_loader_open(&l, src, labels, wrong[i], &e), IL_EPARAM, "case %zu", i);
    cr_assert_null(l);
    SAMPLE_OK(il_loader_open(&l, src, labels, (il_loader_opts){ .batch = 9, .size = 8, .crops = 1 }, &e), e);
    cr_expect_eq(il_loader_next(l, &b, &more, &e), IL_EPARAM);
    cr_expect_str_eq(e.message, "the loader has no current epoch; start one first");
    il_loader_free(l);
    il_loader_free(NULL);
    il_source_free(src);
}
