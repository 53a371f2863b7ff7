/* json_mutate.h - for targets whose input is JSON: changes that leave it JSON, which libFuzzer's own seldom do. */
#ifndef IL_FUZZ_JSON_MUTATE_H
#define IL_FUZZ_JSON_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As LLVMFuzzerCustomMutator, for a text in data[0, size): the size of another text there, at most `most`; 0: it is no JSON, or the
 * changed one is too long. words (count of them): texts that are worth a try in place of others. */
size_t json_mutate(uint8_t *data, size_t size, size_t most, unsigned seed, const char *const *words, size_t count);

#ifdef __cplusplus
}
#endif
#endif
