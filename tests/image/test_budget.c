/* test_budget.c - the memory that threads share while they decode pictures. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <inpaintlab/image.h>
#include "image/budget.h"
#include "image/mask_file.h"

enum { MIB = 1 << 20 };

static void set_default(void)
{
    il_budget_set(0);
}

TestSuite(budget, .fini = set_default, .timeout = 60);

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ 0, ms * 1000000 }, NULL);
}

Test(budget, a_picture_that_needs_more_than_all_of_it_is_refused)
{
    const char *path = TEST_DATA "/images/bits-1.png"; /* 61x47 */
    il_image image = { 0 };
    il_err e = { 0 };
    il_budget_set(10000);
    cr_expect_eq(il_image_read(&image, path, &e), IL_ENOMEM);
    cr_expect_str_eq(e.message, TEST_DATA
                     "/images/bits-1.png: a picture of 61x47 pixels takes 1 MiB to decode; --memory allows 0");
    cr_expect_eq(il_mask_read(&image, NULL, path, IL_MASK_AUTO, &e), IL_ENOMEM);
    cr_expect_null(image.pixels);
    int width = 0, height = 0;
    cr_expect_eq(il_image_size(&width, &height, path, &e), IL_OK, "a header is read all the same: %s", e.message);
    il_budget_set(20);
    cr_expect_eq(il_image_size(&width, &height, path, &e), IL_ENOMEM);
    cr_expect_str_eq(e.message, TEST_DATA "/images/bits-1.png: the file takes 1 MiB to decode; --memory allows 0");

    il_budget_set(MIB);
    for (int i = 0; i < 200; i++) { /* which gives everything back */
        cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
        il_image_free(&image);
    }
}

static atomic_int held, most_held, finished;

static void hold(int mib)
{
    int now = atomic_fetch_add(&held, mib) + mib, before = atomic_load(&most_held);
    while (now > before && !atomic_compare_exchange_weak(&most_held, &before, now))
        ;
    pause_ms(2);
}

static void *take_often(void *context)
{
    int mib = *(int *)context;
    for (int i = 0; i < 20; i++) {
        il_budget_enter();
        il_budget_enter();
        if (il_budget_take_file((uint64_t)mib * MIB, "", NULL) == IL_OK) {
            hold(mib);
            atomic_fetch_sub(&held, mib);
            atomic_fetch_add(&finished, 1);
        }
        il_budget_leave();
        il_budget_leave();
    }
    return NULL;
}

static void run_threads(void *(*work)(void *), int mib[], size_t count)
{
    pthread_t threads[16];
    atomic_store(&held, 0);
    atomic_store(&most_held, 0);
    atomic_store(&finished, 0);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, work, &mib[i]), 0);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

Test(budget, threads_wait_for_their_share)
{
    int mib[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    il_budget_set((uint64_t)10 * MIB);
    run_threads(take_often, mib, 8);
    cr_expect_eq(atomic_load(&finished), 160, "all came to their turn");
    cr_expect_leq(atomic_load(&most_held), 10);
    cr_expect_geq(atomic_load(&most_held), 8);
}

/* A picture, then its mask, before the picture is given back. */
static void *take_twice(void *context)
{
    int mib = *(int *)context;
    for (int i = 0; i < 20; i++) {
        il_budget_enter();
        for (int k = 0; k < 2; k++)
            if (il_budget_take_file((uint64_t)mib * MIB, "", NULL) == IL_OK)
                hold(mib);
        atomic_fetch_sub(&held, 2 * mib);
        atomic_fetch_add(&finished, 1);
        il_budget_leave();
    }
    return NULL;
}

Test(budget, threads_that_hold_some_and_wait_for_more_do_not_wait_for_ever)
{
    int mib[8] = { 5, 5, 5, 5, 5, 5, 5, 5 };
    il_budget_set((uint64_t)10 * MIB);
    run_threads(take_twice, mib, 8);
    cr_expect_eq(atomic_load(&finished), 160);
    cr_expect_leq(atomic_load(&most_held), 15, "one at most goes beyond it, by one picture");
}

Test(budget, one_sample_may_be_larger_than_it)
{
    int mib[1] = { 8 };
    il_budget_set((uint64_t)10 * MIB);
    run_threads(take_twice, mib, 1);
    cr_expect_eq(atomic_load(&finished), 20);
}
