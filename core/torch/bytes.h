/* bytes.h - what only the engine asks of a count of memory (profile.h). */
#ifndef IL_TORCH_BYTES_H
#define IL_TORCH_BYTES_H

#include <inpaintlab/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of all blocks taken since the start, also of those given back. */
int64_t il_bytes_taken(const il_bytes *b);

#ifdef __cplusplus
}
#endif
#endif
