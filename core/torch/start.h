/* start.h - what load.c calls in the shim. */
#ifndef IL_TORCH_START_H
#define IL_TORCH_START_H

#include <stdarg.h>
#include <inpaintlab/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Loads libtorch_cuda.so if it and its libraries are there. */
void il_torch_init(void);

/* il_scope_fail, whose variable arguments a table's function cannot hand on. */
il_tensor *il_scope_vfail(il_scope *s, int code, const char *format, va_list args);

#ifdef __cplusplus
}
#endif

#endif
