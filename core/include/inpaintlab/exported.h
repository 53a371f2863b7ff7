/* exported.h - models that PyTorch exported: a file of torch.export.save, run and trained node by node, without Python. */
#ifndef IL_EXPORTED_H
#define IL_EXPORTED_H

#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_exported il_exported;

/* Loads graph and weights to the device. IL_EFORMAT where the file is damaged, or its graph calls an operator that is not
 * supported; the message names file, node and operator. Nothing of the file is executed here. */
int il_exported_open(il_exported **out, const char *path, il_device device, il_err *e);
void il_exported_free(il_exported *m);

/* Shares its parameters and buffers with st, by state-dict name. */
int il_exported_state(il_exported *m, il_state *st, il_err *e);

/* What the graph gives for x: of a dict, tuple or list the entry of that name or number; "": "out", else the first.
 * Batch norm, dropout and stochastic depth behave as the scope asks, whatever mode the model was exported in; buffers change in
 * training alone. Other sizes than the model was exported for are refused before it runs. */
il_tensor *il_exported_output(il_scope *s, const il_exported *m, il_tensor *x, const char *output);

/* One line for those who test with it, as il_state_warn takes it: what stays random. NULL: nothing. */
const char *il_exported_warning(const il_exported *m);

#ifdef __cplusplus
}
#endif
#endif
