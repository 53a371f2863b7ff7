/* test_histogram.c - the code of histograms: there and back, and anything else refused without harm. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "store/stats/histogram.h"

Test(histogram, there_and_back)
{
    uint64_t seed = 3;
    for (int round = 0; round < 400; round++) {
        il_bins from = { .layout = round % 2 ? IL_BINS_LOGIT : IL_BINS_EQUAL }, to;
        unsigned char code[IL_HISTOGRAM_BYTES];
        for (int i = 0; i < il_bins_count(from.layout); i++)
            if (round % 4 < 2 || il_random_bits(&seed) % 5 == 0)
                from.bins[i] = (int64_t)(il_random_bits(&seed) >> (13 + il_random_bits(&seed) % 51));
        size_t size = il_histogram_encode(code, &from);
        cr_assert_leq(size, sizeof code);
        cr_assert_eq(il_histogram_decode(&to, code, size), IL_OK);
        cr_assert_eq(memcmp(&from, &to, sizeof from), 0);
        for (size_t cut = 0; cut < size; cut += 1 + size / 50)
            cr_assert_eq(il_histogram_decode(&to, code, cut), IL_EFORMAT);
    }
}

Test(histogram, code_is_as_documented)
{
    il_bins h = { { 0 } };
    unsigned char code[IL_HISTOGRAM_BYTES];
    h.bins[1] = 300;
    cr_assert_eq(il_histogram_encode(code, &h), 257);
    cr_assert_eq(memcmp(code, (unsigned char[]){ 0, 0xac, 0x02, 0 }, 4), 0);
}

Test(histogram, code_of_bins_over_the_logit_is_as_documented)
{
    il_bins h = { .layout = IL_BINS_LOGIT };
    unsigned char code[IL_HISTOGRAM_BYTES];
    /* 3328 empty bins: 11 zeros, then 3329 in 12 bits */
    cr_assert_eq(il_histogram_encode(code, &h), 6);
    cr_assert_eq(memcmp(code, (unsigned char[]){ 0x80, 0, 1, 0, 0x1a, 0x02 }, 6), 0);
    /* none before the first: 1; three less one with no low bits: 110; 3327 empty ones are two, then a run of 3325 */
    h.bins[0] = 3;
    size_t size = il_histogram_encode(code, &h);
    cr_assert_eq(code[3] >> 4, 14);
    cr_assert_lt(size, 10);
}

/* A run that goes beyond the last bin, one that ends before it, bits left over, and a layout that nobody wrote. */
Test(histogram, odd_bits_are_refused)
{
    il_bins h;
    unsigned char code[] = { 0x80, 0, 1, 0, 0x1a, 0x02, 0 };
    cr_assert_eq(il_histogram_decode(&h, code, 6), IL_OK);
    cr_assert(h.layout == IL_BINS_LOGIT && il_histogram_pixels(&h) == 0);
    cr_assert_eq(il_histogram_decode(&h, code, 7), IL_EFORMAT);
    cr_assert_eq(il_histogram_decode(&h, code, 5), IL_EFORMAT);
    cr_assert_eq(il_histogram_decode(&h, code, 3), IL_EFORMAT);
    for (int last = 1; last < 256; last++) { /* with 0: 3327 empty bins and one pixel */
        code[5] = (unsigned char)last;
        cr_assert(last == 2 || il_histogram_decode(&h, code, 6) == IL_EFORMAT, "%d", last);
    }
    code[5] = 2;
    code[2] = 2;
    cr_assert_eq(il_histogram_decode(&h, code, 6), IL_EFORMAT);
}

Test(histogram, layouts_are_not_added_up)
{
    il_bins equal = { { 1 } }, logit = { .bins = { 1 }, .layout = IL_BINS_LOGIT };
    cr_assert_eq(il_histogram_add(&equal, &logit), IL_EFORMAT);
    cr_assert_eq(il_histogram_add(&logit, &logit), IL_OK);
    cr_assert_eq(logit.bins[0], 2);
}

