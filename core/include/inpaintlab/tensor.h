/* tensor.h - n-dimensional arrays with gradients: the C face of libtorch.
 *
 * Operations allocate into a scope. The scope keeps the first error; NULL in gives NULL out; closing the scope frees
 * its temporaries. So model code reads as formulas and is checked once, with il_scope_status.
 * A scope belongs to one thread at a time. A tensor may be read from any thread. */
#ifndef IL_TENSOR_H
#define IL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_tensor il_tensor; /* images are (N,C,H,W); float32 unless said otherwise */
typedef struct il_scope il_scope;
typedef struct il_flops il_flops;

typedef enum il_dtype { IL_F32, IL_F64, IL_F16, IL_BF16, IL_I64, IL_U8 } il_dtype;

typedef enum il_device_kind { IL_CPU, IL_CUDA } il_device_kind;
typedef struct il_device {
    il_device_kind kind;
    int index; /* CUDA device number; 0 for the CPU */
} il_device;

/* ---- process and devices ---- */

/* Threads used inside one operation; 0 leaves libtorch's choice. Returns the number in force. */
int il_torch_threads(int threads);

/* The version of libtorch that this was built with ("2.11.0"), lent for ever. */
const char *il_torch_version(void);

/* "cpu", "cuda", "cuda:1", or "auto" (the first CUDA device if any, else the CPU). IL_EDEVICE if it is absent. */
int il_device_parse(il_device *out, const char *text, il_err *e);

/* "cpu" or "cuda:N", and a name for people ("NVIDIA H100 …", or the CPU's model). */
void il_device_text(il_device d, char *out, size_t size);
void il_device_title(il_device d, char *out, size_t size);

/* ---- scopes ---- */

/* How convolutions and matrix products compute; everything is stored as float32. */
typedef enum il_precision {
    IL_PRECISION_FP32,
    IL_PRECISION_TF32, /* on CUDA: factors rounded to 10 bits of mantissa; on the CPU the same as FP32 */
    IL_PRECISION_BF16, /* their inputs, and what follows from them, are bfloat16 */
    IL_PRECISION_FP16  /* likewise float16; training scales the loss, see il_adam_scaled */
} il_precision;

typedef struct il_scope_opts {
    il_device device;
    bool training; /* batch norm uses and updates batch statistics, dropout drops; gradients are recorded */
    bool grad;     /* record gradients without training behaviour (tests of gradients) */
    uint64_t seed; /* of the scope's random numbers (dropout) */
    il_precision precision;
    bool recompute; /* il_recompute keeps no activations */
    il_flops *flops; /* counts the work done here and in nested scopes, and outlives them; NULL: not counted */
} il_scope_opts;

int il_scope_open(il_scope **out, il_scope_opts opts, il_err *e);

/* A scope within a scope, with the same options: frees its temporaries early; its error becomes the parent's. Returns
 * NULL (and the parent holds the error) when it cannot be had. */
il_scope *il_scope_nest(il_scope *parent);

/* The same, with float32 computation whatever the parent's precision: for what half precision would spoil. */
il_scope *il_scope_nest_exact(il_scope *parent);

/* Frees all that the scope owns; NULL is allowed. */
void il_scope_close(il_scope *s);

/* IL_OK, or the first error. */
int il_scope_status(const il_scope *s, il_err *e);

/* Records an error of the caller's own (if none is kept yet) and returns NULL. */
il_tensor *il_scope_fail(il_scope *s, int code, const char *format, ...) IL_PRINTF(3, 4);

bool il_scope_training(const il_scope *s);
bool il_scope_records(const il_scope *s); /* gradients */
il_device il_scope_device(const il_scope *s);

/* Moves t out of s: the caller frees it. t comes back; NULL stays NULL. */
il_tensor *il_keep(il_scope *s, il_tensor *t);

/* Moves t from a nested scope to its parent. */
il_tensor *il_lift(il_scope *nested, il_tensor *t);

/* Gives a kept tensor to a scope, which will free it. */
il_tensor *il_adopt(il_scope *s, il_tensor *t);

void il_tensor_free(il_tensor *t);

