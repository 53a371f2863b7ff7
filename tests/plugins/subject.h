/* subject.h - a model under test: opened, built, and filled where it has figures in tests/data/oracle. */
#ifndef TEST_SUBJECT_H
#define TEST_SUBJECT_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "fill.h"
#include "open.h"

enum { BATCH = 2 };

static inline bool subject_full(void)
{
    return getenv("INPAINTLAB_FULL_ORACLE") != NULL;
}

/* The published figures are of PyTorch's default order, the program works in the other. */
static inline il_order subject_order(void)
{
    return subject_full() ? IL_ORDER_NCHW : IL_ORDER_NHWC;
}

struct subject {
    struct opened plugin;
    il_state *state;
    json_t *figures;
};

static inline struct subject open_subject(const char *model, const char *const *settings, const char *figures)
{
    struct subject t = { .plugin = open_plugin(IL_KIND_MODEL, model, settings) };
    il_err e = { 0 };
    /* The published figures are those of two threads; else one, as two that wait for each other on a busy machine take
     * twenty times as long. */
    il_torch_threads(subject_full() ? 2 : 1);
    cr_assert_eq(il_state_new(&t.state, (il_device){ 0 }, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(t.plugin.plugin->model->build(t.plugin.self, t.state, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_state_status(t.state, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_state_order(t.state, subject_order(), &e), IL_OK, "%s", e.message);
    if (figures) {
        char path[1000];
        json_error_t why;
        snprintf(path, sizeof path, TEST_DATA "/oracle/%s", figures);
        t.figures = json_load_file(path, 0, &why);
        cr_assert_not_null(t.figures, "%s:%d: %s", path, why.line, why.text);
        fill_state(t.state, (uint64_t)json_integer_value(json_object_get(t.figures, "seed")));
    }
    return t;
}

static inline void close_subject(struct subject *t)
{
    json_decref(t->figures);
    close_plugin(&t->plugin);
    il_state_free(t->state);
}

static inline il_scope *open_scope(const il_scope_opts *opts)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, opts, &e), IL_OK, "%s", e.message);
    return s;
}

static inline il_tensor *forward(const struct subject *t, il_scope *s, il_tensor *image, il_tensor **aux)
{
    il_err e = { 0 };
    il_tensor *y = t->plugin.plugin->model->forward(t->plugin.self, s, il_to_order(s, image, subject_order()), aux);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_not_null(y);
    return y;
}

static inline float *read_all(const il_tensor *t)
{
    il_err e = { 0 };
    size_t count = (size_t)il_numel(t);
    float *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    cr_assert_eq(il_read_f32(t, values, count, &e), IL_OK, "%s", e.message);
    return values;
}

/* (2,3,height,width): crops at (64, 96) of two photos. */
static inline il_tensor *crops(il_scope *s, int height, int width)
{
    static const char *const photos[BATCH] = { "01", "05" };
    float *values = malloc(sizeof *values * BATCH * 3 * (size_t)height * (size_t)width), *at = values;
    cr_assert_not_null(values);
    for (int n = 0; n < BATCH; n++) {
        char path[1000];
        il_err e = { 0 };
        il_image photo = { 0 }, crop = { 0 };
        snprintf(path, sizeof path, SOURCE_DIR "/experiments/quickstart/photos/%s.png", photos[n]);
        cr_assert_eq(il_image_read(&photo, path, &e), IL_OK, "%s", e.message);
        cr_assert_eq(il_image_crop(&crop, &photo, 96, 64, width, height, &e), IL_OK, "%s", e.message);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < height * width; i++)
                *at++ = (float)crop.pixels[3 * i + c] / 255;
        il_image_free(&photo);
        il_image_free(&crop);
    }
    il_tensor *t = il_from_f32(s, values, 4, (int64_t[]){ BATCH, 3, height, width });
    free(values);
    return t;
}

static inline void expect_near(double got, double want, double slack, const char *what)
{
    cr_expect(fabs(got - want) <= slack, "%s: %.9g, expected %.9g (off by %.2g, allowed %.2g)", what, got, want,
              fabs(got - want), slack);
}

#endif
