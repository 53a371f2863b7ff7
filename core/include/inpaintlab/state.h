/* state.h - a model's parameters and buffers, by state-dict name and in state-dict order; and Adam over them. */
#ifndef IL_STATE_H
#define IL_STATE_H

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
    IL_INIT_NONE             /* not set: to be loaded; frozen, so no gradient is wanted */
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

/* The type of parameters declared from now on; float32 at first. */
void il_state_dtype(il_state *st, il_dtype dtype);

/* Lays out all four-dimensional parameters declared so far, but none that is shared. */
int il_state_order(il_state *st, il_order order, il_err *e);

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
int64_t il_state_params(const il_state *st); /* number of trainable elements */

/* ---- files: named tensors and text notes, in order ---- */

typedef struct il_bundle il_bundle;

int il_bundle_new(il_bundle **out, il_err *e);
void il_bundle_free(il_bundle *b);

/* Reads safetensors, or a PyTorch .pth/.pt state dict (zip or legacy; a checkpoint's "state_dict" or "model" entry is
 * found), as the content says. Nothing in the file is executed. */
int il_bundle_read(il_bundle **out, const char *path, il_err *e);
/* Writes safetensors: a temporary file, fsync, rename. */
int il_bundle_write(const il_bundle *b, const char *path, il_err *e);

/* Adds a copy of t's values (on the CPU). */
int il_bundle_add(il_bundle *b, const char *name, const il_tensor *t, il_err *e);
int il_bundle_add_bytes(il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape,
                        const void *data, il_err *e);
size_t il_bundle_count(const il_bundle *b);
const char *il_bundle_name(const il_bundle *b, size_t i);
const il_tensor *il_bundle_at(const il_bundle *b, size_t i);
const il_tensor *il_bundle_find(const il_bundle *b, const char *name); /* NULL when absent */
int il_bundle_note(il_bundle *b, const char *key, const char *text, il_err *e); /* the file's __metadata__ */
const char *il_bundle_noted(const il_bundle *b, const char *key);              /* NULL when absent */

/* Adds every tensor of st under prefix + name. */
int il_state_save(const il_state *st, il_bundle *b, const char *prefix, il_err *e);

typedef struct il_load_opts {
    const char *prefix;       /* only names with this prefix, which is cut off; NULL: all */
    const char *const *skip;  /* fnmatch patterns of st's names that keep their values; ends with NULL; NULL: none */
} il_load_opts;

/* Copies values by name. IL_EFORMAT naming the first tensor that is missing, superfluous or of another shape. */
int il_state_load(il_state *st, const il_bundle *b, il_load_opts opts, il_err *e);

/* ---- Adam (Kingma and Ba 2015), weight decay as L2 or decoupled (Loshchilov and Hutter 2019); libtorch's fused kernels ---- */

typedef struct il_adam il_adam;
typedef struct il_adam_opts {
    double lr, beta1, beta2, eps, weight_decay; /* beta1 0, beta2 0, eps 0 mean 0.9, 0.999, 1e-8 */
    bool decoupled; /* AdamW: weight decay shrinks the weights by lr * weight_decay, apart from the gradients */
    bool scaling; /* for float16: gradients are of a scaled loss, see il_adam_scaled */
} il_adam_opts;

/* Over the trainable tensors of st, which must outlive it. */
int il_adam_new(il_adam **out, il_state *st, il_adam_opts opts, il_err *e);
void il_adam_free(il_adam *a);
/* The learning rate from the next step on. */
void il_adam_rate(il_adam *a, double lr);
/* Updates, then clears the gradients. With scaling: a step whose gradients overflowed changes nothing but the scale. */
int il_adam_step(il_adam *a, il_err *e);
/* loss times the scale (65536 at first; halved on overflow, doubled after 2,000 good steps); without scaling, loss. */
il_tensor *il_adam_scaled(const il_adam *a, il_scope *s, il_tensor *loss);
int il_adam_save(const il_adam *a, il_bundle *b, const char *prefix, il_err *e);
int il_adam_load(il_adam *a, const il_bundle *b, const char *prefix, il_err *e);

/* ---- TorchScript ---- */

typedef struct il_script il_script;

/* Loads a scripted or traced module to the device. */
int il_script_open(il_script **out, const char *path, il_device device, il_err *e);
void il_script_free(il_script *m);
/* Shares its parameters and buffers with st, by state-dict name. */
int il_script_state(il_script *m, il_state *st, il_err *e);
/* forward(x); a dict result gives its "out" entry, a tuple or list its first. Train or eval mode as the scope's. */
il_tensor *il_script_forward(il_scope *s, const il_script *m, il_tensor *x);
/* How many inputs forward takes; those with a default count. */
int il_script_inputs(int *out, const il_script *m, il_err *e);
/* forward(inputs…) whose result has several tensors: out[i] is the entry keys[i] of a dict, or entry i of a tuple or
 * list. IL_ETORCH when one is not there. */
int il_script_call(il_scope *s, const il_script *m, il_tensor *const *inputs, int ninputs, const char *const *keys,
                   il_tensor **out, int nout, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
