/* fill.h - tensors filled by a formula of their name, so that a figure needs no weights file: FNV-1a of the name,
 * SplitMix64 of that plus seed and index. tests/data/oracle/fill.py has the same in Python. */
#ifndef TEST_FILL_H
#define TEST_FILL_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/state.h>

static inline uint64_t fill_hash(const char *name)
{
    uint64_t h = 14695981039346656037ull;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211ull;
    return h;
}

/* Element i of the noise of a hashed name, in [-1, 1). */
static inline double fill_noise(uint64_t hash, uint64_t seed, uint64_t i)
{
    const uint64_t golden = 0x9E3779B97F4A7C15ull;
    uint64_t z = hash + seed * golden + i + golden;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    z ^= z >> 31;
    return (double)(z >> 40) / (1 << 24) * 2 - 1;
}

static inline bool fill_ends(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static inline void fill_tensor(const char *name, il_tensor *t, uint64_t seed)
{
    const size_t count = (size_t)il_numel(t);
    const bool weight = fill_ends(name, ".weight"), conv = il_ndim(t) == 4 || (il_ndim(t) == 2 && weight);
    const bool norm = !conv && weight, var = fill_ends(name, ".running_var");
    const bool counter = fill_ends(name, ".num_batches_tracked");
    const int64_t fan_in = conv ? il_numel(t) / il_dim(t, 0) : 1;
    const double bound = sqrt(3.0 / (double)fan_in);
    const uint64_t hash = fill_hash(name);
    float *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; i++) {
        double u = counter ? 0 : fill_noise(hash, seed, i);
        values[i] = (float)(conv ? u * bound : var ? 1 + 0.5 * fabs(u) : norm ? 1 + 0.1 * u : 0.1 * u);
    }
    int64_t shape[4] = { 0 };
    for (int d = 0; d < il_ndim(t); d++)
        shape[d] = il_dim(t, d);
    il_err e = { 0 };
    il_scope *s = NULL;
    cr_assert_eq(il_scope_open(&s, NULL, &e), IL_OK, "%s", e.message);
    il_tensor *from = il_from_f32(s, values, il_ndim(t), shape);
    cr_assert_eq(il_scope_status(s, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_copy(t, from, &e), IL_OK, "%s: %s", name, e.message);
    il_scope_close(s);
    free(values);
}

static inline void fill_state(il_state *st, uint64_t seed)
{
    for (size_t i = 0; i < il_state_count(st); i++) {
        il_state_entry at = il_state_at(st, i);
        fill_tensor(at.name, at.tensor, seed);
    }
}

#endif
