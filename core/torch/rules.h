/* rules.h - what libtorch is told about a model before it computes. */
#ifndef IL_TORCH_RULES_H
#define IL_TORCH_RULES_H

#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a device computes for a model, in all threads until the next one is opened. varied: pictures come in many sizes, so a
 * search for the fastest algorithm of each would cost more than it spares. IL_EDEVICE: the device lacks that precision. */
int il_torch_rules(il_device device, il_precision precision, bool varied, il_err *e);

/* All that is float32 in a state becomes float64: its model then computes so, for tests. */
int il_state_double(il_state *st, il_err *e);

/* IL_EDEVICE: the device is a GPU without bfloat16; the message names what serves instead. */
int il_torch_bf16(il_device device, il_err *e);

#ifdef __cplusplus
}
#endif

#endif
