/* bpe.h - byte-pair encoding (Sennrich et al. 2016): a table of merges with ranks, and the merging of one word. */
#ifndef IL_DIFFUSION_BPE_H
#define IL_DIFFUSION_BPE_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

typedef struct il_bpe il_bpe;

int il_bpe_new(il_bpe **out, il_err *e);
void il_bpe_free(il_bpe *b);
/* Adds the merge of the next rank: left and right become `merged`. A pair already present gets the new rank. */
int il_bpe_add(il_bpe *b, int32_t left, int32_t right, int32_t merged, il_err *e);
/* Merges ids in place until no adjacent pair is in the table: lowest rank first, then leftmost. *count: before and
 * after. Thread-safe. */
int il_bpe_merge(const il_bpe *b, int32_t *ids, size_t *count, il_err *e);

#endif
