/* inpaint.h - what a generator is asked to paint. */
#ifndef IL_INPAINT_H
#define IL_INPAINT_H

#include <inpaintlab/tensor.h>

typedef struct il_inpaint {
    il_tensor *image;           /* (N,3,H,W) in [0,1]: the photos, nothing blackened */
    il_tensor *mask;            /* (N,1,H,W): 1 where to paint, else 0 */
    const char *const *prompts; /* N texts, "" for none */
    const uint64_t *seeds;      /* N: the noise of a picture is a function of its seed alone */
} il_inpaint;

#endif
