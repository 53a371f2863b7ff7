/* state.h - a model's parameters and buffers, by state-dict name and in state-dict order. */
#ifndef IL_STATE_H
#define IL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_state il_state;

typedef enum il_init {
    IL_INIT_ZEROS,
    IL_INIT_ONES,
    IL_INIT_KAIMING_UNIFORM, /* PyTorch's default for conv weights: U(-b, b), b = 1 / sqrt(fan_in) */
    IL_INIT_FAN_IN_UNIFORM,  /* PyTorch's default for conv biases: U(-b, b), b = 1 / sqrt(fan_in given) */
    IL_INIT_KAIMING_FAN_OUT, /* normal, std sqrt(2 / (out * kh * kw)): torchvision's ResNet */
    IL_INIT_NONE,            /* not set: to be loaded; frozen, so no gradient is wanted */
    IL_INIT_NORMAL           /* normal, std 0.02: transformers */
} il_init;

/* Empty state; random initial values are a function of seed and of the tensor's name alone. */
int il_state_new(il_state **out, il_device device, uint64_t seed, il_err *e);
void il_state_free(il_state *st);

/* Declares a tensor and lends it (the state owns it). Like a scope, the state keeps the first error (a repeated name,
 * out of memory) and then returns NULL; fan_in is used by IL_INIT_FAN_IN_UNIFORM only. */
il_tensor *il_state_param(il_state *st, const char *name, il_init init, int64_t fan_in, int ndim, const int64_t *shape);
il_tensor *il_state_buffer(il_state *st, const char *name, il_dtype dtype, double fill, int ndim, const int64_t *shape);
/* Adds a tensor that exists already (a TorchScript module's): shared, not copied. */
int il_state_share(il_state *st, const char *name, il_tensor *t, bool trainable, il_err *e);

/* The type of parameters declared from now on; float32 at first. Bfloat16 on a GPU that has none is an error of the state. */
void il_state_dtype(il_state *st, il_dtype dtype);

/* Lays out all four-dimensional parameters declared so far, but none that is shared. */
int il_state_order(il_state *st, il_order order, il_err *e);

/* Freezes the tensors whose names match (fnmatch); *matched: how many they are. A parameter gets no gradient any more; a buffer
 * stays as it is now. il_batch_norm normalises by a running mean and variance that are both frozen, as in tests. */
int il_state_freeze(size_t *matched, il_state *st, const char *pattern, il_err *e);
bool il_state_frozen(const il_state *st, size_t i); /* tensor i */
/* Gives frozen buffers back what a model has changed all the same: to be called after each training step. */
int il_state_restore(il_state *st, il_err *e);

/* The first tensor that was made here with initial values, instead of being shared; NULL: there is none. */
const char *il_state_initial(const il_state *st);

/* One line that whoever runs the model should read, as a warning; kept, of several the first. Out of memory is an error of
 * the state. il_state_warning: NULL when there is none. */
void il_state_warn(il_state *st, const char *line);
const char *il_state_warning(const il_state *st);

/* IL_OK, or the first error; and where its tensors are. */
int il_state_status(const il_state *st, il_err *e);
il_device il_state_device(const il_state *st);

typedef struct il_state_entry {
    const char *name;
    il_tensor *tensor;
    bool trainable;
} il_state_entry; /* all lent by the state */

/* How many tensors there are, and tensor i, in the order in which they were declared. */
size_t il_state_count(const il_state *st);
il_state_entry il_state_at(const il_state *st, size_t i);
il_tensor *il_state_find(const il_state *st, const char *name); /* NULL when absent */
int64_t il_state_params(const il_state *st);                    /* number of trainable elements */

#ifdef __cplusplus
}
#endif
#endif
