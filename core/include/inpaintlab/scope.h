/* scope.h - owns the tensors of a computation, and keeps its first error.
 *
 * Operations allocate into a scope. NULL in gives NULL out; closing the scope frees its temporaries. So code reads as
 * formulas and is checked once, with il_scope_status. A scope belongs to one thread at a time. */
#ifndef IL_SCOPE_H
#define IL_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/options.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_tensor il_tensor; /* tensor.h */
typedef struct il_scope il_scope;

/* How convolutions and matrix products compute; everything is stored as float32. */
typedef enum il_precision {
    IL_PRECISION_FP32,
    IL_PRECISION_TF32, /* on CUDA: factors rounded to 10 bits of mantissa; on the CPU the same as FP32 */
    IL_PRECISION_BF16, /* their inputs, and what follows from them, are bfloat16 */
    IL_PRECISION_FP16  /* likewise float16; training scales the loss, see il_adam_scaled */
} il_precision;

typedef struct il_scope_opts {
    size_t size; /* sizeof(il_scope_opts); IL_OPTS sets it */
    il_device device;
    bool training; /* batch norm uses and updates batch statistics, dropout drops; gradients are recorded */
    bool grad;     /* record gradients without training behaviour (tests of gradients) */
    uint64_t seed; /* of the scope's random numbers (dropout) */
    il_precision precision;
    bool recompute;         /* il_recompute keeps no activations */
    struct il_flops *flops; /* counts the work done here and in nested scopes, and outlives them; NULL: not counted */
} il_scope_opts;

/* opts NULL: the CPU, float32, no gradients. */
int il_scope_open(il_scope **out, const il_scope_opts *opts, il_err *e);

/* A scope within a scope, with the same options: frees its temporaries early; its error becomes the parent's. Returns
 * NULL (and the parent holds the error) when it cannot be had. */
il_scope *il_scope_nest(il_scope *parent);

/* The same, with float32 computation whatever the parent's precision: for what half precision or TF32 would spoil. Gradients
 * of its convolutions and products may still be rounded to TF32 where the model's are. */
il_scope *il_scope_nest_exact(il_scope *parent);

/* Frees all that the scope owns; NULL is allowed. */
void il_scope_close(il_scope *s);

/* IL_OK, or the first error. */
int il_scope_status(const il_scope *s, il_err *e);

/* Records an error of the caller's own (if none is kept yet) and returns NULL. */
il_tensor *il_scope_fail(il_scope *s, int code, const char *format, ...) IL_PRINTF(3, 4);

/* As the scope was opened: whether it trains, whether it records gradients, and its device. */
bool il_scope_training(const il_scope *s);
bool il_scope_records(const il_scope *s);
il_device il_scope_device(const il_scope *s);

/* ---- tensors that outlive their scope ---- */

/* Moves t out of s: the caller frees it. t comes back; NULL stays NULL. */
il_tensor *il_keep(il_scope *s, il_tensor *t);

/* Moves t from a nested scope to its parent. */
il_tensor *il_lift(il_scope *nested, il_tensor *t);

/* Gives a kept tensor to a scope, which will free it. */
il_tensor *il_adopt(il_scope *s, il_tensor *t);

/* Frees a kept tensor; NULL is allowed. */
void il_tensor_free(il_tensor *t);

#ifdef __cplusplus
}
#endif
#endif
