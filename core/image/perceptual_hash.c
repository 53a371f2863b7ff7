/* perceptual_hash.c - a perceptual hash by DCT (as in Zauner 2010 and ImageHash, but resized bilinearly), and near
 * pairs by multi-index hashing (Norouzi, Punjani and Fleet 2012). */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/array.h"
#include "image/perceptual_hash.h"

enum { SIDE = 32, LOW = 8, BITS = LOW * LOW };

/* ---- hash ---- */

/* out[u][v] = sum over y, x of in[y][x] cos(pi u (2y+1) / 64) cos(pi v (2x+1) / 64), for the lowest u and v. */
static void low_frequencies(double out[BITS], const uint8_t in[SIDE * SIDE])
{
    double wave[LOW][SIDE], rows[SIDE][LOW];
    for (int u = 0; u < LOW; u++)
        for (int x = 0; x < SIDE; x++)
            wave[u][x] = cos(3.14159265358979323846 * u * (2 * x + 1) / (2 * SIDE));
    for (int y = 0; y < SIDE; y++)
        for (int v = 0; v < LOW; v++) {
            rows[y][v] = 0;
            for (int x = 0; x < SIDE; x++)
                rows[y][v] += wave[v][x] * in[y * SIDE + x];
        }
    for (int u = 0; u < LOW; u++)
        for (int v = 0; v < LOW; v++) {
            double sum = 0;
            for (int y = 0; y < SIDE; y++)
                sum += wave[u][y] * rows[y][v];
            out[u * LOW + v] = fabs(sum) < 1e-6 ? 0 : sum; /* removes rounding noise of uniform images */
        }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first frequency becomes the highest bit. */
static uint64_t above_median(const double values[BITS])
{
    double sorted[BITS];
    uint64_t bits = 0;
    for (int i = 0; i < BITS; i++)
        sorted[i] = values[i];
    qsort(sorted, BITS, sizeof *sorted, by_value);
    double median = (sorted[BITS / 2 - 1] + sorted[BITS / 2]) / 2;
    for (int i = 0; i < BITS; i++)
        bits = bits << 1 | (values[i] > median);
    return bits;
}

int il_perceptual_hash_of(uint64_t *out, const il_image *image, il_err *e)
{
    il_image grey = { 0 }, small = { 0 };
    double values[BITS];
    int rc = il_image_to_grey(&grey, image, e);
    if (!rc)
        rc = il_image_resize(&small, &grey, SIDE, SIDE, e);
    if (!rc) {
        low_frequencies(values, small.pixels);
        *out = above_median(values);
    }
    il_image_free(&small);
    il_image_free(&grey);
    return rc;
}

/* ---- pairs ---- */

/* Hashes that differ in at most `most` bits agree in at least one of most + 1 blocks of bits. For each block: the
 * hashes sorted by that block, and the position of each. */
enum { MOST_BLOCKS = 8 };

struct entry {
    uint64_t key;
    size_t index;
};

struct lookup {
    int blocks;
    struct entry *sorted;          /* blocks x n */
    size_t *place;                 /* blocks x n: position of each hash in its row of `sorted` */
    il_perceptual_hash_pair *near; /* n: pairs of one hash */
};

static int ones(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* With one block, every pair is compared. */
static uint64_t key_of(uint64_t hash, int block, int blocks)
{
    int low = 64 * block / blocks, width = 64 * (block + 1) / blocks - low;
    return blocks == 1 ? 0 : hash >> low & ((UINT64_C(1) << width) - 1);
}

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void lookup_free(struct lookup *l)
{
    free(l->sorted);
    free(l->place);
    free(l->near);
}

static int lookup_new(struct lookup *out, const uint64_t *hashes, size_t n, int most, il_err *e)
{
    struct lookup l = { .blocks = most < MOST_BLOCKS ? most + 1 : 1 };
    size_t cells = (size_t)l.blocks * n;
    l.sorted = malloc(cells * sizeof *l.sorted);
    l.place = malloc(cells * sizeof *l.place);
    l.near = malloc(n * sizeof *l.near);
    if (!l.sorted || !l.place || !l.near) {
        lookup_free(&l);
        return il_fail_oom(e);
    }
    for (int b = 0; b < l.blocks; b++) {
        struct entry *row = l.sorted + (size_t)b * n;
        for (size_t i = 0; i < n; i++)
            row[i] = (struct entry){ key_of(hashes[i], b, l.blocks), i };
        qsort(row, n, sizeof *row, by_key);
        for (size_t i = 0; i < n; i++)
            l.place[(size_t)b * n + row[i].index] = i;
    }
    *out = l;
    return IL_OK;
}

/* A pair that agrees in several blocks counts only in the first. */
static bool seen_before(uint64_t differing, int block, int blocks)
{
    for (int b = 0; b < block; b++)
        if (key_of(differing, b, blocks) == 0)
            return true;
    return false;
}

static int by_partner(const void *a, const void *b)
{
    const il_perceptual_hash_pair *x = a, *y = b;
    return x->b < y->b ? -1 : x->b > y->b;
}

/* The hashes after a that are near it, by index. */
static size_t find_near(struct lookup *l, const uint64_t *hashes, size_t n, size_t a, int most)
{
    size_t found = 0;
    for (int b = 0; b < l->blocks; b++) {
        const struct entry *row = l->sorted + (size_t)b * n;
        size_t at = l->place[(size_t)b * n + a];
        for (size_t i = at + 1; i < n && row[i].key == row[at].key; i++) {
            uint64_t differing = hashes[a] ^ hashes[row[i].index];
            int distance = ones(differing);
            if (distance <= most && !seen_before(differing, b, l->blocks))
                l->near[found++] = (il_perceptual_hash_pair){ a, row[i].index, distance };
        }
    }
    qsort(l->near, found, sizeof *l->near, by_partner);
    return found;
}

static int keep(il_perceptual_hash_pair **list, size_t *count, size_t *room, const il_perceptual_hash_pair *more,
                size_t n, il_err *e)
{
    il_perceptual_hash_pair *grown = il_array_reserve(*list, room, *count + n, sizeof *grown);
    if (!grown)
        return il_fail_oom(e);
    *list = grown;
    for (size_t i = 0; i < n; i++)
        (*list)[(*count)++] = more[i];
    return IL_OK;
}

int il_perceptual_hash_pairs(il_perceptual_hash_pair **out, size_t *count, int *more, const uint64_t *hashes, size_t n,
                             int most, size_t limit, il_err *e)
{
    struct lookup l = { 0 };
    il_perceptual_hash_pair *list = NULL;
    size_t kept = 0, room = 0;
    bool over = false;
    int rc = n && most >= 0 ? lookup_new(&l, hashes, n, most, e) : IL_OK;
    for (size_t a = 0; l.sorted && a < n && !rc && !over; a++) {
        size_t found = find_near(&l, hashes, n, a, most);
        over = found > limit - kept;
        if (over)
            found = limit - kept;
        if (found)
            rc = keep(&list, &kept, &room, l.near, found, e);
    }
    lookup_free(&l);
    if (rc) {
        free(list);
        return rc;
    }
    *out = list;
    *count = kept;
    if (more)
        *more = over;
    return IL_OK;
}
