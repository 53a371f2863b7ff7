/* script.h - TorchScript: modules that PyTorch scripted or traced. */
#ifndef IL_SCRIPT_H
#define IL_SCRIPT_H

#include <stdbool.h>
#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_script il_script;

/* Loads a scripted or traced module to the device. */
int il_script_open(il_script **out, const char *path, il_device device, il_err *e);
void il_script_free(il_script *m);
/* Shares its parameters and buffers with st, by state-dict name. */
int il_script_state(il_script *m, il_state *st, il_err *e);
/* forward(x); a dict result gives its "out" entry, a tuple or list its first. Train or eval mode as the scope's. */
il_tensor *il_script_forward(il_scope *s, const il_script *m, il_tensor *x);
/* The same, but of a dict or named tuple the entry of that name, or, where it is a number, entry 0, 1, ... of a dict, tuple or
 * list. "": as il_script_forward. */
il_tensor *il_script_output(il_scope *s, const il_script *m, il_tensor *x, const char *output);
/* Does it hold batch norm or dropout that behave as in training whatever is asked for? So it is when a module was traced
 * without eval(). */
int il_script_fixed_training(bool *out, const il_script *m, il_err *e);
/* How many inputs forward takes; those with a default count. */
int il_script_inputs(int *out, const il_script *m, il_err *e);
/* forward(inputs…) whose result has several tensors: out[i] is the entry keys[i] of a dict, or entry i of a tuple or
 * list. IL_ETORCH when one is not there. */
int il_script_call(il_scope *s, const il_script *m, il_tensor *const *inputs, int ninputs, const char *const *keys,
                   il_tensor **out, int nout, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