/* ---- data in and out ---- */

/* New tensors on the scope's device; data is copied. */
il_tensor *il_from_f32(il_scope *s, const float *data, int ndim, const int64_t *shape);
il_tensor *il_from_bytes(il_scope *s, const void *data, il_dtype dtype, int ndim, const int64_t *shape);
/* Bytes through a table: pixels (n,height,width,channels), interleaved -> float32 (n,channels,height,width) of
 * table[byte], channels last in memory. pixels and table may be changed as soon as it returns; a GPU copies them from
 * page-locked memory, on a stream beside its computations. */
il_tensor *il_from_pixels(il_scope *s, const uint8_t *pixels, int64_t n, int64_t height, int64_t width, int channels,
                          const float table[256]);
il_tensor *il_full(il_scope *s, double value, il_dtype dtype, int ndim, const int64_t *shape);

/* Shape and type; t must not be NULL. il_dim counts from the end when i < 0. */
int il_ndim(const il_tensor *t);
int64_t il_dim(const il_tensor *t, int i);
int64_t il_numel(const il_tensor *t);
il_dtype il_dtype_of(const il_tensor *t);
size_t il_dtype_size(il_dtype dtype);

/* Copies all elements out, row-major, converted to the named type; count must be il_numel. */
int il_read_f32(const il_tensor *t, float *out, size_t count, il_err *e);
int il_read_i64(const il_tensor *t, int64_t *out, size_t count, il_err *e);
/* The same in the tensor's own type; bytes must be il_numel * il_dtype_size. */
int il_read_bytes(const il_tensor *t, void *out, size_t bytes, il_err *e);

/* Copies the values of `from` into `to` (same shape; type and device are converted); no gradient is recorded. */
int il_copy(il_tensor *to, const il_tensor *from, il_err *e);

/* Gives `to` the values of `from`, which has as many elements (shape, type and device stay those of `to`). Where nothing
 * has to be converted they share memory, so that large weights are there once. `to` must want no gradient. */
int il_assign(il_tensor *to, const il_tensor *from, il_err *e);

/* ---- arithmetic; shapes broadcast ---- */

il_tensor *il_add(il_scope *s, il_tensor *a, il_tensor *b);
il_tensor *il_add_(il_scope *s, il_tensor *a, il_tensor *b); /* in place: a's old value is gone; the shape is a's */
il_tensor *il_sub(il_scope *s, il_tensor *a, il_tensor *b);
il_tensor *il_mul(il_scope *s, il_tensor *a, il_tensor *b);
il_tensor *il_div(il_scope *s, il_tensor *a, il_tensor *b);
il_tensor *il_affine(il_scope *s, il_tensor *a, double scale, double shift); /* a * scale + shift */
il_tensor *il_pow(il_scope *s, il_tensor *a, double exponent);
il_tensor *il_clamp(il_scope *s, il_tensor *a, double low, double high);
il_tensor *il_lerp(il_scope *s, il_tensor *a, il_tensor *b, il_tensor *t); /* a + (b - a) * t */
il_tensor *il_sigmoid(il_scope *s, il_tensor *a);
il_tensor *il_tanh(il_scope *s, il_tensor *a);
il_tensor *il_relu(il_scope *s, il_tensor *a);
il_tensor *il_relu_(il_scope *s, il_tensor *a); /* in place: a's old value is gone */
il_tensor *il_silu(il_scope *s, il_tensor *a);
il_tensor *il_greater(il_scope *s, il_tensor *a, double level); /* 1 where a > level, else 0 */

/* ---- reductions ---- */

il_tensor *il_mean(il_scope *s, il_tensor *a); /* of all elements; 0-d */
il_tensor *il_sum(il_scope *s, il_tensor *a);  /* of all elements; 0-d */
il_tensor *il_sum_to(il_scope *s, il_tensor *a, int keep); /* over all dimensions from `keep` on: (d0..d(keep-1)) */
il_tensor *il_amin_to(il_scope *s, il_tensor *a, int keep); /* smallest likewise, with the reduced sizes kept as 1 */
il_tensor *il_amax_to(il_scope *s, il_tensor *a, int keep);

