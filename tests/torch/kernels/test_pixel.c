#include <criterion/criterion.h>
#include "torch/kernels/pixel.h"

Test(pixel, cells_part_truth)
{
    cr_expect_eq(il_pixel_cell(INFINITY, 1e-30f), IL_SCORE_BINS - 1);
    cr_expect_eq(il_pixel_cell(INFINITY, 0), 2 * IL_SCORE_BINS - 1);
    cr_expect_eq(il_pixel_cell(NAN, -1), IL_SCORE_BINS);
    cr_expect_eq(il_pixel_cell(-INFINITY, NAN), IL_SCORE_BINS);
}

/* Against libm in double precision. */
Test(pixel, exponential_and_logarithm)
{
    for (int i = 0; i < 200000; i++) {
        float a = (float)i * (87.0f / 200000), e = (float)(i + 1) / 200000;
        double exact = exp(-(double)a), log = log1p((double)e);
        cr_assert(fabs(il_pixel_exp_minus(a) - exact) <= 1.2e-7 * exact, "exp(-%.9g)", (double)a);
        cr_assert(fabs(il_pixel_log1p(e) - log) <= 2.4e-7 * log, "log1p(%.9g)", (double)e);
    }
    cr_expect_eq(il_pixel_exp_minus(0), 1);
    cr_expect_eq(il_pixel_exp_minus(87), 0);
    cr_expect_eq(il_pixel_exp_minus(INFINITY), 0);
    cr_expect_eq(il_pixel_log1p(0), 0);
}

/* The nearest float, which a library's powf need not give; it is written out so that all devices give it. */
Test(pixel, powers)
{
    static const float gammas[] = { 0.1f, 0.5f, 1, 1.5f, 3, 100 };
    for (size_t g = 0; g < sizeof gammas / sizeof *gammas; g++)
        for (int i = 1; i <= 100000; i++) {
            float base = (float)i / 100000, found = il_pixel_power(base, gammas[g]);
            double exact = pow((double)base, (double)gammas[g]);
            cr_assert(fabs((double)found - exact) <= 6e-8 * exact + 7.1e-46, "%.9g^%g: %.9g", (double)base,
                      (double)gammas[g], (double)found);
        }
    cr_expect_eq(il_pixel_power(0, 0.1f), 0);
    cr_expect_eq(il_pixel_power(1e-45f, 0.5f), sqrtf(1e-45f));
    cr_expect_eq(il_pixel_power(1, 2.5f), 1);
    cr_expect_eq(il_pixel_power(0.3f, 0), 1);
    cr_expect(isnan(il_pixel_power(NAN, 1.5f)));
}

/* Far from and near to the target: value and slope keep their digits, which differences of scores would lose. */
Test(pixel, focal_loss_of_sure_pixels)
{
    il_pixel_focal f = il_pixel_focal_of(0.25, 2);
    double p = exp(-20.0); /* the score of -20, to 2e-9 of it */
    cr_expect_float_eq(il_pixel_focal_value(-20, 0, f) / (0.75 * p * p * p), 1, 1e-5);
    cr_expect_float_eq(il_pixel_focal_slope(-20, 0, f) / (0.75 * 3 * p * p * p), 1, 1e-5);
    cr_expect_float_eq(il_pixel_focal_value(20, 1, f) / (0.25 * p * p * p), 1, 1e-5);
    cr_expect_float_eq(il_pixel_focal_slope(20, 1, f) / (-0.25 * 3 * p * p * p), 1, 1e-5);
    cr_expect_float_eq(il_pixel_focal_value(-1e4f, 1, f), 2500, 1e-3);
    cr_expect_float_eq(il_pixel_focal_slope(-1e4f, 1, f), -0.25, 1e-6);
    cr_expect_eq(il_pixel_focal_value(-1e4f, 0, f), 0);
    cr_expect_eq(il_pixel_focal_slope(-1e4f, 0, f), 0);
}

/* Below 1, the power of a vanishing miss has an infinite slope, but the loss does not. */
Test(pixel, focal_loss_of_a_small_gamma_stays_finite)
{
    il_pixel_focal f = il_pixel_focal_of(0.25, 0.5);
    const float logits[] = { -1e4f, -100, -87, -50, 0, 50, 87, 100, 1e4f };
    for (size_t i = 0; i < sizeof logits / sizeof *logits; i++)
        for (int t = 0; t <= 1; t++) {
            cr_expect(isfinite(il_pixel_focal_value(logits[i], (float)t, f)), "%g", (double)logits[i]);
            cr_expect(isfinite(il_pixel_focal_slope(logits[i], (float)t, f)), "%g", (double)logits[i]);
        }
}

Test(pixel, no_finite_loss_of_an_infinite_logit)
{
    il_pixel_focal f = il_pixel_focal_of(0.25, 2);
    const float logits[] = { INFINITY, -INFINITY, NAN };
    for (int i = 0; i < 3; i++)
        for (int t = 0; t <= 2; t++)
            cr_expect_not(isfinite(il_pixel_focal_value(logits[i], (float)t / 2, f)));
}
