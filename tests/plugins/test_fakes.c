/* test_fakes.c - samples made while training: which, from what, and when they change. */
#include "base/sha256.h"
#include "dataset/workshop.h"
#include "loader/loader.h"
#include "open.h"
#include "plugin/registry.h"

static void set_up(void)
{
    work_open();
    setenv("XDG_CACHE_HOME", work_path("cache"), 1);
}

TestSuite(fakes, .init = set_up, .fini = work_close, .timeout = 300);

struct set {
    il_registry *registry;
    il_choice choice;
    il_source *source;
};

static int open_set(struct set *s, const char *recipe, const char *photos, const char *split, const char *images,
                    il_err *e)
{
    *s = (struct set){ 0 };
    WORK_OK(il_registry_open(&s->registry, e), *e);
    WORK_OK(il_registry_find(&s->choice.plugin, s->registry, IL_KIND_DATASET, "fakes", e), *e);
    WORK_OK(il_params_new(&s->choice.params, s->choice.plugin->params, e), *e);
    WORK_OK(il_params_set(s->choice.params, "recipe", recipe, e), *e);
    if (photos)
        WORK_OK(il_params_set(s->choice.params, "photos", photos, e), *e);
    return il_source_open(&s->source, &s->choice, split, images, IL_MISSING_REFUSE, e);
}

static void close_set(struct set *s)
{
    il_source_free(s->source);
    il_params_free(s->choice.params);
    il_registry_free(s->registry);
}

/* All pictures and masks of an epoch, one after the other. */
static uint8_t *epoch_of(const struct set *s, int epoch, bool shuffle, int threads, const il_augment *augment,
                         size_t *count)
{
    float labels[256] = { 0 };
    uint8_t *all = NULL;
    il_loader *l = NULL;
    il_err e = { 0 };
    int more = 1;
    il_loader_opts o = {
        .batch = 2, .size = 64, .crops = 1, .shuffle = shuffle, .seed = 3, .threads = threads, .augment = augment
    };
    WORK_OK(il_loader_open(&l, s->source, labels, o, &e), e);
    WORK_OK(il_loader_start(l, epoch, 0, &e), e);
    for (*count = 0; more;) {
        il_batch b;
        WORK_OK(il_loader_next(l, &b, &more, &e), e);
        size_t n = more ? (size_t)b.n * 4 * 64 * 64 : 0, images = n / 4 * 3;
        all = realloc(all, (*count + n + 1) * sizeof *all);
        cr_assert(all);
        if (more) {
            memcpy(all + *count, b.pixels, images);
            memcpy(all + *count + images, b.greys, n - images);
        }
        *count += n;
    }
    il_loader_free(l);
    return all;
}

static bool same(const struct set *s, int a, int b, bool shuffle)
{
    size_t n, m;
    uint8_t *x = epoch_of(s, a, shuffle, 1, NULL, &n), *y = epoch_of(s, b, shuffle, 3, NULL, &m);
    cr_assert_eq(n, m);
    cr_assert_gt(n, 0);
    bool equal = memcmp(x, y, n * sizeof *x) == 0;
    free(x);
    free(y);
    return equal;
}

Test(fakes, change_in_training_and_stay_in_tests)
{
    struct set s;
    il_err e = { 0 };
    work_photos(8, 70, 70);
    const char *recipe = work_recipe("r.yaml", "", "{train: 6, validation: 1, test: 1}", "");
    WORK_OK(open_set(&s, recipe, NULL, "train", "fakefake", &e), e);
    cr_expect_eq(il_source_count(s.source), 6);
    cr_expect(same(&s, 1, 1, true), "an epoch repeats, whatever the threads");
    cr_expect(!same(&s, 1, 2, true), "the next epoch has other masks");
    cr_expect(same(&s, 1, 2, false), "validation stays as it is");
    size_t n;
    uint8_t *all = epoch_of(&s, 1, false, 2, NULL, &n);
    size_t painted = 0;
    for (size_t i = 0; i < n; i++)
        painted += i % (2 * 4 * 4096) >= 2 * 3 * 4096 && all[i] == 255;
    cr_expect(painted > 0.02f * 6 * 4096 && painted < 0.5f * 6 * 4096, "targets mark %g pixels", (double)painted);
    free(all);
    close_set(&s);
}

