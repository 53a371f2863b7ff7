/* tensor.h - n-dimensional arrays with gradients: the C face of libtorch.
 *
 * Operations allocate into a scope, on its device; an error is kept there (IL_ETORCH with the operation's name and the shapes;
 * IL_EDEVICE when memory is full), and NULL comes back. Images are (N,C,H,W). What is computed is float32 unless said otherwise.
 * A tensor may be read from any thread. */
#ifndef IL_TENSOR_H
#define IL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include <inpaintlab/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_dtype { IL_DTYPE_F32, IL_DTYPE_F64, IL_DTYPE_F16, IL_DTYPE_BF16, IL_DTYPE_I64, IL_DTYPE_U8 } il_dtype;

/* ---- data in and out ---- */

/* New tensors on the scope's device, from elements in row-major order, which are copied, or of one value. */
il_tensor *il_from_f32(il_scope *s, const float *data, int ndim, const int64_t *shape);
il_tensor *il_from_bytes(il_scope *s, const void *data, il_dtype dtype, int ndim, const int64_t *shape);
il_tensor *il_full(il_scope *s, double value, il_dtype dtype, int ndim, const int64_t *shape);

/* Shape and type; t must not be NULL. il_dim counts from the end when i < 0. */
int il_ndim(const il_tensor *t);
int64_t il_dim(const il_tensor *t, int i);
int64_t il_numel(const il_tensor *t);
il_dtype il_dtype_of(const il_tensor *t);
size_t il_dtype_size(il_dtype dtype); /* bytes of one element */

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
/* Its inverse, log(a / (1 - a)), computed in double; below 1e-12 and above 1 - 6e-8, the last float before 1, as of these. */
il_tensor *il_logit(il_scope *s, il_tensor *a);
il_tensor *il_tanh(il_scope *s, il_tensor *a);
il_tensor *il_relu(il_scope *s, il_tensor *a);
il_tensor *il_relu_(il_scope *s, il_tensor *a); /* in place: a's old value is gone */
il_tensor *il_silu(il_scope *s, il_tensor *a);
il_tensor *il_greater(il_scope *s, il_tensor *a, double level); /* 1 where a > level, else 0 */
/* a where which is not 0, elsewhere the number: there a's gradient is exactly 0. which NULL: a itself. */
il_tensor *il_where(il_scope *s, il_tensor *which, il_tensor *a, double otherwise);

/* ---- reductions ---- */

il_tensor *il_mean(il_scope *s, il_tensor *a); /* of all elements; 0-d */
/* Of the elements where which, of a's shape, is not 0; 0-d. 0 when there is none. which NULL: il_mean. */
il_tensor *il_mean_where(il_scope *s, il_tensor *a, il_tensor *which);
il_tensor *il_sum(il_scope *s, il_tensor *a);               /* of all elements; 0-d */
il_tensor *il_sum_to(il_scope *s, il_tensor *a, int keep);  /* over all dimensions from `keep` on: (d0..d(keep-1)) */
il_tensor *il_amin_to(il_scope *s, il_tensor *a, int keep); /* smallest likewise, with the reduced sizes kept as 1 */
il_tensor *il_amax_to(il_scope *s, il_tensor *a, int keep);

/* ---- shape ---- */

il_tensor *il_reshape(il_scope *s, il_tensor *a, int ndim, const int64_t *shape); /* one size may be -1 */
il_tensor *il_permute(il_scope *s, il_tensor *a, int ndim, const int *order);
il_tensor *il_cat(il_scope *s, il_tensor *const *parts, int count, int dim);
il_tensor *il_slice(il_scope *s, il_tensor *a, int dim, int64_t start, int64_t end);
il_tensor *il_to(il_scope *s, il_tensor *a, il_dtype dtype);
/* The same values in another order in memory. Results follow the layout of what they are computed from. */
typedef enum il_order { IL_ORDER_NCHW, IL_ORDER_NHWC } il_order;
il_tensor *il_to_order(il_scope *s, il_tensor *a, il_order order); /* (N,C,H,W) */
il_tensor *il_detach(il_scope *s, il_tensor *a);

/* ---- networks ---- */

typedef struct il_conv_geometry {
    int stride, padding, dilation, groups; /* 0 means 1, but 0 padding is none */
} il_conv_geometry;

/* x (N,C,H,W), weight (O,C/groups,kh,kw), bias (O) or NULL -> (N,O,H',W') */
il_tensor *il_conv2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_geometry o);
/* x (N,C,H,W), weight (C,O,k,k), bias (O) or NULL */
il_tensor *il_conv_transpose2d(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_conv_geometry o);

/* Batch norm over (N,H,W), eps 1e-5, momentum 0.1. In training it uses the batch and updates mean, var and *tracked
 * (an IL_DTYPE_I64 count; NULL allowed), unless these are frozen (il_state_freeze); else mean and var. */
il_tensor *il_batch_norm(il_scope *s, il_tensor *x, il_tensor *weight, il_tensor *bias, il_tensor *mean, il_tensor *var,
                         il_tensor *tracked);

il_tensor *il_max_pool2d(il_scope *s, il_tensor *x, int kernel, int stride, int padding);
il_tensor *il_upsample_bilinear(il_scope *s, il_tensor *x, int64_t height, int64_t width); /* align_corners false */
/* Bicubic (a = -0.75), align_corners false; antialias: as Pillow does it (a = -0.5), wider where it shrinks. x (N,C,H,W), float32
 * or float64. */
il_tensor *il_upsample_bicubic(il_scope *s, il_tensor *x, int64_t height, int64_t width, bool antialias);
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
/* rows of weight (V,C) by index (…, IL_DTYPE_I64) -> (…,C). IL_ETORCH when an index is out of range. */
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

/* Sigmoid focal loss, mean over the pixels where valid is not 0 (NULL: all); 0-d, and 0 when there is none. That is
 * (1 - p(true class))^gamma * cross-entropy, weighted by alpha where target is 1 and 1 - alpha where it is 0 (alpha < 0: not at
 * all); a soft target stands between. logit, target and valid have one shape. The target gets no gradient unless it wants one. */
il_tensor *il_focal(il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid, double alpha, double gamma);

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

#ifdef __cplusplus
}
#endif
#endif
