/* weights.h - finds and reads the weight files in a network's folder. */
#ifndef IL_DIFFUSION_WEIGHTS_H
#define IL_DIFFUSION_WEIGHTS_H

#include <inpaintlab/plugin.h>
#include "diffusion/named.h"

typedef struct il_weights_rename {
    const char *from, *to; /* a part of the name */
} il_weights_rename;

typedef struct il_weights_spec {
    const char *folder;
    const char
        *stem; /* "diffusion_pytorch_model": of STEM[.VARIANT].safetensors, sharded by STEM.safetensors.index.json */
    const char *pickled;              /* the stem of .bin files, tried when there are no safetensors */
    const char *variant;              /* NULL or "": none, or that in half precision where it alone is there */
    const il_weights_rename *renames; /* of older checkpoints; ends with NULL; NULL: none */
    const char *const *ignored;       /* fnmatch patterns of tensor names in the file; ends with NULL; NULL: none */
    const char *prefix;               /* of the state's names, which the file may lack; NULL: none */
} il_weights_spec;

/* Sets every tensor of st. IL_EFORMAT, naming file and tensor, when one is missing, unknown or of another shape;
 * shapes may differ by trailing ones (the weight of a 1x1 convolution for that of a linear layer). One file is in
 * memory at a time. */
int il_weights_load(il_state *st, il_weights_spec w, il_err *e);

/* The same from tensors that were read already. Messages lack the path. */
int il_weights_set(il_state *st, il_named *n, const il_weights_rename *renames, il_err *e);

/* The files that il_weights_load would read, in order. */
int il_weights_uses(il_uses *out, il_weights_spec w, il_err *e);

#endif
