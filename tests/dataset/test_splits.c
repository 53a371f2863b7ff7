#include "dataset/splits.h"
#include "workshop.h"

TestSuite(splits, .init = work_open, .fini = work_close);

enum { MOST = 1200 };
static il_photo photo_list[MOST];
static char ids[MOST][32];
static il_photo_info facts[MOST];

/* Photos that are all different. */
static il_photos some_photos(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        snprintf(ids[i], sizeof ids[i], "p%04zu", i);
        photo_list[i] = (il_photo){ .id = ids[i], .below = ids[i], .path = ids[i] };
        snprintf(facts[i].sha256.hex, sizeof facts[i].sha256.hex, "%064zu", i);
        facts[i].look = il_random_mix(i + 1000000);
        facts[i].why = NULL;
    }
    return (il_photos){ .list = photo_list, .count = n };
}

static void count(const il_splits *s, size_t n, size_t counts[4])
{
    memset(counts, 0, 4 * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        counts[s->of[i] < 0 ? 3 : s->of[i]]++;
}

Test(splits, take_numbers_and_shares)
{
    static const struct {
        const char *splits;
        size_t n, counts[4];
    } cases[] = {
        { "{train: 900, validation: 50, test: 50}", 1000, { 900, 50, 50, 0 } },
        { "{train: 9, validation: 5, test: 6}", 1000, { 9, 5, 6, 980 } },
        { "{train: 0.9, validation: 0.05, test: 0.05}", 1000, { 900, 50, 50, 0 } },
        { "{train: 0.8, validation: 0.1, test: 0.1}", 7, { 6, 1, 0, 0 } },
        { "{train: 0.5}", 11, { 6, 0, 0, 5 } },
        { "{test: 1}", 11, { 0, 0, 11, 0 } },
        { "{train: 1, validation: 1, test: 1}", 3, { 1, 1, 1, 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_splits s = { 0 };
        il_err e = { 0 };
        size_t counts[4];
        il_recipe *r = work_read(work_recipe("r.yaml", "", cases[i].splits, ""));
        il_photos photos = some_photos(cases[i].n);
        WORK_OK(il_splits_assign(&s, r, &photos, facts, &e), e);
        count(&s, cases[i].n, counts);
        for (int k = 0; k < 4; k++)
            cr_expect_eq(counts[k], cases[i].counts[k], "%s: %zu in %d", cases[i].splits, counts[k], k);
        cr_expect_eq(s.used, cases[i].n - counts[3]);
        for (size_t k = 1; k < s.used; k++)
            cr_expect(s.of[s.order[k - 1]] <= s.of[s.order[k]]);
        il_splits_free(&s);
        il_recipe_free(r);
    }
}

Test(splits, by_name_or_shuffled_by_the_seed)
{
    il_splits a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
    il_err e = { 0 };
    il_photos photos = some_photos(100);
    il_recipe *named = work_read(work_recipe("n.yaml", ", order: name", "{train: 60, test: 40}", ""));
    il_recipe *one = work_read(work_recipe("1.yaml", "", "{train: 60, test: 40}", ""));
    il_recipe *two = work_read(work_recipe("2.yaml", "", "{train: 60, test: 40}", "seed: 2\n"));
    WORK_OK(il_splits_assign(&a, named, &photos, facts, &e), e);
    WORK_OK(il_splits_assign(&b, one, &photos, facts, &e), e);
    WORK_OK(il_splits_assign(&c, one, &photos, NULL, &e), e);
    WORK_OK(il_splits_assign(&d, two, &photos, facts, &e), e);
    size_t same = 0, other = 0;
    for (size_t i = 0; i < 100; i++) {
        cr_expect_eq(a.of[i], i < 60 ? IL_SPLIT_TRAIN : IL_SPLIT_TEST);
        cr_expect_eq(b.of[i], c.of[i]);
        same += a.of[i] == b.of[i];
        other += b.of[i] == d.of[i];
    }
    cr_expect(same < 75 && other < 75, "%zu, %zu", same, other); /* about 52 by chance */
    il_splits_free(&a);
    il_splits_free(&b);
    il_splits_free(&c);
    il_splits_free(&d);
    il_recipe_free(named);
    il_recipe_free(one);
    il_recipe_free(two);
}

/* Whatever the seed: of equal files one is used, and photos that look alike are never in two splits. */
Test(splits, never_leak)
{
    il_photos photos = some_photos(200);
    for (size_t i = 0; i < 60; i += 3) {
        facts[i + 1].sha256 = facts[i].sha256; /* a copy */
        facts[i + 1].look = facts[i].look;
        facts[i + 2].look = facts[i].look ^ 5; /* a twin */
    }
    facts[190].why = ids[190];
    for (int seed = 1; seed <= 10; seed++) {
        char more[40];
        il_splits s = { 0 };
        il_err e = { 0 };
        snprintf(more, sizeof more, "seed: %d\n", seed);
        il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 0.5, validation: 0.25, test: 0.25}", more));
        WORK_OK(il_splits_assign(&s, r, &photos, facts, &e), e);
        cr_expect_eq(s.copies, 20);
        cr_expect_eq(s.twins, 20);
        cr_expect_eq(s.unusable, 1);
        cr_expect_eq(s.used, 179);
        cr_expect_eq(s.of[190], -1);
        for (size_t i = 0; i < 60; i += 3) {
            cr_expect_eq(s.of[i + 1], -1);
            cr_expect(s.of[i] >= 0 && s.of[i] == s.of[i + 2]);
        }
        il_splits_free(&s);
        il_recipe_free(r);
    }
}

Test(splits, say_how_many_photos_are_missing)
{
    il_splits s = { 0 };
    il_err e = { 0 };
    il_photos photos = some_photos(10);
    facts[3].sha256 = facts[2].sha256;
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 8, test: 2}", ""));
    cr_expect_eq(il_splits_assign(&s, r, &photos, facts, &e), IL_EDATA);
    cr_expect(strstr(e.message, "the splits need 10 photos") && strstr(e.message, "has 9"), "%s", e.message);
    cr_expect_null(s.of);
    il_recipe_free(r);
}