/* Of one part of the photo and with one mask: outside it, twins are equal bit for bit. */
Test(fakes, twins_are_of_one_draw)
{
    struct set s;
    il_loader *l = NULL;
    il_batch b;
    il_err e = { 0 };
    const float labels[256] = { 0 };
    const il_loader_opts o = {
        .batch = 2, .size = 64, .crop = 48, .crops = 2, .flip = true, .shuffle = true, .pairs = true
    };
    int more = 1, pairs = 0;
    size_t painted = 0;
    work_photos(4, 150, 140);
    WORK_OK(
        open_set(&s, work_recipe("r.yaml", ", fit: tiles", "{train: 4}", ""), NULL, "train", "original+exchanged", &e),
        e);
    WORK_OK(il_source_pair(s.source, &e), e);
    WORK_OK(il_loader_open(&l, s.source, labels, o, &e), e);
    WORK_OK(il_loader_start(l, 1, 0, &e), e);
    for (;; pairs++) {
        WORK_OK(il_loader_next(l, &b, &more, &e), e);
        if (!more)
            break;
        const int area = 48 * 48;
        cr_assert_eq(b.n, 2);
        cr_assert_str_eq(il_source_name(s.source, b.index[0]), il_source_name(s.source, b.index[1]));
        for (int i = 0; i < area; i++) {
            const uint8_t *exchanged = b.pixels + 3 * i, *original = exchanged + 3 * area; /* by name */
            cr_assert(b.greys[area + i] == 0 && (b.greys[i] == 0 || b.greys[i] == 255));
            painted += b.greys[i] == 255;
            if (b.greys[i] == 0)
                cr_assert_eq(memcmp(original, exchanged, 3), 0, "pixel %d of pair %d", i, pairs);
        }
    }
    cr_expect_eq(pairs, 8);
    cr_expect_gt(painted, 0);
    il_loader_free(l);
    close_set(&s);
}

/* New masks and new changes in each epoch, the same whatever the threads. */
Test(fakes, augmented_as_any_other)
{
    il_augmentation list[] = { { .plain = { .kind = IL_DEGRADE_NOISE }, .low = 1, .high = 5, .p = 0.5 },
                               { .plain = { .kind = IL_DEGRADE_ROTATE }, .p = 1 } };
    const il_augment augment = { list, 2 };
    struct set s;
    il_err e = { 0 };
    size_t n;
    work_photos(6, 70, 70);
    WORK_OK(open_set(&s, work_recipe("r.yaml", "", "{train: 4, validation: 1, test: 1}", ""), NULL, "train", "fakefake",
                     &e),
            e);
    uint8_t *plain = epoch_of(&s, 1, true, 1, NULL, &n), *alone = epoch_of(&s, 1, true, 1, &augment, &n),
            *many = epoch_of(&s, 1, true, 3, &augment, &n), *next = epoch_of(&s, 2, true, 3, &augment, &n);
    cr_expect(memcmp(alone, many, n) == 0, "threads matter");
    cr_expect(memcmp(alone, plain, n) != 0 && memcmp(alone, next, n) != 0);
    free(plain);
    free(alone);
    free(many);
    free(next);
    close_set(&s);
}

/* The splits of a build and of training on the fly are the same. */
Test(fakes, splits_of_the_recipe)
{
    static const char *const splits[] = { "train", "validation", "test" };
    static const size_t counts[] = { 5, 2, 1 };
    char seen[8] = { 0 };
    work_photos(8, 70, 70);
    const char *recipe = work_recipe("r.yaml", "", "{train: 5, validation: 2, test: 1}", "");
    for (int i = 0; i < 3; i++) {
        struct set s;
        il_err e = { 0 };
        WORK_OK(open_set(&s, recipe, NULL, splits[i], "original", &e), e);
        cr_assert_eq(il_source_count(s.source), counts[i]);
        for (size_t k = 0; k < counts[i]; k++)
            seen[atoi(il_source_at(s.source, k).id + 1)]++;
        close_set(&s);
    }
    for (int i = 0; i < 8; i++)
        cr_expect_eq(seen[i], 1);
}

