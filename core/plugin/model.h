/* model.h - instances of model and loss plugins. */
#ifndef IL_PLUGIN_MODEL_H
#define IL_PLUGIN_MODEL_H

#include "plugin/instance.h"

typedef struct il_model_opts {
    il_device device;
    il_precision precision; /* of il_model_forward's computation; the weights are float32 */
    uint64_t seed;          /* of the initial weights */
    bool varied;            /* pictures of many sizes will come */
    bool twice;             /* float64 weights and computation, for tests */
} il_model_opts;

enum { IL_MODEL_ONE_SIZE = -1 };

/* A network on a device. Start with {0}. */
typedef struct il_model {
    const il_plugin *plugin;
    void *self;
    il_state *state;
    il_device device;
    il_precision precision;
    bool twice;     /* it computes in float64 */
    il_order order; /* memory order in which it works */
    int multiple; /* of which both sides of a picture must be, or IL_MODEL_ONE_SIZE; 0: not probed (plugin/any_size.h) */
} il_model;

/* Opens the plugin and creates its tensors with initial values. */
int il_model_open(il_model *out, const il_choice *choice, il_model_opts opts, il_err *e);
void il_model_close(il_model *m);

/* image (N,3,H,W) -> logits (N,1,H,W), float32 even where the network computes in half precision; a result of another
 * shape is an error that names the plugin. */
il_tensor *il_model_forward(const il_model *m, il_scope *s, il_tensor *image, il_tensor **aux);

/* Loads the state from a weights file, safetensors or .pth; see il_state_load. */
int il_model_load(il_model *m, const char *path, const char *const *skip, il_err *e);

typedef struct il_loss {
    const il_plugin *plugin;
    void *self;
} il_loss;

int il_loss_open(il_loss *out, const il_choice *choice, il_err *e);
void il_loss_close(il_loss *l);
/* valid: which pixels count; NULL: all. A 0-d tensor; a result with more or less than one element is an error. */
il_tensor *il_loss_forward(const il_loss *l, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid);

#endif
