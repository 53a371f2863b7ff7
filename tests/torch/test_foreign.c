#include <string.h>
#include <inpaintlab/foreign.h>
#include "support/figures.h"

static const il_param_spec specs[] = { IL_FOREIGN_PARAMS, { .name = NULL } };

/* Settings as "name=value", ended by NULL. */
static int read_settings(il_foreign *f, const char *const *settings, il_err *e)
{
    il_params *p = NULL;
    cr_assert_eq(il_params_new(&p, specs, e), IL_OK);
    for (; *settings; settings++) {
        char name[32];
        const char *value = strchr(*settings, '=');
        snprintf(name, sizeof name, "%.*s", (int)(value - *settings), *settings);
        cr_assert_eq(il_params_set(p, name, value + 1, e), IL_OK, "%s", e->message);
    }
    int rc = il_foreign_read(f, "stranger", p, e);
    il_params_free(p);
    return rc;
}

static il_foreign foreign(const char *const *settings)
{
    il_err e = { 0 };
    il_foreign f = { 0 };
    cr_assert_eq(read_settings(&f, settings, &e), IL_OK, "%s", e.message);
    return f;
}

#define FOREIGN(...) foreign((const char *const[]){ __VA_ARGS__, NULL })

Test(foreign, mean_and_std_are_of_red_green_and_blue)
{
    float out[3];
    il_err e = { 0 };
    il_foreign f = FOREIGN("mean=[0.5, 0.25, 0]", "std=0.5 0.25 2");
    il_scope *s = figures_scope(false, false);
    il_tensor *x = il_foreign_input(s, &f, il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 1, 1 }));
    cr_assert_eq(il_read_f32(x, out, 3, &e), IL_OK, "%s", e.message);
    cr_expect_eq(out[0], 1);
    cr_expect_eq(out[1], 3);
    cr_expect_eq(out[2], .5f);
    il_scope_close(s);
    il_foreign_free(&f);
}

Test(foreign, one_number_is_for_all_three_and_none_changes_nothing)
{
    float out[3];
    il_err e = { 0 };
    il_foreign f = FOREIGN("mean=0.5"), plain = FOREIGN("resize=true");
    il_scope *s = figures_scope(false, false);
    il_tensor *ones = il_full(s, 1, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 1, 1 });
    cr_assert_eq(il_read_f32(il_foreign_input(s, &f, ones), out, 3, &e), IL_OK, "%s", e.message);
    cr_expect(out[0] == .5f && out[1] == .5f && out[2] == .5f);
    cr_expect_eq(il_foreign_input(s, &plain, ones), ones);
    il_scope_close(s);
    il_foreign_free(&f);
    il_foreign_free(&plain);
}

Test(foreign, wrong_numbers_are_refused)
{
    static const struct {
        const char *setting, *message;
    } cases[] = {
        { "mean=0.5 0.5", "mean: '0.5 0.5' is not one number, or three for R, G, B" },
        { "mean=1 2 3 4", "mean: '1 2 3 4' is not one number, or three for R, G, B" },
        { "mean=,", "mean: ',' is not one number, or three for R, G, B" },
        { "std=nan", "std: 'nan' is not one number, or three for R, G, B" },
        { "std=1 0 1", "std: 0 is out of range; expected a number above 0" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_foreign f = { 0 };
        cr_expect_eq(read_settings(&f, (const char *const[]){ cases[i].setting, NULL }, &e), IL_EPARAM);
        cr_expect_str_eq(e.message, cases[i].message);
    }
}

/* Of (1,2,1,1), resized to 2x2, as probabilities: channel 1 is .75, whose logit is log 3. */
Test(foreign, logits_are_of_one_channel_at_the_size_of_the_picture)
{
    static const float y[] = { .25f, .75f };
    float out[4];
    il_err e = { 0 };
    il_foreign f = FOREIGN("channel=1", "resize=true", "probability=true");
    il_scope *s = figures_scope(false, false);
    il_tensor *image = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 1, 3, 2, 2 });
    il_tensor *logits = il_foreign_logits(s, &f, il_from_f32(s, y, 4, (int64_t[]){ 1, 2, 1, 1 }), image);
    cr_assert_eq(il_read_f32(logits, out, 4, &e), IL_OK, "%s", e.message);
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(out[i], log(3), 1e-6);
    il_scope_close(s);
    il_foreign_free(&f);
}

/* (N,H,W), as some give where there is one channel. */
Test(foreign, a_channel_that_was_squeezed_out)
{
    static const float y[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    float out[8];
    il_err e = { 0 };
    il_foreign f = FOREIGN("channel=-1");
    il_scope *s = figures_scope(false, false);
    il_tensor *image = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 2, 3, 2, 2 });
    il_tensor *logits = il_foreign_logits(s, &f, il_from_f32(s, y, 3, (int64_t[]){ 2, 2, 2 }), image);
    cr_assert_eq(il_read_f32(logits, out, 8, &e), IL_OK, "%s", e.message);
    cr_expect_eq(il_ndim(logits), 4);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(out[i], y[i]);
    il_scope_close(s);
    il_foreign_free(&f);
}

static void expect_refusal(const il_foreign *f, int ndim, const int64_t *shape, const char *message)
{
    il_err e = { 0 };
    il_scope *s = figures_scope(false, false);
    il_tensor *image = il_full(s, 0, IL_DTYPE_F32, 4, (int64_t[]){ 2, 3, 8, 8 });
    cr_expect_null(il_foreign_logits(s, f, il_full(s, 0, IL_DTYPE_F32, ndim, shape), image));
    il_scope_status(s, &e);
    cr_expect_str_eq(e.message, message);
    il_scope_close(s);
}

Test(foreign, what_does_not_fit_is_refused_with_its_shape)
{
    il_foreign f = FOREIGN("output="), third = FOREIGN("channel=2");
    expect_refusal(
        &f, 2, (int64_t[]){ 2, 1 },
        "model stranger: the output has the shape (2,1); expected (2,1,8,8): `output` may name another tensor");
    expect_refusal(&f, 4, (int64_t[]){ 2, 2, 8, 8 },
                   "model stranger: the output has the shape (2,2,8,8); expected (2,1,8,8): set `channel` to the one of"
                   " tampered pixels, or `output` to another tensor");
    expect_refusal(&f, 4, (int64_t[]){ 2, 1, 4, 4 },
                   "model stranger: the output has the shape (2,1,4,4); expected (2,1,8,8): `resize: true` resizes it"
                   " to the picture");
    expect_refusal(
        &f, 4, (int64_t[]){ 1, 1, 8, 8 },
        "model stranger: the output has the shape (1,1,8,8); expected (2,1,8,8): it must have one map for each"
        " image");
    expect_refusal(&third, 4, (int64_t[]){ 2, 2, 8, 8 },
                   "model stranger: the output has the shape (2,2,8,8); expected (2,1,8,8): it lacks the channel that"
                   " `channel` names");
    il_foreign_free(&f);
    il_foreign_free(&third);
}
