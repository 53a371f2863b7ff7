/* cpu.c - loops that the compiler turns into vector instructions. */
#include <float.h>
#include "torch/kernels/cpu.h"

/* One version per vector width; the loader takes the widest that the processor has. Without contraction (see
 * CMakeLists.txt) all give the same bits. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) &&              \
    !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

enum { EDGE = 2, EDGES = 2 * EDGE, LANES = 16 };

/* ---- noise residual ---- */

int64_t il_cpu_residual_room(int64_t width, int64_t rows)
{
    return (width + EDGES) * (rows + EDGES);
}

/* Channel sums of row y with zeros at both ends; a row outside the picture is all zeros. */
static inline void sum_row(float *out, const float *image, il_pixel_picture p, int64_t y, int64_t step, int64_t plane)
{
    memset(out, 0, (size_t)(p.width + EDGES) * sizeof *out);
    if (y < 0 || y >= p.height)
        return;
    const float *row = image + y * p.width * step;
    for (int64_t x = 0; x < p.width; x++)
        out[EDGE + x] = il_pixel_sum(row[x * step], row[x * step + plane], row[x * step + 2 * plane]);
}

static inline void filter_row(float *restrict out, const float *restrict sums, int64_t width, int64_t step,
                              int64_t plane)
{
    for (int64_t x = 0; x < width; x++) {
        il_pixel_noise n = il_pixel_filter(sums + x, width + EDGES);
        out[x * step] = n.k[0];
        out[x * step + plane] = n.k[1];
        out[x * step + 2 * plane] = n.k[2];
    }
}

static inline void subtract_row(float *restrict values, const float *restrict image, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = il_pixel_difference(image[i], values[i]);
}

/* Lane by lane: the compiler may not reorder the comparisons of a single minimum. */
static inline void widen(float *low, float *high, const float *values, int64_t count)
{
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++) {
            float v = values[i + k];
            low[k] = v < low[k] ? v : low[k];
            high[k] = v > high[k] ? v : high[k];
        }
    for (; i < count; i++) {
        low[0] = values[i] < low[0] ? values[i] : low[0];
        high[0] = values[i] > high[0] ? values[i] : high[0];
    }
}

static inline void published_rows(float *out, float *range, const float *image, int64_t pieces, int64_t apart,
                                  int64_t count)
{
    float low[LANES], high[LANES];
    for (int k = 0; k < LANES; k++) {
        low[k] = FLT_MAX;
        high[k] = -FLT_MAX;
    }
    for (int64_t i = 0; i < pieces; i++) {
        subtract_row(out + i * apart, image + i * apart, count);
        widen(low, high, out + i * apart, count);
    }
    for (int k = 1; k < LANES; k++) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    range[0] = low[0];
    range[1] = high[0];
}

static inline void filter_rows(float *out, const float *image, il_pixel_picture p, int64_t from, int64_t to,
                               float *room, int64_t step, int64_t plane)
{
    const int64_t stride = p.width + EDGES;
    for (int64_t y = from - EDGE; y < to + EDGE; y++)
        sum_row(room + (y - from + EDGE) * stride, image, p, y, step, plane);
    for (int64_t y = from; y < to; y++)
        filter_row(out + y * p.width * step, room + (y - from + EDGE) * stride + EDGE, p.width, step, plane);
}

WIDE void il_cpu_residual(float *out, float *range, const float *image, il_pixel_picture p, int64_t from, int64_t to,
                          float *room)
{
    const int64_t plane = p.height * p.width;
    if (p.interleaved)
        filter_rows(out, image, p, from, to, room, 3, 1);
    else
        filter_rows(out, image, p, from, to, room, 1, plane);
    if (range && p.interleaved)
        published_rows(out + 3 * from * p.width, range, image + 3 * from * p.width, 1, 0, 3 * (to - from) * p.width);
    else if (range)
        published_rows(out + from * p.width, range, image + from * p.width, 3, plane, (to - from) * p.width);
}

WIDE void il_cpu_stretch(float *values, int64_t count, float low, float high)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = il_pixel_between(values[i], low, high);
}

/* ---- focal loss ---- */

static inline double focal_sum(const float *logit, const float *target, int64_t count, il_pixel_focal f)
{
    double lane[LANES] = { 0 };
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += (double)il_pixel_focal_value(logit[i + k], target[i + k], f);
    for (; i < count; i++)
        lane[i % LANES] += (double)il_pixel_focal_value(logit[i], target[i], f);
    double sum = 0;
    for (int k = 0; k < LANES; k++)
        sum += lane[k];
    return sum;
}

static inline void focal_slopes(float *restrict out, const float *restrict logit, const float *restrict target,
                                int64_t count, il_pixel_focal f, float scale)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = scale * il_pixel_focal_slope(logit[i], target[i], f);
}

/* The usual gamma on its own: with it known to the compiler, nothing in the loop needs double precision. */
WIDE double il_cpu_focal_sum(const float *logit, const float *target, int64_t count, il_pixel_focal f)
{
    const il_pixel_focal usual = { f.slope, f.base, 2 };
    return f.gamma == 2 ? focal_sum(logit, target, count, usual) : focal_sum(logit, target, count, f);
}

WIDE void il_cpu_focal_slopes(float *out, const float *logit, const float *target, int64_t count, il_pixel_focal f,
                              float scale)
{
    const il_pixel_focal usual = { f.slope, f.base, 2 };
    if (f.gamma == 2)
        focal_slopes(out, logit, target, count, usual, scale);
    else
        focal_slopes(out, logit, target, count, f, scale);
}

/* ---- counts ---- */

static inline void find_cells(int32_t *restrict cell, const float *restrict logit, const float *restrict target,
                              int count)
{
    for (int i = 0; i < count; i++)
        cell[i] = il_pixel_cell(logit[i], target[i]);
}

/* Neighbours mostly fall into the same cell, and an addition waits for the one before it: so two tables take turns. */
WIDE void il_cpu_count(int64_t *cells, const float *logit, const float *target, int64_t count)
{
    enum { TABLES = 2, CELLS = 2 * IL_SCORE_BINS, BLOCK = 1024 };
    uint32_t table[TABLES][CELLS];
    int32_t cell[BLOCK];
    while (count > 0) {
        int64_t most = count < INT32_MAX ? count : INT32_MAX; /* what the tables can hold */
        memset(table, 0, sizeof table);
        for (int64_t at = 0; at < most; at += BLOCK) {
            int n = most - at < BLOCK ? (int)(most - at) : BLOCK;
            find_cells(cell, logit + at, target + at, n);
            for (int i = 0; i < n; i++)
                table[i % TABLES][cell[i]]++;
        }
        for (int k = 0; k < CELLS; k++)
            cells[k] += (int64_t)table[0][k] + table[1][k];
        logit += most;
        target += most;
        count -= most;
    }
}
