/* test_matrix.c - the cells of an experiment in rows and columns. */
#include "report/matrix.h"
#include "support/filled.h"

TestSuite(matrix, .init = set_up_filled, .fini = tear_down);

Test(matrix, labels_that_differ_tell_runs_apart)
{
    il_matrix m = { 0 };
    GOOD(il_matrix_read(&m, store, "mask-policies", false, NULL, &e));
    cr_assert(m.count == 5 && m.runs.count == 5 && m.nparts == 1);
    for (int by = 0; by < IL_BYS; by++)
        cr_expect_eq(m.shown[by], by == IL_BY_POLICY || by == IL_BY_TRAINED_ON || by == IL_BY_SEED, "%s",
                     il_matrix_label((il_by)by));
    cr_expect_str_eq(il_matrix_run(&m, "mask_policy=full,seed=1")->by[IL_BY_POLICY], "full");
    cr_expect_null(il_matrix_run(&m, "mask_policy=none"));
    il_matrix_free(&m);
    GOOD(il_matrix_read(&m, store, "awkward", false, NULL, &e));
    cr_expect(m.shown[IL_BY_RUN], "nothing but the names tells these runs apart");
    il_matrix_free(&m);
    GOOD(il_matrix_read(&m, store, "nothing", false, NULL, &e));
    cr_expect(m.count == 0 && m.nparts == 0);
    il_matrix_free(&m);
}

Test(matrix, each_cell_stands_in_its_row_and_column)
{
    il_matrix m = { 0 };
    GOOD(il_matrix_read(&m, store, "table4", false, NULL, &e));
    cr_assert(m.count == 10 && m.nparts == 2);
    const il_matrix_part *p = &m.parts[0], *other = &m.parts[1];
    cr_assert(p->runs.count == 3 && p->kinds.count == 3 && other->runs.count == 1 && other->kinds.count == 1);
    cr_expect_str_eq(other->dataset, "sd21");
    size_t found = 0;
    for (size_t run = 0; run < p->runs.count; run++)
        for (size_t kind = 0; kind < p->kinds.count; kind++) {
            const il_matrix_cell *c = il_matrix_find(p, &m, run, kind);
            cr_assert_not_null(c);
            cr_expect(c->row == run && c->kind == kind && c->part == 0);
            cr_expect_str_eq(c->by[IL_BY_RUN], p->runs.items[run]);
            cr_expect_str_eq(c->tested_on, p->kinds.items[kind]);
            cr_expect_eq(c->done, run != 1);
            found++;
        }
    cr_expect_eq(found, 9);
    cr_expect_eq(il_matrix_run(&m, "train.on=inpainted")->collapsed, true);
    il_matrix_free(&m);
    GOOD(il_matrix_read(&m, store, "awkward", false, NULL, &e));
    cr_expect_null(il_matrix_find(&m.parts[0], &m, 1, 1), "the grid does not ask for it");
    il_matrix_free(&m);
}

/* Of a kind that holds nothing to be found the column has no IoU; one tampered picture in one test gives it back. */
Test(matrix, a_kind_is_authentic_when_every_test_is)
{
    const char *const names[] = { "one", "two" };
    int64_t x = add_experiment("authentic", "");
    for (int i = 0; i < 2; i++) {
        il_run_record r = run_record(names[i], names[i], "fcn", "realfake");
        il_image_row clean = { "a", 0, { 0, 3, 0, 97 } };
        il_test_record t = { .fit = "native",
                             .padding = "none",
                             .dataset = "d",
                             .images = "original",
                             .split = "test",
                             .digest = "d",
                             .batch = 1,
                             .status = IL_RUN_DONE };
        int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE }), test = 0;
        GOOD(il_store_test(&test, store, run, &t, &clean, 1, &e));
        put_cell(store, x, run, test, &r, "d", "original", NULL);
    }
    il_matrix m = { 0 };
    GOOD(il_matrix_read(&m, store, "authentic", false, NULL, &e));
    cr_expect(m.parts[0].authentic[0] && m.cells[0].authentic);
    cr_expect_float_eq(m.cells[0].alarms, 1, 1e-12);
    cr_expect_float_eq(m.cells[0].marked, 0.03, 1e-12);
    il_matrix_free(&m);
    il_run_record r = run_record("three", "three", "fcn", "realfake");
    int64_t run = add_run(&r, &(il_run_end){ .status = IL_RUN_DONE });
    put_cell(store, x, run, put_test(store, run, "d", "original", 5), &r, "d", "original", NULL);
    GOOD(il_matrix_read(&m, store, "authentic", false, NULL, &e));
    cr_expect(!m.parts[0].authentic[0]);
    il_matrix_free(&m);
}