/* ---- shape ---- */

il_tensor *il_reshape(il_scope *s, il_tensor *a, int ndim, const int64_t *shape); /* one size may be -1 */
il_tensor *il_permute(il_scope *s, il_tensor *a, int ndim, const int *order);
il_tensor *il_cat(il_scope *s, il_tensor *const *parts, int count, int dim);
il_tensor *il_slice(il_scope *s, il_tensor *a, int dim, int64_t start, int64_t end);
il_tensor *il_to(il_scope *s, il_tensor *a, il_dtype dtype);
/* The same values in another order in memory. Results follow the layout of what they are computed from. */
typedef enum il_order { IL_NCHW, IL_NHWC } il_order;
il_tensor *il_to_order(il_scope *s, il_tensor *a, il_order order); /* (N,C,H,W) */
il_tensor *il_detach(il_scope *s, il_tensor *a);

/* ---- networks ---- */

typedef struct il_conv_opts {
    int stride, padding, dilation, groups; /* 0 means 1, but 0 padding is none */
} il_conv_opts;

/* x (N,C,H,W), weight (O,C/groups,kh,kw), bias (O) or NULL -> (N,O,H',W') */
il_tensor *il_conv2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_opts o);
/* x (N,C,H,W), weight (C,O,k,k), bias (O) or NULL */
il_tensor *il_conv_transpose2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_opts o);

/* A batch norm with its running statistics as a factor and a summand per channel; all (O). rectified: then max(0, y). */
typedef struct il_fold {
    il_tensor *weight, *bias, *mean, *var;
    bool rectified;
} il_fold;

/* The convolution, that batch norm and rectifier, as one convolution: for evaluation, no gradient is recorded. The scaled
 * weights are kept with `weight` until one of the tensors, or on the CPU the size of x, changes. */
il_tensor *il_conv2d_folded(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_fold norm, il_conv_opts o);

/* Batch norm over (N,H,W), eps 1e-5, momentum 0.1. In training it uses the batch and updates mean, var and *tracked
 * (an IL_I64 count; NULL allowed); else mean and var. */
il_tensor *il_batch_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_tensor *mean,
                         il_tensor *var, il_tensor *tracked);

il_tensor *il_max_pool2d(il_scope *s, il_tensor *x, int kernel, int stride, int padding);
il_tensor *il_upsample_bilinear(il_scope *s, il_tensor *x, int64_t height, int64_t width); /* align_corners false */
il_tensor *il_upsample_nearest(il_scope *s, il_tensor *x, int64_t height, int64_t width);
il_tensor *il_pixel_shuffle(il_scope *s, il_tensor *x, int factor);
il_tensor *il_dropout(il_scope *s, il_tensor *x, double p); /* the identity unless training */

/* x (…,I), weight (O,I), bias (O) or NULL -> (…,O) */
il_tensor *il_linear(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias);
/* Over the last dimension. */
il_tensor *il_layer_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, double eps);
/* x (N,C,…): each group of C/groups channels on its own. */
il_tensor *il_group_norm(il_scope *s, il_tensor *x, int groups, il_tensor *weight, il_tensor *bias, double eps);
il_tensor *il_gelu(il_scope *s, il_tensor *a); /* the exact one, by erf */
il_tensor *il_exp(il_scope *s, il_tensor *a);
/* rows of weight (V,C) by index (…, IL_I64) -> (…,C). IL_ETORCH when an index is out of range. */
il_tensor *il_embedding(il_scope *s, il_tensor *weight, il_tensor *index);
/* softmax(q k^T / sqrt(D)) v by libtorch's scaled_dot_product_attention: q (N,heads,L,D), k and v (N,heads,S,D). causal:
 * position i sees positions up to i. */
il_tensor *il_attention(il_scope *s, il_tensor *q, il_tensor *k, il_tensor *v, bool causal);
/* Zeros added at the edges of the last two dimensions; negative numbers cut. */
il_tensor *il_pad(il_scope *s, il_tensor *x, int left, int right, int top, int bottom);

