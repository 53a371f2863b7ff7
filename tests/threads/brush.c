/* brush.c - stub generator: inverts a picture. It counts without a lock, so that a second thread at the same time is a
 * data race for ThreadSanitizer and changes the count. */
#include <stdlib.h>
#include <inpaintlab/plugin.h>

struct brush {
    long strokes;
};

static int brush_open(void **out, const il_params *p, il_err *e)
{
    (void)p;
    struct brush *b = calloc(1, sizeof *b);
    if (!b)
        return il_fail_oom(e);
    *out = b;
    return IL_OK;
}

static il_tensor *brush_reconstruct(const void *self, il_scope *s, il_tensor *image)
{
    ((struct brush *)self)->strokes++;
    return il_affine(s, image, -1, 1);
}

static il_tensor *brush_inpaint(const void *self, il_scope *s, const il_inpaint *job)
{
    return brush_reconstruct(self, s, job->image);
}

static const il_generator_ops ops = { .reconstruct = brush_reconstruct, .inpaint = brush_inpaint, .multiple = 8 };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_GENERATOR,
    .name = "brush",
    .revision = 1,
    .open = brush_open,
    .close = free,
    .generator = &ops,
};
