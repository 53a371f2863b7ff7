/* histogram.c - encoding of histograms of scores, and metrics over all thresholds. */
#include <math.h>
#include <string.h>
#include "store/stats/histogram.h"

/* ---- encoding ---- */

size_t il_histogram_encode(unsigned char to[IL_HISTOGRAM_BYTES], const int64_t bins[IL_BINS])
{
    size_t size = 0;
    for (int i = 0; i < IL_BINS; i++) {
        uint64_t rest = (uint64_t)bins[i];
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

int il_histogram_decode(il_bins *out, const void *bytes, size_t size)
{
    if (!bytes)
        return IL_EFORMAT;
    const unsigned char *at = bytes, *end = at + size;
    il_bins h;
    int64_t total = 0;
    for (int i = 0; i < IL_BINS; i++) {
        int rc = decode_count(&h.bins[i], &at, end);
        if (rc)
            return rc;
        if (h.bins[i] > INT64_MAX - total)
            return IL_EFORMAT;
        total += h.bins[i];
    }
    if (at != end)
        return IL_EFORMAT;
    *out = h;
    return IL_OK;
}

int il_histogram_add(il_bins *sum, const il_bins *more)
{
    if (il_histogram_pixels(more) > INT64_MAX - il_histogram_pixels(sum))
        return IL_EFORMAT;
    for (int i = 0; i < IL_BINS; i++)
        sum->bins[i] += more->bins[i];
    return IL_OK;
}

/* ---- one histogram ---- */

static int64_t from_bin(const il_bins *h, int first)
{
    int64_t n = 0;
    for (int i = first; i < IL_BINS; i++)
        n += h->bins[i];
    return n;
}

int64_t il_histogram_pixels(const il_bins *h)
{
    return from_bin(h, 0);
}

int64_t il_histogram_above(const il_bins *h, double threshold)
{
    double edge = round(threshold * IL_BINS);
    return from_bin(h, edge < 0 ? 0 : edge > IL_BINS ? IL_BINS : (int)edge);
}

double il_histogram_highest(const il_bins *h)
{
    for (int i = IL_BINS; i > 0; i--)
        if (h->bins[i - 1] > 0)
            return (double)i / IL_BINS;
    return NAN;
}

/* ---- pairs ---- */

double il_histogram_auc(const il_bins *tampered, const il_bins *clean)
{
    double right = 0, found = 0, alarms = 0; /* right: number of correctly ordered pairs */
    for (int i = IL_BINS; i-- > 0;) {
        double t = (double)tampered->bins[i], c = (double)clean->bins[i];
        right += c * (found + t / 2);
        found += t;
        alarms += c;
    }
    return found > 0 && alarms > 0 ? right / found / alarms : NAN;
}

double il_histogram_ap(const il_bins *tampered, const il_bins *clean)
{
    double sum = 0, found = 0, marked = 0;
    for (int i = IL_BINS; i-- > 0;) {
        double t = (double)tampered->bins[i];
        found += t;
        marked += t + (double)clean->bins[i];
        if (t > 0)
            sum += t * (found / marked);
    }
    return found > 0 ? sum / found : NAN;
}

/* F1 from the numbers of found, marked and wanted pixels; wanted > 0. */
static double f1(double found, double marked, double wanted)
{
    return 2 * found / (marked + wanted);
}

double il_histogram_best_f1(double *threshold, const il_bins *tampered, const il_bins *clean)
{
    double wanted = (double)il_histogram_pixels(tampered), found = 0, marked = 0, best = 0;
    int lowest = IL_BINS;
    if (wanted == 0)
        return NAN;
    for (int i = IL_BINS; i-- > 0;) {
        found += (double)tampered->bins[i];
        marked += (double)tampered->bins[i] + (double)clean->bins[i];
        double now = f1(found, marked, wanted);
        if (now >= best) {
            best = now;
            lowest = i;
        }
    }
    if (threshold)
        *threshold = (double)lowest / IL_BINS;
    return best;
}

double il_histogram_best_f1_inverted(const il_bins *tampered, const il_bins *clean)
{
    il_bins t, c;
    for (int i = 0; i < IL_BINS; i++) {
        t.bins[i] = tampered->bins[IL_BINS - 1 - i];
        c.bins[i] = clean->bins[IL_BINS - 1 - i];
    }
    return il_histogram_best_f1(NULL, &t, &c);
}
