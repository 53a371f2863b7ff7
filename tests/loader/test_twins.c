/* test_twins.c - pairs: pictures of one id and several kinds come in one batch, cut and made alike. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/sha256.h"
#include "loader/loader.h"

enum { WIDE = 40, HIGH = 36, CROP = 16 };

static int twins_plugin_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    *out = calloc(1, 64);
    return *out ? IL_OK : il_fail_oom(e);
}

/* Ids that begin one another, so that kinds of one id are no neighbours. */
static int twins_plugin_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    static const char *const ids[] = { "a", "a.j", "b", "c", "c.m.n", "d", "e" };
    int rc = IL_OK;
    snprintf(self, 64, "%s", what.images);
    for (size_t i = 0; i < sizeof ids / sizeof *ids && !rc; i++)
        rc = il_items_add(out, ids[i], TEST_DATA "/images/bits-1.png", NULL, e);
    return rc;
}

static const char *unreadable = ""; /* id of the reconstructed picture that is */

/* Where a pixel came from, and by which seed the picture was made. */
static int twins_plugin_read(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e)
{
    if (strcmp(self, "reconstructed") == 0 && strcmp(item.id, unreadable) == 0)
        return il_fail(e, IL_EDATA, "%s cannot be read", item.id);
    int rc = il_image_new(image, WIDE, HIGH, 3, e);
    for (int i = 0; !rc && i < WIDE * HIGH; i++) {
        image->pixels[3 * i] = (uint8_t)(i % WIDE);
        image->pixels[3 * i + 1] = (uint8_t)(i / WIDE);
        image->pixels[3 * i + 2] = (uint8_t)seed;
    }
    if (!rc && strcmp(self, "inpainted") == 0 && (rc = il_image_new(mask, WIDE, HIGH, 1, e)) == IL_OK)
        memset(mask->pixels, 255, WIDE * HIGH);
    return rc;
}

static const il_dataset_ops ops = { .scan = twins_plugin_scan, .read = twins_plugin_read, .varies = true };
static const il_plugin plugin = { .abi = IL_ABI,
                                  .kind = IL_KIND_DATASET,
                                  .name = "twins",
                                  .revision = 1,
                                  .open = twins_plugin_open,
                                  .close = free,
                                  .dataset = &ops };
static char label[] = "twins";
static const il_choice choice = { .plugin = &plugin, .label = label };
static const float labels[256] = { 0 };

/* What was chosen of one picture of a batch. */
struct seen {
    const char *id;
    int left, top, flip, seed, masked;
};

static struct seen look(const il_source *src, const il_batch *b, int n)
{
    const uint8_t *first = b->pixels + (size_t)n * CROP * CROP * 3, *last = first + (CROP - 1) * 3;
    return (struct seen){ .id = il_source_name(src, b->index[n]),
                          .left = first[0] < last[0] ? first[0] : last[0],
                          .top = first[1],
                          .flip = first[0] > last[0],
                          .seed = first[2],
                          .masked = b->greys[(size_t)n * CROP * CROP] == 255 };
}

static il_source *opened(const char *images)
{
    il_source *src = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_source_open(&src, &choice, "train", images, IL_MISSING_REFUSE, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_source_pair(src, &e), IL_OK, "%s", e.message);
    return src;
}

static il_loader *loading(il_source *src, int batch, bool pairs, int threads)
{
    il_loader *l = NULL;
    il_err e = { 0 };
    const il_loader_opts opts = { .batch = batch,
                                  .size = 64,
                                  .crop = CROP,
                                  .crops = 3,
                                  .flip = true,
                                  .shuffle = true,
                                  .seed = 5,
                                  .pairs = pairs,
                                  .threads = threads };
    cr_assert_eq(il_loader_open(&l, src, labels, opts, &e), IL_OK, "%s", e.message);
    return l;
}

/* All that an epoch from that batch on shows; returns how many pictures. */
static size_t epoch_of(struct seen out[200], int *sizes, const il_source *src, il_loader *l, int epoch, size_t first)
{
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    size_t count = 0;
    cr_assert_eq(il_loader_start(l, epoch, first, &e), IL_OK, "%s", e.message);
    for (;;) {
        cr_assert_eq(il_loader_next(l, &b, &more, &e), IL_OK, "%s", e.message);
        if (!more)
            return count;
        for (int n = 0; n < b.n; n++) {
            sizes[count] = b.n;
            out[count++] = look(src, &b, n);
        }
    }
}