/* The split in which a photo of that name is; -1: none. */
static int split_with(const char *recipe, const char *id)
{
    static const char *const splits[] = { "train", "validation", "test" };
    int found = -1;
    for (int i = 0; i < 3; i++) {
        struct set s;
        il_err e = { 0 };
        int rc = open_set(&s, recipe, NULL, splits[i], "original", &e);
        cr_assert(!rc || strstr(e.message, "no samples of"), "%s", e.message);
        for (size_t k = 0; !rc && k < il_source_count(s.source); k++)
            if (strcmp(il_source_at(s.source, k).id, id) == 0)
                found = i;
        close_set(&s);
    }
    return found;
}

static void copy_file(const char *from, const char *to)
{
    char command[900];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    cr_assert_eq(system(command), 0);
}

/* As in a build: a file once, what looks alike in one split, what cannot be used left out where the recipe says so. */
Test(fakes, no_photo_is_in_two_splits)
{
    work_photos(8, 70, 70);
    for (int i = 0; i < 8; i++) {
        char from[40], to[40];
        il_image photo = { 0 }, larger = { 0 };
        il_err e = { 0 };
        snprintf(from, sizeof from, "photos/p%02d.png", i);
        snprintf(to, sizeof to, "photos/large%02d.png", i);
        WORK_OK(il_image_read(&photo, work_path(from), &e), e);
        WORK_OK(il_image_resize(&larger, &photo, 90, 90, &e), e);
        WORK_OK(il_image_write(&larger, work_path(to), &e), e);
        il_image_free(&photo);
        il_image_free(&larger);
    }
    copy_file(work_path("photos/p03.png"), work_path("photos/z.png"));
    work_text("photos/broken.png", "no picture");
    const char *recipe = work_recipe("r.yaml", ", unusable: skip", "{train: 0.5, validation: 0.25, test: 0.25}", "");
    for (int pass = 0; pass < 2; pass++) { /* the second time from what is kept */
        for (int i = 0; i < 8; i++) {
            char small[8], large[12];
            snprintf(small, sizeof small, "p%02d", i);
            snprintf(large, sizeof large, "large%02d", i);
            int split = split_with(recipe, small);
            cr_expect(split >= 0 && split == split_with(recipe, large), "%s: %d and %d", small, split,
                      split_with(recipe, large));
        }
        cr_expect_eq(split_with(recipe, "z"), -1, "a copy");
        cr_expect_eq(split_with(recipe, "broken"), -1);
    }
    struct set s;
    il_err e = { 0 };
    cr_expect_eq(open_set(&s, work_recipe("s.yaml", "", "{train: 1}", ""), NULL, "train", "original", &e), IL_EDATA);
    cr_expect(strstr(e.message, "broken.png") &&
                  strstr(e.message, "(1 of 18 photos cannot be used; 'photos.unusable: skip'"),
              "%s", e.message);
    close_set(&s);
}

static char *kept_file(void)
{
    static char path[400];
    char command[500];
    snprintf(command, sizeof command, "ls %s/inpaintlab/looks-*", work_path("cache"));
    FILE *f = popen(command, "r");
    cr_assert(f && fgets(path, sizeof path, f), "nothing is kept");
    pclose(f);
    path[strcspn(path, "\n")] = '\0';
    return path;
}

