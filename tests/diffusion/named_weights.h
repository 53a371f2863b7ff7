/* named_weights.h - the weights of tests/data/diffusion/vaes: values that follow from names (make.py has the same arithmetic). */
#ifndef NAMED_WEIGHTS_H
#define NAMED_WEIGHTS_H

#include <stdint.h>
#include "networks.h"

static inline uint64_t name_hash(const char *name)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
    return h;
}

/* splitmix64, number i (from 0), as [-1,1) */
static inline double name_uniform(uint64_t hash, uint64_t i)
{
    uint64_t z = hash + UINT64_C(0x9E3779B97F4A7C15) * (i + 1);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (double)(z >> 40) / (1 << 23) - 1;
}

/* The tensor `name` as float32, to be freed. */
static inline float *name_numbers(const char *name, int ndim, const int64_t *shape)
{
    const size_t length = strlen(name);
    const bool bias = length >= 4 && strcmp(name + length - 4, "bias") == 0;
    int64_t count = 1, fan = 1;
    for (int i = 0; i < ndim; i++) {
        count *= shape[i];
        fan *= i ? shape[i] : 1;
    }
    float *v = malloc((size_t)count * sizeof *v);
    cr_assert_not_null(v);
    for (int64_t i = 0; i < count; i++) {
        double u = name_uniform(name_hash(name), (uint64_t)i);
        u = ndim > 1 ? u * sqrt(2.0 / (double)fan) : bias ? u * 0.1 : 1 + u * 0.1;
        v[i] = (float)u;
    }
    return v;
}

/* The tensors that NAME.names lists; of those whose name in the file begins with `prefix`, which is cut off. */
static inline void add_named(il_bundle *b, const char *list, const char *prefix)
{
    char name[200], own[200], sizes[60];
    il_err e = { 0 };
    FILE *f = fopen(list, "r");
    cr_assert_not_null(f, "%s", list);
    while (fscanf(f, "%199s %199s %59s", name, own, sizes) == 3) {
        int64_t shape[4];
        int ndim = 0;
        if (strncmp(name, prefix, strlen(prefix)) != 0)
            continue;
        for (char *at = sizes; ndim < 4 && *at; at += *at == ',')
            shape[ndim++] = strtoll(at, &at, 10);
        float *v = name_numbers(own, ndim, shape);
        OK(il_bundle_add_bytes(b, name + strlen(prefix), IL_DTYPE_F32, ndim, shape, v, &e));
        free(v);
    }
    fclose(f);
}

#endif
