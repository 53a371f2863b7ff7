/* load.h - libinpaintlab_torch.so, and with it libtorch, is loaded when one of its functions is first called. */
#ifndef IL_TORCH_LOAD_H
#define IL_TORCH_LOAD_H

#include <stdarg.h>
#include <stdatomic.h>
#include <inpaintlab/tensor.h>

typedef struct il_torch_calls il_torch_calls; /* the functions of the shim, see make_calls.py */

/* Loads what is not loaded yet, from any thread. NULL: it cannot be loaded; *e (NULL is allowed) says why. */
const il_torch_calls *il_torch_load(il_err *e);

extern _Atomic(const il_torch_calls *) il_torch_table_loaded;

/* NULL until something was loaded. */
static inline const il_torch_calls *il_torch_loaded(void)
{
    return atomic_load_explicit(&il_torch_table_loaded, memory_order_acquire);
}

static inline const il_torch_calls *il_torch(il_err *e)
{
    const il_torch_calls *calls = il_torch_loaded();
    return calls ? calls : il_torch_load(e);
}

#endif