/* A threshold is a probability in both. */
Test(histogram, thresholds_are_scores)
{
    il_bins h = { .layout = IL_BINS_LOGIT };
    double threshold = 0;
    for (int i = 0; i < IL_SCORE_BINS; i++)
        h.bins[i] = 1;
    for (int k = 1; k < IL_SCORE_BINS; k++)
        if (il_bins_edge(h.layout, k) > 1e-200 && il_bins_edge(h.layout, k) < 1 - 1e-12)
            cr_assert_eq(il_histogram_above(&h, il_bins_edge(h.layout, k)), IL_SCORE_BINS - k, "edge %d", k);
    cr_expect_eq(il_histogram_above(&h, 0.5), IL_SCORE_HALF);
    cr_expect_eq(il_histogram_above(&h, 0), IL_SCORE_BINS);
    cr_expect_eq(il_histogram_above(&h, 1), 0);
    cr_expect_eq(il_histogram_above(&h, 1 / (1 + exp(10.01))), IL_SCORE_HALF + 320, "of two edges the nearer one");
    il_bins tampered = { .layout = IL_BINS_LOGIT }, clean = { .layout = IL_BINS_LOGIT };
    tampered.bins[il_score_bin(-9.8f)] = 3;
    clean.bins[il_score_bin(-10.2f)] = 4;
    cr_expect_eq(il_histogram_best_f1(&threshold, &tampered, &clean), 1);
    cr_expect(threshold > 1 / (1 + exp(10.2)) && threshold < 1 / (1 + exp(9.8)), "%g", threshold);
    cr_expect_float_eq(il_histogram_highest(&tampered), 1 / (1 + exp(9.78125)), 1e-12);
}

Test(histogram, largest_counts)
{
    il_bins h = { { 0 } }, more, sum = { { 0 } };
    unsigned char code[IL_HISTOGRAM_BYTES];
    h.bins[200] = INT64_MAX;
    size_t size = il_histogram_encode(code, &h);
    cr_assert_eq(il_histogram_decode(&more, code, size), IL_OK);
    cr_assert_eq(il_histogram_above(&more, 0.5), INT64_MAX);
    cr_assert_eq(il_histogram_add(&sum, &more), IL_OK);
    more.bins[200] = 1;
    cr_assert_eq(il_histogram_add(&sum, &more), IL_EFORMAT);
    cr_assert_eq(sum.bins[200], INT64_MAX);
    h.bins[0] = 1; /* together too many */
    size = il_histogram_encode(code, &h);
    cr_assert_eq(il_histogram_decode(&more, code, size), IL_EFORMAT);
}

Test(histogram, odd_bytes_are_refused)
{
    il_bins h;
    unsigned char code[IL_HISTOGRAM_BYTES + 1] = { 0 };
    cr_assert_eq(il_histogram_decode(&h, NULL, 0), IL_EFORMAT);
    cr_assert_eq(il_histogram_decode(&h, code, 255), IL_EFORMAT);
    cr_assert_eq(il_histogram_decode(&h, code, 256), IL_OK);
    cr_assert_eq(il_histogram_decode(&h, code, 257), IL_EFORMAT);
    memset(code, 0xff, sizeof code); /* a number that never ends */
    cr_assert_eq(il_histogram_decode(&h, code, sizeof code), IL_EFORMAT);
    memset(code, 0, sizeof code);
    code[0] = 0x80; /* 0 in two bytes: not the shortest form */
    cr_assert_eq(il_histogram_decode(&h, code, 257), IL_EFORMAT);
}

/* Random bytes and damaged codes, each in a block of its own size so that a sanitizer sees a read beyond it. */
Test(histogram, noise_does_no_harm)
{
    uint64_t seed = 11;
    int good = 0;
    for (int round = 0; round < 20000; round++) {
        size_t size = il_random_bits(&seed) % 300;
        unsigned char *bytes = malloc(size ? size : 1);
        il_bins h;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)(il_random_bits(&seed) & (round % 2 ? 0xff : 0x7f));
        if (round % 3 == 0 && size > 3)
            memcpy(bytes, "\x80\x00\x01", 3);
        if (il_histogram_decode(&h, bytes, size) == IL_OK) {
            good++;
            cr_assert_geq(il_histogram_pixels(&h), 0);
            il_histogram_auc(&h, &h);
            il_histogram_best_f1(NULL, &h, &h);
        }
        free(bytes);
    }
    cr_assert_gt(good, 0);
}
