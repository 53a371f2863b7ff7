/* profile.h - what a computation costs: floating-point operations and memory, in all and by weight. */
#ifndef IL_PROFILE_H
#define IL_PROFILE_H

#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_tensor il_tensor; /* tensor.h */

/* ---- floating-point operations ---- */

typedef struct il_flops il_flops; /* a count; il_scope_opts.flops fills it */

/* Floating-point operations of conv2d, conv_transpose2d, linear and attention: two for each multiply-add, from the shapes
 * at hand, whatever algorithm the library takes. As is usual, zeros of the padding count and biases do not. */
typedef struct il_flop_count {
    int64_t forward;
    int64_t backward; /* of those operations: as much again for each operand that wants a gradient */
} il_flop_count;

/* A count of nothing yet; free it after the scopes that fill it. */
int il_flops_new(il_flops **out, il_err *e);
void il_flops_free(il_flops *f);

/* Of the operations with that weight; NULL: of those without one (attention). And of all. */
il_flop_count il_flops_of(const il_flops *f, const il_tensor *weight);
il_flop_count il_flops_all(const il_flops *f);

/* ---- memory ---- */

/* Bytes that tensors take, as libtorch's allocators tell, on the thread that starts it until il_bytes_free, which must be
 * called there. One at a time. What was taken before is not in it; libtorch warns when that is freed meanwhile.
 * by (NULL allowed, outlives it): a block belongs to the weight of the counted operation that began last before it. */
typedef struct il_bytes il_bytes;
int il_bytes_start(il_bytes **out, const il_flops *by, il_err *e);
void il_bytes_free(il_bytes *b);

/* Bytes held now, the most that were held at once since the start, and those of one weight. */
int64_t il_bytes_now(const il_bytes *b);
int64_t il_bytes_peak(const il_bytes *b);
int64_t il_bytes_of(const il_bytes *b, const il_tensor *weight); /* still held; NULL: taken before any such operation */

#ifdef __cplusplus
}
#endif
#endif