/* Standard normal float32, drawn on the CPU, so equal on every device: the numbers of torch.randn with
 * torch.Generator().manual_seed(seed), after `skip` earlier draws of that same shape. */
il_tensor *il_randn(il_scope *s, uint64_t seed, int skip, int ndim, const int64_t *shape);

/* Binary cross-entropy of logits, element by element. */
il_tensor *il_bce_logits(il_scope *s, il_tensor *logit, il_tensor *target);

/* Pixels counted per picture: logit, target (N,1,H,W) -> IL_I64 (N,4): tp, fp, fn, tn. Predicted where
 * sigmoid(logit) > 0.5, true where target > 0. Nothing is copied to the host. */
il_tensor *il_confusion(il_scope *s, il_tensor *logit, il_tensor *target);

/* Scores counted per picture: logit, target (N,1,H,W) -> IL_I64 (N,2,256), first where target > 0, then elsewhere. Bin b
 * counts b/256 < sigmoid(logit) <= (b+1)/256, bin 0 also 0 and NAN; so bins from 128 on are what il_confusion predicts.
 * Nothing is copied to the host. One pass over the pixels. */
il_tensor *il_count_scores(il_scope *s, il_tensor *logit, il_tensor *target);
/* The same numbers by libtorch's operations only; what il_count_scores is compared with. */
il_tensor *il_histogram(il_scope *s, il_tensor *logit, il_tensor *target);

/* Sigmoid focal loss, mean over all pixels; 0-d. (1 - p(true class))^gamma * cross-entropy, weighted by alpha where target is
 * 1 and 1 - alpha where it is 0 (alpha < 0: not at all); a soft target stands between. No gradient for the target, unless
 * it wants one. */
il_tensor *il_focal(il_scope *s, il_tensor *logit, il_tensor *target, double alpha, double gamma);

/* ---- gradients ---- */

/* A part of a network with one input and one output. self must live until il_backward; x must not be changed in place. */
typedef il_tensor *(*il_block)(il_scope *s, const void *self, il_tensor *x);

/* block(s, self, x). In a scope that recomputes, only x and the result are kept; what lies between is computed again in
 * il_backward, with the same random numbers and without touching batch norm's running statistics. */
il_tensor *il_recompute(il_scope *s, il_block block, const void *self, il_tensor *x);

/* Back-propagates from a 0-d loss of a scope that records gradients. */
int il_backward(il_scope *s, il_tensor *loss, il_err *e);

/* The gradient of a leaf, in s; NULL (without an error) when it has none. */
il_tensor *il_grad(il_scope *s, il_tensor *leaf);

/* Marks a kept tensor as a leaf whose gradient is wanted. */
int il_require_grad(il_tensor *t, il_err *e);

/* ---- what it costs ---- */

/* Floating-point operations of conv2d, conv_transpose2d, linear and attention: two for each multiply-add, from the shapes
 * at hand, whatever algorithm the library takes. As is usual, zeros of the padding count and biases do not. */
typedef struct il_flop_count {
    int64_t forward;
    int64_t backward; /* of those operations: as much again for each operand that wants a gradient */
} il_flop_count;

int il_flops_new(il_flops **out, il_err *e);
void il_flops_free(il_flops *f);
/* Of the operations with that weight; NULL: of those without one (attention). */
il_flop_count il_flops_of(const il_flops *f, const il_tensor *weight);
il_flop_count il_flops_all(const il_flops *f);

/* Memory that tensors take, as libtorch's allocators tell, on the thread that starts it until il_bytes_free, which must be
 * called there. One at a time. What was taken before is not in it; libtorch warns when that is freed meanwhile.
 * by (NULL allowed, outlives it): a block belongs to the weight of the counted operation that began last before it. */
typedef struct il_bytes il_bytes;
int il_bytes_start(il_bytes **out, const il_flops *by, il_err *e);
void il_bytes_free(il_bytes *b);
int64_t il_bytes_now(const il_bytes *b);
int64_t il_bytes_peak(const il_bytes *b);
int64_t il_bytes_of(const il_bytes *b, const il_tensor *weight); /* still held; NULL: taken before any such operation */

#ifdef __cplusplus
}
#endif
#endif
