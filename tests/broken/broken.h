/* broken.h - what the broken plugins share: callbacks that leave a trace when they are called. */
#ifndef BROKEN_H
#define BROKEN_H

#include <stdlib.h>
#include <inpaintlab/plugin.h>

static inline int broken_open(void **out, const il_params *p, il_err *e)
{
    (void)out, (void)p, (void)e;
    setenv("BROKEN_PLUGIN_RAN", "open", 1);
    return IL_OK;
}

static inline void broken_close(void *self)
{
    (void)self;
}

static inline float broken_label(const void *self, uint8_t grey)
{
    (void)self;
    return (float)grey;
}

#endif