/* sum: with its checksum, which is the first line. */
static void rewrite_kept(const char *script, bool sum)
{
    char command[1500];
    const char *file = kept_file();
    snprintf(command, sizeof command,
             "cd $(dirname '%s') && f='%s' && tail -n +2 $f | sed -E '%s' >../new && head -n 1 $f >../sum && "
             "(%s) >$f && rm ../new ../sum",
             file, file, script, sum ? "sha256sum <../new | cut -c1-64; cat ../new" : "cat ../sum ../new");
    cr_assert_eq(system(command), 0);
}

/* What was seen is not looked at again, unless the photo has changed; what is kept may be anything. */
Test(fakes, looks_are_kept)
{
    work_photos(4, 70, 70);
    const char *recipe = work_recipe("r.yaml", "", "{train: 1}", "");
    cr_expect_eq(split_with(recipe, "p02"), 0);
    for (int sum = 0; sum < 2; sum++) {
        rewrite_kept(
            "s/^([0-9]+ [0-9]+ )[0-9a-f]+/\\1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
            sum); /* all equal files */
        cr_expect_eq(split_with(recipe, "p00"), 0);
        if (!sum)
            cr_expect_eq(split_with(recipe, "p02"), 0, "what has changed is not believed");
    }
    cr_expect_eq(split_with(recipe, "p02"), -1, "what was kept is not used");
    work_photo("photos/p02.png", 77, 71, 70);
    cr_expect_eq(split_with(recipe, "p02"), 0, "it was looked at again");
    rewrite_kept("s/.*/0 x/", true);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(split_with(recipe, "p01"), 0);
        cr_assert_eq(truncate(kept_file(), 100), 0);
    }
    setenv("XDG_CACHE_HOME", "/proc/none", 1);
    cr_expect_eq(split_with(recipe, "p01"), 0);
}

/* What a run's identity hashes: photos, recipe and weights. */
Test(fakes, identity_follows_recipe_and_photos)
{
    struct set s;
    il_err e = { 0 };
    il_digest a, b, c;
    work_photos(4, 70, 70);
    const char *recipe = work_recipe("r.yaml", "", "{train: 1}", "");
    WORK_OK(open_set(&s, recipe, work_path("photos"), "train", "fakefake", &e), e);
    WORK_OK(il_source_digest(&a, s.source, NULL, &e), e);
    close_set(&s);
    work_recipe("r.yaml", "", "{train: 1}", "blur: 2\n");
    WORK_OK(open_set(&s, recipe, work_path("photos"), "train", "fakefake", &e), e);
    WORK_OK(il_source_digest(&b, s.source, NULL, &e), e);
    close_set(&s);
    work_photo("photos/p01.png", 77, 70, 70);
    WORK_OK(open_set(&s, recipe, work_path("photos"), "train", "fakefake", &e), e);
    WORK_OK(il_source_digest(&c, s.source, NULL, &e), e);
    close_set(&s);
    cr_expect_str_neq(a.hex, b.hex);
    cr_expect_str_neq(b.hex, c.hex);
    work_text("photos/p02.txt", "a street"); /* its prompt */
    WORK_OK(open_set(&s, recipe, work_path("photos"), "train", "fakefake", &e), e);
    WORK_OK(il_source_digest(&a, s.source, NULL, &e), e);
    close_set(&s);
    cr_expect_str_neq(a.hex, c.hex);
}

Test(fakes, say_what_is_wrong)
{
    static const struct {
        const char *photos, *split, *images, *message;
    } cases[] = {
        { NULL, "train", "realfake", "makes no 'realfake'" },
        { NULL, "training", "fakefake", "unknown split 'training'" },
        { "/nowhere", "train", "fakefake", "/nowhere" },
        { NULL, "test", "fakefake", "no samples of" },
    };
    work_photos(4, 70, 70);
    const char *recipe = work_recipe("r.yaml", "", "{train: 1}", "pictures: [fakefake]\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct set s;
        il_err e = { 0 };
        cr_expect_neq(open_set(&s, recipe, cases[i].photos, cases[i].split, cases[i].images, &e), IL_OK);
        cr_expect(strstr(e.message, cases[i].message), "%s", e.message);
        close_set(&s);
    }
}
