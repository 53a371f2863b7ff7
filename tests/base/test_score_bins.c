/* test_score_bins.c - every edge is the upper one of its bin, 0 among them, and the edges rise. */
#include <criterion/criterion.h>
#include "base/score_bins.h"

Test(score_bins, are_half_open)
{
    for (int k = 1; k < IL_SCORE_BINS; k++) {
        float edge = (float)il_score_edge(k);
        cr_assert_eq((double)edge, il_score_edge(k), "edge %d is no float", k);
        cr_assert_lt(il_score_edge(k - 1), il_score_edge(k), "edge %d", k);
        cr_assert_eq(il_score_bin(edge), k - 1, "%g falls into bin %d", (double)edge, il_score_bin(edge));
        cr_assert_eq(il_score_bin(nextafterf(edge, -INFINITY)), k - 1, "below %g", (double)edge);
        cr_assert_eq(il_score_bin(nextafterf(edge, INFINITY)), k, "above %g", (double)edge);
    }
    cr_expect_eq(il_score_edge(0), -INFINITY);
    cr_expect_eq(il_score_edge(IL_SCORE_BINS), INFINITY);
}

Test(score_bins, half_is_an_edge)
{
    cr_expect_eq(il_score_edge(IL_SCORE_HALF), 0);
    cr_expect_eq(il_score_bin(0), IL_SCORE_HALF - 1);
    cr_expect_eq(il_score_bin(-0.0f), IL_SCORE_HALF - 1);
    cr_expect_eq(il_score_bin(1e-45f), IL_SCORE_HALF);
    cr_expect_eq(il_score_bin(-1e-45f), IL_SCORE_HALF - 1);
}

Test(score_bins, ends_hold_what_is_beyond)
{
    const float odd[] = { 1024, 3e38f, INFINITY };
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(il_score_bin(odd[i]), IL_SCORE_BINS - 1, "%g", (double)odd[i]);
        cr_expect_eq(il_score_bin(-odd[i]), 0, "%g", (double)-odd[i]);
    }
    cr_expect_eq(il_score_bin(NAN), 0);
    cr_expect_eq(il_score_bin(-NAN), 0);
}

Test(score_bins, are_as_fine_as_described)
{
    cr_expect_eq(il_score_edge(IL_SCORE_HALF + 1), 1.0 / 32);
    cr_expect_eq(il_score_edge(IL_SCORE_HALF + 1024), 32);
    cr_expect_eq(il_score_edge(IL_SCORE_HALF + 1025), 32.25);
    cr_expect_eq(il_score_edge(IL_SCORE_HALF - 1152), -64);
    cr_expect_eq(il_score_edge(1), -1020);
}
