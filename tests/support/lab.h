/* lab.h - a small laboratory in a temporary folder: pictures with a learnable trace, a grid, a database. */
#ifndef IL_TEST_LAB_H
#define IL_TEST_LAB_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plan/plan.h"
#include "plugin/registry.h"
#include "train/job_state.h"
#include "train/run.h"

#define LAB_OK(call, err) cr_assert((call) == IL_OK, "%s", (err).message)

static char lab_folder[200];
static const char *lab_kinds = "realfake"; /* that lab_grid trains on */

static inline char *lab_path(const char *name)
{
    static char paths[8][400];
    static int next;
    char *p = paths[next++ % 8];
    snprintf(p, sizeof paths[0], "%s/%s", lab_folder, name);
    return p;
}

static inline void lab_picture(const char *split, int number, int side)
{
    il_err e = { 0 };
    il_image photo = { 0 }, mask = { 0 };
    LAB_OK(il_image_new(&photo, side, side, 3, &e), e);
    LAB_OK(il_image_new(&mask, side, side, 1, &e), e);
    unsigned noise = (unsigned)number * 2654435761u + 12345u;
    int left = number % 3 * side / 4, top = number % 2 * side / 4;
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            int inside = x >= left && x < left + side / 2 && y >= top && y < top + side / 2;
            mask.pixels[y * side + x] = inside ? 255 : 0;
            for (int c = 0; c < 3; c++) {
                noise = noise * 1664525u + 1013904223u;
                int grain = inside ? 0 : (int)(noise >> 28) - 8; /* the trace: what is written anew has no grain */
                photo.pixels[(y * side + x) * 3 + c] = (uint8_t)(100 + x + y + 10 * c + grain);
            }
        }
    char name[300];
    snprintf(name, sizeof name, "%s/data/%s/p%02d.realfake.png", lab_folder, split, number);
    LAB_OK(il_image_write(&photo, name, &e), e);
    snprintf(name, sizeof name, "%s/data/%s/p%02d.mask.png", lab_folder, split, number);
    LAB_OK(il_image_write(&mask, name, &e), e);
    il_image_free(&photo);
    il_image_free(&mask);
}

static inline void lab_open(void)
{
    snprintf(lab_folder, sizeof lab_folder, "/tmp/inpaintlab-test-XXXXXX");
    cr_assert(mkdtemp(lab_folder) != NULL);
    mkdir(lab_path("data"), 0777);
    const char *splits[] = { "train", "validation", "test" };
    for (int s = 0; s < 3; s++) {
        mkdir(lab_path((const char *[]){ "data/train", "data/validation", "data/test" }[s]), 0777);
        for (int i = 0; i < (s ? 3 : 6); i++)
            lab_picture(splits[s], s * 10 + i, 48);
    }
    il_torch_threads(1);
}

static inline void lab_close(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s'", lab_folder);
    cr_assert(system(command) == 0);
}

/* A grid over the lab's data: base keys that differ from the small default, one per line. */
static inline const char *lab_grid(const char *name, const char *train, const char *rest)
{
    char file[64];
    snprintf(file, sizeof file, "%s.yaml", name);
    const char *path = lab_path(file);
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL);
    fprintf(
        f,
        "experiment: %s\ntitle: test\nbase:\n  dataset: {name: dataset1, root: %s/data}\n"
        "  model: {name: unet, fine: 6, coarse: 8}\n  mask_policy: full\n  loss: bce\n"
        "  train: {on: %s, epochs: 3, patience: 0, batch: 2, size: 48, crop: 32, crops: 2, flip: true, lr: 0.01%s}\n"
        "  seed: 7\n  test_batch: 2\n%s",
        name, lab_folder, lab_kinds, train, rest);
    fclose(f);
    return path;
}

/* ---- a grid with its database ---- */

struct room {
    il_registry *registry;
    il_plan *plan;
    il_store *store;
    il_run_opts opts;
};

static inline void open_room_set(struct room *r, const char *grid, const char *const *set)
{
    il_err e = { 0 };
    LAB_OK(il_registry_open(&r->registry, &e), e);
    LAB_OK(il_plan_read(&r->plan, grid, r->registry, (il_plan_opts){ .set = set }, &e), e);
    LAB_OK(il_store_open(&r->store, lab_path("results.sqlite"), &e), e);
    r->opts = (il_run_opts){
        .folder = strdup(lab_path("runs")), .experiment = r->plan->experiment, .threads = 1, .loader_threads = 1
    };
    LAB_OK(il_store_experiment(&r->opts.experiment_id, r->store, r->plan->experiment, r->plan->title, r->plan->path,
                               r->plan->source, &e),
           e);
}

static inline void open_room(struct room *r, const char *grid)
{
    open_room_set(r, grid, NULL);
}

static inline void close_room(struct room *r)
{
    free((char *)r->opts.folder);
    il_store_close(r->store);
    il_plan_free(r->plan);
    il_registry_free(r->registry);
    memset(r, 0, sizeof *r);
}

static inline il_run_outcome run_first(struct room *r)
{
    il_err e = { 0 };
    il_job j = { 0 };
    il_run_outcome o;
    il_observer observer = { 0 };
    LAB_OK(il_job_open(&j, &r->plan->runs[0], r->store, &e), e);
    LAB_OK(il_run_job(&o, &j, r->store, &r->opts, &observer, &e), e);
    il_job_close(&j);
    return o;
}

static inline il_job_state look_at_first(struct room *r, char why[400])
{
    il_err e = { 0 };
    il_job j = { 0 };
    il_job_view v;
    LAB_OK(il_job_open(&j, &r->plan->runs[0], r->store, &e), e);
    LAB_OK(il_job_look(&v, &j, r->plan->experiment, r->store, r->opts.folder, &e), e);
    if (why)
        memcpy(why, v.why, sizeof v.why);
    il_job_left_free(&v.left);
    il_job_close(&j);
    return v.state;
}

static inline void assert_query(struct room *r, const char *sql, const char *expected)
{
    il_err e = { 0 };
    il_rows rows;
    LAB_OK(il_store_query(&rows, r->store, sql, NULL, &e), e);
    cr_assert_eq(rows.count, 1, "%s", sql);
    cr_assert_str_eq(rows.values[0] ? rows.values[0] : "NULL", expected, "%s", sql);
    il_store_rows_free(&rows);
}

#endif
