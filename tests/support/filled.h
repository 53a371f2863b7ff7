/* filled.h - a database with all that a report may meet: published tables, seeds, failures, a collapse, awkward texts. */
#ifndef TEST_FILLED_H
#define TEST_FILLED_H

#include "support/fixture.h"

static inline int64_t add_experiment(const char *name, const char *title)
{
    int64_t id = 0;
    GOOD(il_store_experiment(&id, store, name, title, "grid.yaml", "text", &e));
    return id;
}

static inline int64_t add_run(const il_run_record *r, const il_run_end *end)
{
    int64_t id = 0;
    GOOD(il_store_begin_run(&id, store, r, &e));
    GOOD(il_store_end_run(store, id, end, &e));
    return id;
}

/* A grid of table 4 with a failed run and a collapsed one; tested on a second data set too. */
static inline void add_table4(void)
{
    const char *const kinds[] = { "realfake", "fakefake", "inpainted" };
    int64_t x = add_experiment("table4", "FCN on data set 2");
    for (int i = 0; i < 3; i++) {
        char hash[16], name[48];
        snprintf(hash, sizeof hash, "four%d", i);
        snprintf(name, sizeof name, "train.on=%s", kinds[i]);
        il_run_record r = run_record(hash, name, "fcn", kinds[i]);
        r.experiment = x;
        il_run_end end = { .status = i == 1 ? IL_RUN_FAILED : IL_RUN_DONE,
                           .collapse = i == 2 ? IL_COLLAPSE_NOTHING : IL_COLLAPSE_NONE,
                           .message = i == 1 ? "the loss is no finite number in epoch 3: try a smaller train.lr"
                                             : NULL };
        int64_t run = add_run(&r, &end);
        for (int k = 0; k < 3; k++)
            put_cell(store, x, run, i == 1 ? 0 : put_test(store, run, "dataset2", kinds[k], i == 2 ? 0 : 50 * (k + 1)),
                     &r, "dataset2", kinds[k], "4");
        if (i == 0)
            put_cell(store, x, run, put_test(store, run, "sd21", "realfake", 5), &r, "sd21", "realfake", "7");
    }
}

/* Three seeds of the mask policies, one policy left out. */
static inline void add_policies(void)
{
    const char *const policies[] = { "soft", "full" };
    int64_t x = add_experiment("mask-policies", "");
    for (int i = 0; i < 6; i++) {
        char hash[16], name[48];
        snprintf(hash, sizeof hash, "p%d", i);
        snprintf(name, sizeof name, "mask_policy=%s,seed=%d", policies[i / 3], i % 3);
        il_run_record r = run_record(hash, name, "fcn", "realfake");
        r.seed = (uint64_t)(i % 3);
        r.dataset = "dataset1";
        r.mask_policy = policies[i / 3];
        int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE });
        if (i < 5)
            put_cell(store, x, run, put_test(store, run, "dataset1", "realfake", 20 * i), &r, "dataset1", "realfake",
                     "text");
    }
}

/* Labels that every format must escape, values that are no numbers, and runs that only their names tell apart. */
static inline void add_awkward(void)
{
    int64_t x = add_experiment("awkward", "50% of <a_b> & \\x | ~y^2 {z} \x1b[31m");
    for (int i = 0; i < 2; i++) {
        il_run_record r = run_record(i ? "odd1" : "odd0", i ? "lr=1e-4" : "lr=1e-3", "a_b&c|d*", "realfake");
        r.mask_policy = "\xc3\xa4hnlich"; /* two bytes, one column */
        int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE }), test = 0;
        il_test_record t = { .fit = "native",
                             .padding = "none",
                             .dataset = "kodak",
                             .images = "original",
                             .split = "test",
                             .digest = "none",
                             .batch = 4,
                             .status = i ? IL_RUN_FAILED : IL_RUN_DONE,
                             .message = i ? "20.png: no mask" : NULL };
        GOOD(il_store_test(&test, store, run, &t, NULL, 0, &e));
        put_cell(store, x, run, test, &r, "kodak", "original", NULL);
        if (i == 0)
            put_cell(store, x, run, put_test(store, run, "kodak", "realfake", 0), &r, "kodak", "realfake", NULL);
    }
}

static inline void set_up_filled(void)
{
    set_up();
    add_table4();
    add_policies();
    add_awkward();
    GOOD(il_store_split(store, "dataset2", "realfake", "train", 20878, 0, "d", &e));
    GOOD(il_store_split(store, "dataset2", "realfake", "test", 1983, 1, "d", &e));
}

#endif
