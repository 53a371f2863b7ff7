/* relay.h - weights from rank 0 to all. */
#ifndef IL_TRAIN_RELAY_H
#define IL_TRAIN_RELAY_H

#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "parallel/world.h"

/* b: rank 0's, and elsewhere an empty one that becomes its copy. */
int il_relay_bundle(il_bundle *b, il_world *world, il_err *e);
/* Parameters and buffers. */
int il_relay_state(il_state *st, il_world *world, il_err *e);

#endif
