/* test_inputs.h - generated inputs for plugins, the same on every machine. */
#ifndef IL_CHECK_TEST_INPUTS_H
#define IL_CHECK_TEST_INPUTS_H

#include <inpaintlab/image.h>
#include <inpaintlab/tensor.h>

typedef struct il_test_input_size {
    int64_t n, height, width;
} il_test_input_size;

/* Grainy images (N,3,H,W) in [0,1], each with a smooth, brighter square. */
il_tensor *il_test_input_image(il_scope *s, il_test_input_size size);
/* The squares of il_test_input_image: (N,1,H,W) of 0 and 1. */
il_tensor *il_test_input_target(il_scope *s, il_test_input_size size);
/* Numbers from `low` to `high` in the given type, a function of seed. */
il_tensor *il_test_input_noise(il_scope *s, uint64_t seed, double low, double high, il_dtype dtype, int ndim,
                               const int64_t *shape);

/* Image 0 of il_test_input_image as bytes. */
int il_test_input_photo(il_image *out, int width, int height, il_err *e);

/* All elements as double, whatever the type; *out belongs to the caller. */
int il_test_input_read(double **out, const il_tensor *t, il_err *e);
/* Index of the first value that is not finite, or -1. */
int64_t il_test_input_odd(const double *values, int64_t count);

#endif
