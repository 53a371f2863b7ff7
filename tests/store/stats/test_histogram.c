/* test_histogram.c - the code of histograms: there and back, and anything else refused without harm. */
#include <criterion/criterion.h>
#include <string.h>
#include <inpaintlab/random.h>
#include "store/stats/histogram.h"

Test(histogram, there_and_back)
{
    uint64_t seed = 3;
    for (int round = 0; round < 200; round++) {
        il_bins from = { { 0 } }, to;
        unsigned char code[IL_HISTOGRAM_BYTES];
        for (int i = 0; i < IL_BINS; i++)
            from.bins[i] = (int64_t)(il_random_bits(&seed) >> (9 + il_random_bits(&seed) % 55));
        size_t size = il_histogram_encode(code, from.bins);
        cr_assert_leq(size, sizeof code);
        cr_assert_eq(il_histogram_decode(&to, code, size), IL_OK);
        cr_assert_eq(memcmp(&from, &to, sizeof from), 0);
        for (size_t cut = 0; cut < size; cut += 7)
            cr_assert_eq(il_histogram_decode(&to, code, cut), IL_EFORMAT);
    }
}

Test(histogram, code_is_as_documented)
{
    il_bins h = { { 0 } };
    unsigned char code[IL_HISTOGRAM_BYTES];
    h.bins[1] = 300;
    cr_assert_eq(il_histogram_encode(code, h.bins), 257);
    cr_assert_eq(memcmp(code, (unsigned char[]){ 0, 0xac, 0x02, 0 }, 4), 0);
}

Test(histogram, largest_counts)
{
    il_bins h = { { 0 } }, more, sum = { { 0 } };
    unsigned char code[IL_HISTOGRAM_BYTES];
    h.bins[200] = INT64_MAX;
    size_t size = il_histogram_encode(code, h.bins);
    cr_assert_eq(il_histogram_decode(&more, code, size), IL_OK);
    cr_assert_eq(il_histogram_above(&more, 0.5), INT64_MAX);
    cr_assert_eq(il_histogram_add(&sum, &more), IL_OK);
    more.bins[200] = 1;
    cr_assert_eq(il_histogram_add(&sum, &more), IL_EFORMAT);
    cr_assert_eq(sum.bins[200], INT64_MAX);
    h.bins[0] = 1; /* together too many */
    size = il_histogram_encode(code, h.bins);
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
