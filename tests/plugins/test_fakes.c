/* test_fakes.c - samples made while training: which, from what, and when they change. */
#include "../dataset/workshop.h"
#include "loader.h"
#include "open.h"
#include "registry.h"

TestSuite(fakes, .init = work_open, .fini = work_close, .timeout = 300);

struct set {
    il_registry *registry;
    il_choice choice;
    il_source *source;
};

static int open_set(struct set *s, const char *recipe, const char *photos, const char *split, const char *images, il_err *e)
{
    *s = (struct set){ 0 };
    WORK_OK(il_registry_open(&s->registry, e), *e);
    WORK_OK(il_registry_find(&s->choice.plugin, s->registry, IL_DATASET, "fakes", e), *e);
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
static uint8_t *epoch_of(const struct set *s, int epoch, bool shuffle, int threads, size_t *count)
{
    float labels[256] = { 0 };
    uint8_t *all = NULL;
    il_loader *l = NULL;
    il_err e = { 0 };
    int more = 1;
    il_loader_opts o = { .batch = 2, .size = 64, .crops = 1, .shuffle = shuffle, .seed = 3, .threads = threads };
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
    uint8_t *x = epoch_of(s, a, shuffle, 1, &n), *y = epoch_of(s, b, shuffle, 3, &m);
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
    uint8_t *all = epoch_of(&s, 1, false, 2, &n);
    size_t painted = 0;
    for (size_t i = 0; i < n; i++)
        painted += i % (2 * 4 * 4096) >= 2 * 3 * 4096 && all[i] == 255;
    cr_expect(painted > 0.02f * 6 * 4096 && painted < 0.5f * 6 * 4096, "targets mark %g pixels", (double)painted);
    free(all);
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
}

Test(fakes, say_what_is_wrong)
{
    static const struct { const char *photos, *split, *images, *message; } cases[] = {
        { NULL, "train", "realfake", "makes no 'realfake'" },
        { NULL, "training", "fakefake", "split 'training' is unknown" },
        { "/nowhere", "train", "fakefake", "/nowhere" },
        { NULL, "test", "fakefake", "there is no sample" },
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