static bool same_choices(const struct seen *a, const struct seen *b)
{
    return strcmp(a->id, b->id) == 0 && a->left == b->left && a->top == b->top && a->flip == b->flip &&
           a->seed == b->seed;
}

Test(twins, come_together_and_are_cut_alike)
{
    static const struct {
        const char *images;
        size_t kinds;
        int batch;
    } cases[] = { { "inpainted+reconstructed:nothing", 2, 4 }, { "original+inpainted+reconstructed", 3, 6 } };
    for (size_t c = 0; c < 2; c++) {
        struct seen s[200];
        int sizes[200], flips = 0;
        bool lefts[WIDE] = { false };
        size_t kinds = cases[c].kinds, different = 0;
        il_source *src = opened(cases[c].images);
        il_loader *l = loading(src, cases[c].batch, true, 2);
        size_t count = epoch_of(s, sizes, src, l, 1, 0);
        cr_assert_eq(count, 7 * 3 * kinds, "%zu", count);
        for (size_t i = 0; i < count; i += kinds) {
            int masked = 0;
            for (size_t k = 0; k < kinds; k++) {
                cr_assert(same_choices(&s[i], &s[i + k]), "%s and %s", s[i].id, s[i + k].id);
                masked += s[i + k].masked;
            }
            cr_assert_eq(masked, 1, "one of each kind");
            cr_assert_eq(sizes[i] % (int)kinds, 0);
            cr_log_info("%s: %d,%d flip %d seed %d\n", s[i].id, s[i].left, s[i].top, s[i].flip, s[i].seed);
            flips += s[i].flip;
            different += !lefts[s[i].left];
            lefts[s[i].left] = true;
        }
        cr_expect(flips > 2 && flips < 19 && different > 5, "the choices vary: %d flips, %zu places", flips, different);
        il_loader_free(l);
        il_source_free(src);
    }
}

Test(twins, whatever_the_threads_and_where_an_epoch_begins)
{
    struct seen whole[200], part[200], next[200];
    int sizes[200];
    il_source *src = opened("inpainted+reconstructed");
    il_loader *one = loading(src, 4, true, 1), *three = loading(src, 4, true, 3);
    size_t count = epoch_of(whole, sizes, src, one, 2, 0), rest = epoch_of(part, sizes, src, three, 2, 3), equal = 0;
    cr_assert_eq(rest + 3 * 4, count);
    for (size_t i = 0; i < rest; i++)
        cr_assert(same_choices(&part[i], &whole[i + 12]) && part[i].masked == whole[i + 12].masked);
    cr_assert_eq(epoch_of(next, sizes, src, three, 3, 0), count);
    for (size_t i = 0; i < count; i++)
        equal += same_choices(&next[i], &whole[i]);
    cr_expect_lt(equal, count / 2, "the next epoch is another");
    il_loader_free(one);
    il_loader_free(three);
    il_source_free(src);
}

/* What is chosen of one kind alone, pairs or not. */
Test(twins, get_the_choices_of_their_number)
{
    struct seen s[200], alone[200];
    int sizes[200];
    size_t found = 0;
    il_source *both = opened("inpainted+reconstructed"), *one = opened("inpainted");
    il_loader *pairs = loading(both, 4, true, 2), *single = loading(one, 4, false, 2);
    size_t count = epoch_of(s, sizes, both, pairs, 1, 0), half = epoch_of(alone, sizes, one, single, 1, 0);
    cr_assert_eq(count, 2 * half);
    for (size_t i = 0; i < half; i++)
        for (size_t k = 0; k < count; k++)
            found += s[k].masked && same_choices(&alone[i], &s[k]);
    cr_expect_eq(found, half);
    il_loader_free(pairs);
    il_loader_free(single);
    il_source_free(both);
    il_source_free(one);
}

