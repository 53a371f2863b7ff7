/* plugin.h - what a plugin exports: one constant descriptor, read before any code of the plugin runs.
 *
 * A plugin is a shared object with the data symbol `il_plugin_entry` (write `IL_PLUGIN = { … };`). It is never
 * unloaded. `open` makes an instance from checked settings; the work slots then receive it as `self`. */
#ifndef IL_PLUGIN_H
#define IL_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/image.h>
#include <inpaintlab/inpaint.h>
#include <inpaintlab/layers.h>
#include <inpaintlab/params.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>
#include <inpaintlab/tensor.h>
#include <inpaintlab/uses.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Core and plugin must agree on it exactly; the core reads it from the file before any code of the plugin runs.
 *
 * What may change under one number: functions, structs, enumerators and headers are added; structs of options grow at their
 * end (options.h). A function whose signature or meaning changes gets a new name, and the old one stays beside it.
 * What raises it: a function is removed; a descriptor, a table of slots or a struct that is passed by value changes; the value
 * of an enumerator changes. Plugins are then built again. */
#define IL_ABI 4u

typedef enum il_kind {
    IL_KIND_DATASET = 1,
    IL_KIND_MODEL,
    IL_KIND_LOSS,
    IL_KIND_MASK_POLICY,
    IL_KIND_MASKER,
    IL_KIND_GENERATOR
} il_kind;

/* ---- the host ---- */

/* Who loads plugins. Its texts are lent for ever. */
typedef struct il_host {
    size_t size;      /* of this struct: members may be added at its end */
    const char *name; /* "inpaintlab" */
    const char *vendor;
    const char *version; /* "1.2.3" */
    uint32_t abi;        /* its IL_ABI */
} il_host;

/* Lent for ever. Any thread. */
const il_host *il_host_get(void);

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
    /* logit, target, valid (N,1,H,W) -> 0-d loss; valid NULL: every pixel counts. Else those where it is 1 and not those where it
     * is 0: they must be as if they were not there. Neither their logits nor their targets change the loss, no gradient reaches
     * their logits, and a mean is over those that count, pictures without such a pixel left out. When none counts, the loss and
     * every gradient are 0. il_where, il_mean_where and il_focal take valid as it comes. Main thread. */
    il_tensor *(*forward)(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid);
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
    const char *split; /* "train", "validation" or "test" */
    /* "realfake", "fakefake", "inpainted", "exchanged", "reconstructed", "selfconditioned", "original", or a word the plugin
     * defines. Of the masks of "exchanged" only grey 255 counts. */
    const char *images;
} il_scan;

typedef struct il_dataset_ops {
    /* Lists the samples of one split; any order. IL_EDATA when the split or the image kind is absent. Called once of an
     * instance, which may remember what it was asked. Main thread. */
    int (*scan)(void *self, il_scan what, il_items *out, il_err *e);
    /* Optional; NULL: both files are read with il_image_read. mask may stay empty. seed: of this sample's random
     * choices; in training it differs from epoch to epoch. Any thread, several at once. */
    int (*read)(const void *self, il_item item, uint64_t seed, il_image *image, il_image *mask, il_err *e);
    bool varies; /* what read gives depends on seed */
} il_dataset_ops;

/* ---- maskers: where to paint ---- */

/* What a masker did, in words: "box 2 of 5", "random rectangle: no box found". */
typedef struct il_rule {
    char text[160];
} il_rule;

typedef struct il_masker_ops {
    /* photo (RGB) -> *out: the sharp mask, one channel, of the photo's size; 255 where to paint, 0 elsewhere (a resized
     * mask may have grey edges). Every random choice is a function of seed. One thread at a time. */
    int (*mask)(const void *self, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule, il_err *e);
} il_masker_ops;

/* ---- generators: what paints ---- */

typedef struct il_generator_ops {
    /* Optional. image (N,3,H,W) in [0,1] -> what the autoencoder makes of it, in [0,1]. One thread at a time. */
    il_tensor *(*reconstruct)(const void *self, il_scope *s, il_tensor *image);
    /* Optional. -> whole pictures (N,3,H,W) in [0,1], not composed with the photos. One thread at a time. */
    il_tensor *(*inpaint)(const void *self, il_scope *s, const il_inpaint *job);
    int multiple; /* H and W must be multiples of it */
} il_generator_ops;

/* ---- the descriptor ---- */

typedef struct il_plugin {
    uint32_t abi; /* IL_ABI */
    il_kind kind;
    const char *name;            /* as YAML names it: lower-case letters, digits, '_' */
    int revision;                /* raise when results may change: finished runs become stale */
    const char *summary;         /* one line for `inpaintlab plugins` */
    const char *vendor;          /* who made it; this and the next three are optional, for `inpaintlab plugins` */
    const char *version;         /* for people, as in "1.2.0"; what makes results stale is revision */
    const char *url;             /* where to learn more */
    const char *licence;         /* "MIT", "GPL-3.0-or-later": SPDX's names */
    const il_param_spec *params; /* settings, ended by a NULL name; NULL: none */
    /* Makes an instance from settings that passed the table; p outlives it. *out stays untouched on failure. Main
     * thread. */
    int (*open)(void **out, const il_params *p, il_err *e);
    void (*close)(void *self); /* NULL self is allowed */
    /* Optional: names the files whose contents determine the results, where the IL_PARAM_PATH settings do not (a folder of
     * weights). Their hashes are part of a run's identity and of a sample's provenance. Main thread. */
    int (*uses)(const void *self, il_uses *out, il_err *e);
    /* Optional; data sets, maskers and generators: called once, before the first read, mask, reconstruct or inpaint. */
    int (*load)(void *self, il_device device, il_err *e);
    const il_model_ops *model; /* the one that fits kind is set, the others are NULL */
    const il_loss_ops *loss;
    const il_mask_policy_ops *mask_policy;
    const il_dataset_ops *dataset;
    const il_masker_ops *masker;
    const il_generator_ops *generator;
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
