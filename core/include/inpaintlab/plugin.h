/* plugin.h - what a plugin exports: one constant descriptor, read before any code of the plugin runs.
 *
 * A plugin is a shared object with the data symbol `il_plugin_entry` (write `IL_PLUGIN = { … };`). It is never
 * unloaded. `open` makes an instance from checked settings; the work slots then receive it as `self`. */
#ifndef IL_PLUGIN_H
#define IL_PLUGIN_H

#include <inpaintlab/error.h>
#include <inpaintlab/image.h>
#include <inpaintlab/layers.h>
#include <inpaintlab/params.h>
#include <inpaintlab/state.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when any public struct or slot changes. Core and plugin must agree exactly. */
#define IL_ABI 1u

typedef enum il_kind { IL_DATASET = 1, IL_MODEL, IL_LOSS, IL_MASK_POLICY } il_kind;

/* ---- models ---- */

typedef struct il_model_ops {
    /* Declares every tensor in state-dict order; may keep the lent pointers in self. Called once, after open.
     * Errors go to st or are returned. Main thread. */
    int (*build)(void *self, il_state *st, il_err *e);
    /* image (N,3,H,W) in [0,1] -> logits (N,1,H,W). aux: NULL, or where to put the auxiliary head's logits (NULL when
     * the model has none); it is computed only when asked. Main thread. */
    il_tensor *(*forward)(const void *self, il_scope *s, il_tensor *image, il_tensor **aux);
} il_model_ops;

/* ---- losses ---- */

typedef struct il_loss_ops {
    /* logit, target (N,1,H,W) -> 0-d loss. Main thread. */
    il_tensor *(*forward)(const void *self, il_scope *s, il_tensor *logit, il_tensor *target);
} il_loss_ops;

/* ---- mask policies ---- */

typedef struct il_mask_policy_ops {
    /* Target value in [0,1] for one grey level of the blurred mask. Called 256 times at start. Main thread. */
    float (*label)(const void *self, uint8_t grey);
} il_mask_policy_ops;

/* ---- data sets ---- */

/* One sample. mask NULL: an authentic picture, nothing of it is inpainted. */
typedef struct il_item {
    const char *id;    /* unique within the split; equal ids of two image kinds are the same photo */
    const char *image; /* path */
    const char *mask;  /* path or NULL */
} il_item;

typedef struct il_items il_items; /* a growing list, owned by the core */

/* Adds a sample (texts are copied), or tells that one is left out and why ("no mask", "image unreadable"). */
int il_items_add(il_items *items, const char *id, const char *image, const char *mask, il_err *e);
int il_items_reject(il_items *items, const char *id, const char *why, il_err *e);

typedef struct il_scan {
    const char *split;  /* "train", "validation" or "test" */
    const char *images; /* "realfake", "fakefake", "inpainted", "original", or a word the plugin defines */
} il_scan;

typedef struct il_dataset_ops {
    /* Lists the samples of one split; any order. IL_EDATA when the split or the image kind is absent. Main thread. */
    int (*scan)(const void *self, il_scan what, il_items *out, il_err *e);
    /* Optional; NULL: both files are read with il_image_read. mask may stay empty. Any thread, several at once. */
    int (*read)(const void *self, il_item item, il_image *image, il_image *mask, il_err *e);
} il_dataset_ops;

/* ---- the descriptor ---- */

typedef struct il_plugin {
    uint32_t abi;  /* IL_ABI */
    il_kind kind;
    const char *name;     /* as YAML names it: lower-case letters, digits, '_' */
    int revision;         /* raise when results may change: finished runs become stale */
    const char *summary;  /* one line for `inpaintlab plugins` */
    const il_param_spec *params; /* settings, ended by a NULL name; NULL: none */
    /* Makes an instance from settings that passed the table; p outlives it. *out stays untouched on failure. Main
     * thread. */
    int (*open)(void **out, const il_params *p, il_err *e);
    void (*close)(void *self); /* NULL self is allowed */
    const il_model_ops *model; /* the one that fits kind is set, the others are NULL */
    const il_loss_ops *loss;
    const il_mask_policy_ops *mask_policy;
    const il_dataset_ops *dataset;
} il_plugin;

#if defined(__GNUC__)
#define IL_EXPORT __attribute__((visibility("default")))
#else
#define IL_EXPORT
#endif

#define IL_PLUGIN IL_EXPORT const il_plugin il_plugin_entry

#ifdef __cplusplus
}
#endif
#endif
