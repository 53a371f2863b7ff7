/* test_on_the_fly.c - samples made while training: what several threads may ask of one recipe. */
#include <pthread.h>
#include <stdatomic.h>
#include "dataset/recipe.h"
#include "workshop.h"

static void set_up(void)
{
    work_open();
    setenv("XDG_CACHE_HOME", work_path("cache"), 1);
}

TestSuite(on_the_fly, .init = set_up, .fini = work_close, .timeout = 120);

struct painter {
    il_recipe *recipe;
    const char *images;
    atomic_bool done;
    il_err error;
};

static void *paint(void *arg)
{
    struct painter *p = arg;
    for (uint64_t seed = 0; seed < 20 && !p->error.code; seed++) {
        il_image picture = { 0 }, mask = { 0 };
        il_recipe_fake(p->recipe, p->images, work_path("photos/p00.png"), seed, &picture, &mask, &p->error);
        il_image_free(&picture);
        il_image_free(&mask);
    }
    atomic_store(&p->done, true);
    return NULL;
}

/* Which kinds a recipe makes does not depend on what another thread is painting. */
Test(on_the_fly, kinds_do_not_change_while_another_thread_paints)
{
    il_err e = { 0 };
    work_photos(2, 80, 72);
    il_recipe *r = work_read(work_recipe("r.yaml", "", "{train: 2}", ""));
    WORK_OK(il_recipe_load(r, (il_device){ IL_DEVICE_CPU, 0 }, &e), e);
    struct painter p = { .recipe = r, .images = "fakefake" };
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, paint, &p), 0);
    size_t asked = 0, denied = 0;
    while (!atomic_load(&p.done)) {
        asked++;
        denied += !il_recipe_makes(r, "realfake") || !il_recipe_makes(r, "fakefake");
    }
    pthread_join(thread, NULL);
    cr_expect_eq(p.error.code, IL_OK, "%s", p.error.message);
    cr_expect_gt(asked, 100);
    cr_expect_eq(denied, 0, "%zu of %zu times a kind was denied", denied, asked);
    il_recipe_free(r);
}
