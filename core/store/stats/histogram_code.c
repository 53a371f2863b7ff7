/* histogram_code.c - histograms of scores as bytes: LEB128 where there are 256 equal bins; over the logit, where most are empty
 * and neighbours much alike, bits. */
#include <string.h>
#include "store/stats/histogram.h"

/* Of bins over the logit. As LEB128 its first number is not in the shortest form, which the code of equal bins does not allow. */
static const unsigned char marker[] = { 0x80, 0x00, 0x01 };

/* ---- equal bins ---- */

static size_t encode_equal(unsigned char *to, const il_bins *h)
{
    size_t size = 0;
    for (int i = 0; i < IL_EQUAL_BINS; i++) {
        uint64_t rest = (uint64_t)h->bins[i];
        for (; rest >= 0x80; rest >>= 7)
            to[size++] = (unsigned char)(rest | 0x80);
        to[size++] = (unsigned char)rest;
    }
    return size;
}

/* Decodes one number of at most 63 bits in its shortest form. */
static int decode_count(int64_t *out, const unsigned char **at, const unsigned char *end)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        if (*at == end)
            return IL_EFORMAT;
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (byte == 0 && shift > 0)
            return IL_EFORMAT;
        *out = (int64_t)value;
        return IL_OK;
    }
    return IL_EFORMAT;
}

static int decode_equal(il_bins *h, const unsigned char *at, const unsigned char *end)
{
    for (int i = 0; i < IL_EQUAL_BINS; i++)
        if (decode_count(&h->bins[i], &at, end))
            return IL_EFORMAT;
    return at == end ? IL_OK : IL_EFORMAT;
}

/* ---- bits ---- */

/* The highest bit of a byte comes first. Reading beyond the end gives 0 and is remembered. */
struct bits {
    unsigned char *to;
    const unsigned char *from;
    size_t at, end; /* in bits */
    bool beyond;
};

static void put_bits(struct bits *b, uint64_t value, int count)
{
    while (count-- > 0) {
        if (b->at % 8 == 0)
            b->to[b->at / 8] = 0;
        b->to[b->at / 8] |= (unsigned char)((value >> count & 1) << (7 - b->at % 8));
        b->at++;
    }
}

static uint64_t get_bits(struct bits *b, int count)
{
    uint64_t value = 0;
    if ((size_t)count > b->end - b->at) {
        b->beyond = true;
        b->at = b->end;
        return 0;
    }
    while (count > 0) {
        int left = 8 - (int)(b->at % 8), taken = count < left ? count : left;
        unsigned here = b->from[b->at / 8] & (0xffu >> (8 - left));
        value = value << taken | here >> (left - taken);
        b->at += (size_t)taken;
        count -= taken;
    }
    return value;
}

/* ---- numbers ---- */

enum { MOST_ONES = 24 };

/* What has been coded up to here says how the next number is. */
struct context {
    uint64_t last[3]; /* counts, the latest first */
    uint64_t mean;    /* eight times a running mean of the numbers; at the start, of 2 */
};

static const struct context start = { .mean = 16 };

static void remember(struct context *c, uint64_t count)
{
    c->last[2] = c->last[1];
    c->last[1] = c->last[0];
    c->last[0] = count;
}

static bool run_is_next(const struct context *c)
{
    return c->last[0] == 0 && c->last[1] == 0;
}

/* The lower bits of a number stand as they are, so many that half the mean fits into them; the rest are as many ones. */
static int low_bits(const struct context *c)
{
    int bits = 0;
    while (((uint64_t)16 << bits) < c->mean)
        bits++;
    return bits;
}

/* Bounded, so that no sum overflows. */
static void adapt(struct context *c, uint64_t number)
{
    const uint64_t most = (uint64_t)1 << 40;
    c->mean += (number < most ? number : most) - c->mean / 8;
}

static void put_number(struct bits *b, struct context *c, uint64_t number)
{
    int low = low_bits(c);
    uint64_t ones = number >> low;
    for (uint64_t i = 0; i < ones && i < MOST_ONES; i++)
        put_bits(b, 1, 1);
    if (ones < MOST_ONES) {
        put_bits(b, 0, 1);
        put_bits(b, number, low);
    } else {
        put_bits(b, number, 64);
    }
    adapt(c, number);
}

static uint64_t get_number(struct bits *b, struct context *c)
{
    int low = low_bits(c), ones = 0;
    while (ones < MOST_ONES && get_bits(b, 1))
        ones++;
    uint64_t number = ones < MOST_ONES ? (uint64_t)ones << low | get_bits(b, low) : get_bits(b, 64);
    adapt(c, number);
    return number;
}

