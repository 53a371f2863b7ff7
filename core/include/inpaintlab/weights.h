/* weights.h - files of weights: named tensors and text notes, in order. */
#ifndef IL_WEIGHTS_H
#define IL_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include <inpaintlab/options.h>
#include <inpaintlab/state.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_bundle il_bundle;

/* Empty. */
int il_bundle_new(il_bundle **out, il_err *e);
void il_bundle_free(il_bundle *b);

/* Reads safetensors, or a PyTorch .pth/.pt state dict (zip or legacy; a checkpoint's "state_dict" or "model" entry is
 * found), as the content says. Nothing in the file is executed. */
int il_bundle_read(il_bundle **out, const char *path, il_err *e);
/* Writes safetensors: a temporary file, fsync, rename. */
int il_bundle_write(const il_bundle *b, const char *path, il_err *e);

/* Adds a copy of t's values (on the CPU). */
int il_bundle_add(il_bundle *b, const char *name, const il_tensor *t, il_err *e);
/* Adds the elements of a tensor, row-major, as bytes of that type. */
int il_bundle_add_bytes(il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape,
                        const void *data, il_err *e);

/* How many tensors there are; name and tensor i, and the tensor of a name (NULL when absent): on the CPU, lent by b. */
size_t il_bundle_count(const il_bundle *b);
const char *il_bundle_name(const il_bundle *b, size_t i);
const il_tensor *il_bundle_at(const il_bundle *b, size_t i);
const il_tensor *il_bundle_find(const il_bundle *b, const char *name);

/* Text notes, the file's __metadata__: sets one, and lends one (NULL when absent). */
int il_bundle_note(il_bundle *b, const char *key, const char *text, il_err *e);
const char *il_bundle_noted(const il_bundle *b, const char *key);

/* ---- a model's tensors ---- */

/* Adds every tensor of st under prefix + name. */
int il_state_save(const il_state *st, il_bundle *b, const char *prefix, il_err *e);

typedef struct il_load_opts {
    size_t size;             /* sizeof(il_load_opts); IL_OPTS sets it */
    const char *prefix;      /* only names with this prefix, which is cut off; NULL: all */
    const char *const *skip; /* fnmatch patterns of st's names that keep their values; ends with NULL; NULL: none */
} il_load_opts;

/* Copies values by name; opts NULL: all names, nothing skipped. IL_EFORMAT naming the first tensor that is missing,
 * superfluous or of another shape. */
int il_state_load(il_state *st, const il_bundle *b, const il_load_opts *opts, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
