/* stub.h - what the stub plugins share. They are for planning and cannot run. */
#ifndef STUB_H
#define STUB_H

#include <inpaintlab/plugin.h>

static inline int stub_open(void **out, const il_params *p, il_err *e)
{
    (void)out, (void)p, (void)e;
    return IL_OK;
}

static inline void stub_close(void *self)
{
    (void)self;
}

static inline float stub_label(const void *self, uint8_t grey)
{
    (void)self;
    return (float)grey / 255.0f;
}

static inline il_tensor *stub_loss(const void *self, il_scope *s, il_tensor *logit, il_tensor *target, il_tensor *valid)
{
    (void)self, (void)s, (void)logit, (void)target, (void)valid;
    return NULL;
}

static inline int stub_build(void *self, il_state *st, il_err *e)
{
    (void)self, (void)st;
    return il_fail(e, IL_EPLUGIN, "a stub cannot be built");
}

static inline il_tensor *stub_forward(const void *self, il_scope *s, il_tensor *image, il_tensor **aux)
{
    (void)self, (void)s, (void)image, (void)aux;
    return NULL;
}

static inline int stub_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    (void)self, (void)what, (void)out;
    return il_fail(e, IL_EDATA, "a stub has no samples");
}

#endif