/* The mean of the last three counts, each at most 2^63 - 1. */
static uint64_t expected(const struct context *c)
{
    uint64_t sum = 1;
    for (int i = 0; i < 3; i++)
        sum += c->last[i] % 3;
    return c->last[0] / 3 + c->last[1] / 3 + c->last[2] / 3 + sum / 3;
}

/* A count by its distance from what is expected, first the near ones of both signs in turn. */
static uint64_t fold(uint64_t count, uint64_t expected)
{
    if (count > 2 * expected)
        return count;
    return count >= expected ? 2 * (count - expected) : 2 * (expected - count) - 1;
}

static uint64_t unfold(uint64_t number, uint64_t expected)
{
    if (number > 2 * expected)
        return number;
    return number % 2 ? expected - (number + 1) / 2 : expected + number / 2;
}

/* How many bins are empty in a row, plus 1: its length less one in zeros, then itself. */
static void put_run(struct bits *b, int length)
{
    int digits = 0;
    while ((length + 1) >> digits > 1)
        digits++;
    put_bits(b, 0, digits);
    put_bits(b, (uint64_t)length + 1, digits + 1);
}

static int get_run(struct bits *b)
{
    int digits = 0;
    while (digits < 16 && !b->beyond && !get_bits(b, 1))
        digits++;
    return (int)((uint64_t)1 << digits | get_bits(b, digits)) - 1;
}

/* ---- bins over the logit ---- */

static size_t encode_logit(unsigned char *to, const il_bins *h)
{
    struct bits b = { .to = to };
    struct context c = start;
    for (int i = 0; i < IL_SCORE_BINS; i++) {
        bool runs = run_is_next(&c);
        if (runs) {
            int from = i;
            while (i < IL_SCORE_BINS && h->bins[i] == 0)
                i++;
            put_run(&b, i - from);
            if (i == IL_SCORE_BINS)
                break;
        }
        uint64_t count = (uint64_t)h->bins[i];
        put_number(&b, &c, runs ? count - 1 : fold(count, expected(&c)));
        remember(&c, count);
    }
    return (b.at + 7) / 8;
}

/* What is left of the last byte is 0. */
static bool is_whole(struct bits *b)
{
    size_t left = b->end - b->at;
    return !b->beyond && left < 8 && get_bits(b, (int)left) == 0;
}

static int decode_logit(il_bins *h, const unsigned char *at, const unsigned char *end)
{
    struct bits b = { .from = at, .end = 8 * (size_t)(end - at) };
    struct context c = start;
    for (int i = 0; i < IL_SCORE_BINS; i++) {
        bool runs = run_is_next(&c);
        if (runs)
            i += get_run(&b);
        if (i >= IL_SCORE_BINS)
            return i == IL_SCORE_BINS && is_whole(&b) ? IL_OK : IL_EFORMAT;
        uint64_t number = get_number(&b, &c), count = runs ? number + 1 : unfold(number, expected(&c));
        if (b.beyond || count > INT64_MAX)
            return IL_EFORMAT;
        h->bins[i] = (int64_t)count;
        remember(&c, count);
    }
    return is_whole(&b) ? IL_OK : IL_EFORMAT;
}

/* ---- both ---- */

size_t il_histogram_encode(unsigned char to[IL_HISTOGRAM_BYTES], const il_bins *h)
{
    if (h->layout == IL_BINS_EQUAL)
        return encode_equal(to, h);
    memcpy(to, marker, sizeof marker);
    return sizeof marker + encode_logit(to + sizeof marker, h);
}

int il_histogram_decode(il_bins *out, const void *bytes, size_t size)
{
    if (!bytes)
        return IL_EFORMAT;
    const unsigned char *at = bytes;
    il_bins h = { 0 };
    int64_t total = 0;
    h.layout = size >= sizeof marker && memcmp(at, marker, sizeof marker) == 0 ? IL_BINS_LOGIT : IL_BINS_EQUAL;
    if (h.layout == IL_BINS_LOGIT ? decode_logit(&h, at + sizeof marker, at + size) : decode_equal(&h, at, at + size))
        return IL_EFORMAT;
    for (int i = 0; i < il_bins_count(h.layout); i++) {
        if (h.bins[i] > INT64_MAX - total)
            return IL_EFORMAT;
        total += h.bins[i];
    }
    *out = h;
    return IL_OK;
}
