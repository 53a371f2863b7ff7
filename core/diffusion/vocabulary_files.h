/* vocabulary_files.h - what is read while a tokenizer's vocabulary is opened. */
#ifndef IL_DIFFUSION_VOCABULARY_FILES_H
#define IL_DIFFUSION_VOCABULARY_FILES_H

#include <stdint.h>
#include <jansson.h>
#include "base/text.h"

typedef struct il_vocabulary_files {
    il_text folder;
    const char *source; /* name of the file that holds the vocabulary: vocab.json or tokenizer.json */
    json_t *vocab;      /* token -> id */
    json_t *whole;      /* tokenizer.json, read when there is no vocab.json; else NULL */
    json_t *config;     /* tokenizer_config.json or NULL */
    json_t *map;        /* special_tokens_map.json or NULL */
} il_vocabulary_files;

/* f is {0}; close it in any case. */
int il_vocabulary_files_open(il_vocabulary_files *f, const char *folder, il_err *e);
void il_vocabulary_files_close(il_vocabulary_files *f);

il_text il_vocabulary_path(const il_vocabulary_files *f, const char *name); /* may have failed */
int32_t il_vocabulary_id(const il_vocabulary_files *f, const char *token);  /* -1: none */
int il_vocabulary_wrong(const il_vocabulary_files *f, const char *name, il_err *e, const char *what);

/* The special tokens, into v, which holds a vocabulary already. */
struct il_vocabulary;
int il_specials_read(struct il_vocabulary *v, const il_vocabulary_files *f, il_err *e);

#endif
