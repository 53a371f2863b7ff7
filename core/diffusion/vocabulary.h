/* vocabulary.h - the files of a CLIP tokenizer: vocab.json and merges.txt, or tokenizer.json; and its special tokens. */
#ifndef IL_DIFFUSION_VOCABULARY_H
#define IL_DIFFUSION_VOCABULARY_H

#include <stdbool.h>
#include "diffusion/bpe.h"
#include "diffusion/unicode.h"

enum { IL_SPECIALS = 4, IL_CLIP_TOKENS = 77 };

/* A text that is one token wherever it occurs. */
typedef struct il_special {
    il_unicode_text text;
    int32_t id;
    bool folded; /* searched for after normalisation and lower-casing, not before */
} il_special;

typedef struct il_vocabulary {
    il_bpe *merges;
    int32_t letters[256], ends[256]; /* ids of a byte, and of a byte at the end of a word */
    il_special specials[IL_SPECIALS];
    size_t nspecials;
    int32_t start, end, pad;
} il_vocabulary;

int il_vocabulary_read(il_vocabulary *out, const char *folder, il_err *e);
void il_vocabulary_clear(il_vocabulary *v);

#endif