/* Where unreadable pictures are left out, so are their twins; of several processes none could tell the others. */
Test(twins, are_left_out_together)
{
    static const char kinds[] = "inpainted+reconstructed:nothing";
    struct seen all[200];
    int sizes[200], more;
    il_source *src = NULL;
    il_loader *l = NULL;
    il_batch b;
    il_err e = { 0 };
    il_loader_opts opts = {
        .batch = 4, .size = 64, .crop = CROP, .crops = 3, .shuffle = true, .missing = IL_MISSING_SKIP, .pairs = true
    };
    unreadable = "c";
    cr_assert_eq(il_source_open(&src, &choice, "train", kinds, IL_MISSING_SKIP, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_source_pair(src, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_loader_open(&l, src, labels, opts, &e), IL_OK, "%s", e.message);
    size_t count = epoch_of(all, sizes, src, l, 1, 0);
    cr_assert_eq(count, 6 * 2 * 3, "%zu", count);
    for (size_t i = 0; i < count; i += 2) {
        cr_assert_str_neq(all[i].id, "c");
        cr_assert(same_choices(&all[i], &all[i + 1]) && all[i].masked != all[i + 1].masked);
    }
    cr_assert_eq(il_loader_left_out(l), 1);
    il_loader_free(l);
    opts.ranks = 2;
    cr_assert_eq(il_loader_open(&l, src, labels, opts, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_loader_start(l, 1, 0, &e), IL_OK);
    while (il_loader_next(l, &b, &more, &e) == IL_OK && more)
        ;
    bool told = strstr(e.message, "other processes hold the others of its id") != NULL;
    il_loader_free(l);
    opts.own = 1; /* one of the two holds it */
    e = (il_err){ 0 };
    cr_assert_eq(il_loader_open(&l, src, labels, opts, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_loader_start(l, 1, 0, &e), IL_OK);
    while (il_loader_next(l, &b, &more, &e) == IL_OK && more)
        ;
    cr_assert_neq(told, strstr(e.message, "other processes hold the others of its id") != NULL, "%s", e.message);
    il_loader_free(l);
    il_source_free(src);
}

Test(twins, a_batch_holds_whole_pairs)
{
    il_source *src = opened("inpainted+reconstructed");
    il_loader *l = NULL;
    il_err e = { 0 };
    cr_expect_eq(
        il_loader_open(&l, src, labels, (il_loader_opts){ .batch = 3, .size = 16, .crops = 1, .pairs = true }, &e),
        IL_EPARAM);
    cr_expect_str_eq(e.message, "batch 3 is not a multiple of the 2 kinds whose images come in pairs");
    il_source_free(src);
}

/* Twins, whose pixels are those of one picture here, stay equal under all that augmentation does. */
Test(twins, are_augmented_alike)
{
    il_augmentation changes[] = { { .plain = { .kind = IL_DEGRADE_RESIZE }, .low = 0.7, .high = 1.4, .p = 0.5 },
                                  { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 },
                                  { .plain = { .kind = IL_DEGRADE_NOISE }, .low = 1, .high = 20, .p = 0.5 },
                                  { .plain = { .kind = IL_DEGRADE_JITTER }, .spread = { 0.3, 0.3, 0.3 }, .p = 0.5 } };
    const il_augment augment = { changes, 4 };
    il_source *src = opened("inpainted+original");
    il_loader *l = NULL;
    il_err e = { 0 };
    il_batch b;
    int more = 1;
    size_t pairs = 0;
    const il_loader_opts opts = { .batch = 4,
                                  .size = 64,
                                  .crop = CROP,
                                  .crops = 3,
                                  .flip = true,
                                  .shuffle = true,
                                  .seed = 5,
                                  .pairs = true,
                                  .augment = &augment,
                                  .threads = 3 };
    cr_assert_eq(il_loader_open(&l, src, labels, opts, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_loader_start(l, 2, 0, &e), IL_OK, "%s", e.message);
    while (il_loader_next(l, &b, &more, &e) == IL_OK && more)
        for (int n = 0; n + 1 < b.n; n += 2, pairs++) {
            size_t bytes = 3 * CROP * CROP;
            cr_assert_str_eq(il_source_name(src, b.index[n]), il_source_name(src, b.index[n + 1]));
            cr_expect_eq(b.stream[n], b.stream[n + 1]);
            cr_expect_arr_eq(b.pixels + (size_t)n * bytes, b.pixels + (size_t)(n + 1) * bytes, bytes);
        }
    cr_assert_eq(pairs, 21);
    il_loader_free(l);
    il_source_free(src);
}
