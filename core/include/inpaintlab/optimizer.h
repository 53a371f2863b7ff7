/* optimizer.h - Adam (Kingma and Ba 2015), weight decay as L2 or decoupled (Loshchilov and Hutter 2019); libtorch's fused
 * kernels. */
#ifndef IL_OPTIMIZER_H
#define IL_OPTIMIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <inpaintlab/error.h>
#include <inpaintlab/options.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_adam il_adam;

typedef struct il_adam_opts {
    size_t size;                                /* sizeof(il_adam_opts); IL_OPTS sets it */
    double lr, beta1, beta2, eps, weight_decay; /* beta1 0, beta2 0, eps 0 mean 0.9, 0.999, 1e-8 */
    bool decoupled; /* AdamW: weight decay shrinks the weights by lr * weight_decay, apart from the gradients */
    bool scaling;   /* for float16: gradients are of a scaled loss, see il_adam_scaled */
    double clip;    /* largest norm of all gradients together, as torch.nn.utils.clip_grad_norm_; 0: none */
} il_adam_opts;

/* Over the trainable tensors of st, which must outlive it. opts must not be NULL: there is no default learning rate. */
int il_adam_new(il_adam **out, il_state *st, const il_adam_opts *opts, il_err *e);
void il_adam_free(il_adam *a);
/* The learning rate from the next step on. */
void il_adam_rate(il_adam *a, double lr);
/* From now on the learning rate of parameters whose names match (fnmatch) is multiplied by the factor, instead of by that of an
 * earlier pattern. *matched: how many they are. */
int il_adam_factor(size_t *matched, il_adam *a, const char *pattern, double factor, il_err *e);
/* Updates, then clears the gradients. With scaling: a step whose gradients overflowed changes nothing but the scale. */
int il_adam_step(il_adam *a, il_err *e);
/* loss times the scale (65536 at first; halved on overflow, doubled after 2,000 good steps); without scaling, loss. */
il_tensor *il_adam_scaled(const il_adam *a, il_scope *s, il_tensor *loss);

/* Moments, steps and scale, under prefix + the name of each parameter. IL_EFORMAT when what is read does not fit st. */
int il_adam_save(const il_adam *a, il_bundle *b, const char *prefix, il_err *e);
int il_adam_load(il_adam *a, const il_bundle *b, const char *prefix, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
