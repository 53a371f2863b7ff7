/* vocabulary_files.h - the JSON files read while a tokenizer's vocabulary is opened. */
#ifndef IL_DIFFUSION_VOCABULARY_FILES_H
#define IL_DIFFUSION_VOCABULARY_FILES_H

#include <jansson.h>
#include <stdint.h>
#include "base/text.h"

typedef struct il_vocabulary_files {
    il_text folder;
    const char *source; /* name of the file with the vocabulary: vocab.json or tokenizer.json */
    json_t *vocab;      /* token -> id */
    json_t *whole;      /* tokenizer.json, read when there is no vocab.json, else NULL */
    json_t *config;     /* tokenizer_config.json or NULL */
    json_t *map;        /* special_tokens_map.json or NULL */
} il_vocabulary_files;

/* f must be {0}; close it even after an error. */
int il_vocabulary_files_open(il_vocabulary_files *f, const char *folder, il_err *e);
void il_vocabulary_files_close(il_vocabulary_files *f);

il_text il_vocabulary_path(const il_vocabulary_files *f, const char *name); /* check .failed */
int32_t il_vocabulary_id(const il_vocabulary_files *f, const char *token);  /* -1: none */
int il_vocabulary_wrong(const il_vocabulary_files *f, const char *name, il_err *e, const char *what);

/* Reads the special tokens into v, which already has its vocabulary. */
struct il_vocabulary;
int il_specials_read(struct il_vocabulary *v, const il_vocabulary_files *f, il_err *e);

#endif
