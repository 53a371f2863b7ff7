/* test_tokenizer.c - ids against transformers' CLIPTokenizer (tests/data/diffusion/tokenizer), and broken files. */
#include <jansson.h>
#include <inpaintlab/diffusion.h>
#include "scratch.h"

#define HERE TEST_DATA "/diffusion/tokenizer"

/* Stable Diffusion 2's: "!" pads. */
static const char pads_with_mark[] =
    "{\"bos_token\": {\"content\": \"<|startoftext|>\", \"normalized\": true},"
    " \"eos_token\": {\"content\": \"<|endoftext|>\", \"normalized\": true}, \"pad_token\": \"!\","
    " \"unk_token\": {\"content\": \"<|endoftext|>\", \"normalized\": true}}";

static struct scratch linked(const char *from)
{
    static const char *const names[] = { "vocab.json", "merges.txt", "tokenizer_config.json",
                                         "special_tokens_map.json" };
    struct scratch s = scratch_new();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[1000];
        snprintf(path, sizeof path, "%s/%s", from, names[i]);
        scratch_link(&s, names[i], path);
    }
    return s;
}

static il_tokenizer *opened(const char *folder)
{
    il_err e = { 0 };
    il_tokenizer *t = NULL;
    cr_assert_eq(il_tokenizer_open(&t, folder, &e), IL_OK, "%s", e.message);
    return t;
}

static char *text_of(const json_t *row)
{
    const json_t *text = json_object_get(row, "text");
    size_t n = json_array_size(text);
    char *out = json_is_string(text) ? strdup(json_string_value(text)) : calloc(n + 1, 1);
    cr_assert_not_null(out);
    for (size_t i = 0; i < n; i++)
        out[i] = (char)json_integer_value(json_array_get(text, i));
    return out;
}

struct special_ids {
    int64_t start, end, pad;
};

static void check_row(const il_tokenizer *t, const json_t *row, size_t index, const char *ids_key, const char *cut_key,
                      struct special_ids special)
{
    il_err e = { 0 };
    int64_t ids[IL_TOKENIZER_LENGTH];
    int cut = -1;
    char *text = text_of(row);
    const json_t *want = json_object_get(row, ids_key);
    const size_t n = json_array_size(want);
    cr_assert_eq(il_tokenizer_encode(ids, &cut, t, text, &e), IL_OK, "%s", e.message);
    cr_assert_eq(ids[0], special.start);
    for (size_t i = 0; i < IL_TOKENIZER_LENGTH - 1; i++) {
        int64_t expected = i < n ? json_integer_value(json_array_get(want, i)) : i == n ? special.end : special.pad;
        cr_assert_eq(ids[1 + i], expected, "prompt %zu '%s': id %zu is %lld, expected %lld", index, text, 1 + i,
                     (long long)ids[1 + i], (long long)expected);
    }
    cr_assert_eq(cut, json_integer_value(json_object_get(row, cut_key)), "prompt %zu: %d cut off", index, cut);
    free(text);
}

/* Both tokenizers of a folder that make.py has written, over its 1,000 prompts. */
static void check_prompts(const char *folder, json_int_t vocabulary)
{
    char path[1000];
    json_error_t why;
    snprintf(path, sizeof path, "%s/prompts.json", folder);
    json_t *rows = json_load_file(path, 0, &why), *row;
    cr_assert_not_null(rows, "%s: %s", path, why.text);
    struct scratch s = linked(folder);
    il_tokenizer *one = opened(folder), *two;
    scratch_write(&s, "special_tokens_map.json", pads_with_mark);
    two = opened(s.path);
    const struct special_ids first = { vocabulary - 2, vocabulary - 1, vocabulary - 1 };
    const struct special_ids second = { vocabulary - 2, vocabulary - 1, 0 };
    size_t i;
    json_array_foreach(rows, i, row)
    {
        bool differs = json_object_get(row, "ids2") != NULL;
        check_row(one, row, i, "ids", "cut", first);
        check_row(two, row, i, differs ? "ids2" : "ids", differs ? "cut2" : "cut", second);
    }
    cr_assert_eq(i, 1000);
    il_tokenizer_free(one);
    il_tokenizer_free(two);
    scratch_remove(&s);
    json_decref(rows);
}

Test(tokenizer, a_thousand_prompts)
{
    check_prompts(HERE, 2514);
}

Test(tokenizer, the_whole_vocabulary)
{
    const char *folder = getenv("INPAINTLAB_CLIP");
    if (!folder)
        cr_skip_test("INPAINTLAB_CLIP names no folder that tests/data/diffusion/tokenizer/make.py --all has written");
    check_prompts(folder, 49408);
}

/* What diffusers writes today: one tokenizer.json, made here of the two files. */
Test(tokenizer, one_file_instead_of_two)
{
    static const char *const added =
        "[{\"id\": 2512, \"content\": \"<|startoftext|>\", \"normalized\": true, \"special\": true},"
        " {\"id\": 2513, \"content\": \"<|endoftext|>\", \"special\": true}]";
    il_err e = { 0 };
    int64_t ids[2][IL_TOKENIZER_LENGTH];
    char line[300];
    json_t *merges = json_array();
    FILE *f = fopen(HERE "/merges.txt", "r");
    cr_assert(f && fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        char *blank = strchr(line, ' ');
        line[strcspn(line, "\n")] = '\0';
        *blank = '\0';
        json_array_append_new(merges, json_pack("[ss]", line, blank + 1));
    }
    fclose(f);
    json_t *whole = json_pack("{s:o,s:{s:o,s:o}}", "added_tokens", json_loads(added, 0, NULL), "model", "vocab",
                              json_load_file(HERE "/vocab.json", 0, NULL), "merges", merges);
    char *text = json_dumps(whole, 0);
    struct scratch s = scratch_new();
    scratch_write(&s, "tokenizer.json", text);
    scratch_write(&s, "tokenizer_config.json", "{\"pad_token\": \"!\", \"model_max_length\": 77}");
    il_tokenizer *one = opened(HERE), *two = opened(s.path);
    cr_assert_eq(il_tokenizer_encode(ids[0], NULL, one, "A photo of two cats", &e), IL_OK);
    cr_assert_eq(il_tokenizer_encode(ids[1], NULL, two, "A photo of two cats", &e), IL_OK);
    cr_assert_eq(ids[1][IL_TOKENIZER_LENGTH - 1], 0, "padding is read from tokenizer_config.json");
    for (int i = 0; i < IL_TOKENIZER_LENGTH && ids[0][i] != 2513; i++)
        cr_assert_eq(ids[0][i], ids[1][i]);
    il_tokenizer_free(one);
    il_tokenizer_free(two);
    scratch_remove(&s);
    json_decref(whole);
    free(text);
}

/* A million letters in one word must not take minutes. */
Test(tokenizer, long_words)
{
    enum { LETTERS = 1000000 };
    il_err e = { 0 };
    int64_t ids[IL_TOKENIZER_LENGTH];
    int cut = 0;
    char *text = malloc(LETTERS + 1);
    cr_assert_not_null(text);
    for (size_t i = 0; i < LETTERS; i++)
        text[i] = "thein"[i % 5];
    text[LETTERS] = '\0';
    il_tokenizer *t = opened(HERE);
    cr_assert_eq(il_tokenizer_encode(ids, &cut, t, text, &e), IL_OK, "%s", e.message);
    cr_assert_gt(cut, 100000);
    cr_assert_eq(ids[IL_TOKENIZER_LENGTH - 1], 2513);
    il_tokenizer_free(t);
    free(text);
}

/* ---- broken files: each replaces one file of the good folder; NULL removes it ---- */

static const struct {
    const char *file, *content, *message; /* without the folder's name; NULL content: removed */
    int code;
} broken[] = {
    { "vocab.json", NULL, "cannot open /vocab.json: No such file or directory", IL_EIO },
    { "vocab.json", "{\"a\": 1", "/vocab.json:1: invalid JSON: '}' expected near end of file", IL_EFORMAT },
    { "vocab.json", "[]", "/vocab.json: must be a JSON object", IL_EFORMAT },
    { "vocab.json", "{}", "/vocab.json: 'Ā</w>', the token of byte 0x00, is missing", IL_EFORMAT },
    { "vocab.json", "{\"a\": \"x\"}", "/vocab.json: the id of 'a' must be an integer from 0 to 0", IL_EFORMAT },
    { "vocab.json", "{\"a\": 5}", "/vocab.json: the id of 'a' must be an integer from 0 to 0", IL_EFORMAT },
    { "vocab.json", "{\"a\": -1, \"b\": 1}", "/vocab.json: the id of 'a' must be an integer from 0 to 1", IL_EFORMAT },
    { "merges.txt", NULL, "cannot open /merges.txt: No such file or directory", IL_EIO },
    { "merges.txt", "#version: 0.2\ni n\nth\n", "/merges.txt:3: expected two tokens separated by one space",
      IL_EFORMAT },
    { "merges.txt", "i n g\n", "/merges.txt:1: expected two tokens separated by one space", IL_EFORMAT },
    { "merges.txt", "i n\nqzq q\n", "/merges.txt:2: 'qzq' is not in vocab.json", IL_EFORMAT },
    { "merges.txt", "q z\n", "/merges.txt:1: 'qz' is not in vocab.json", IL_EFORMAT },
    { "special_tokens_map.json", "{",
      "/special_tokens_map.json:1: invalid JSON: string or '}' expected near end of file", IL_EFORMAT },
    { "special_tokens_map.json", "{\"pad_token\": \"<pad>\"}", ": pad_token: '<pad>' is not in vocab.json",
      IL_EFORMAT },
    { "special_tokens_map.json", "{\"pad_token\": 5}", ": pad_token must be a string or an object with 'content'",
      IL_EFORMAT },
    { "special_tokens_map.json", "{\"eos_token\": {\"content\": \"<|endoftext|>\", \"lstrip\": true}}",
      ": eos_token: option lstrip is not supported", IL_EFORMAT },
    { "tokenizer_config.json", "{\"model_max_length\": 64}", "/tokenizer_config.json: model_max_length must be 77",
      IL_EFORMAT },
    { "tokenizer_config.json", "{\"added_tokens_decoder\": {\"7\": {\"content\": \"<my-dog>\"}}}",
      ": added token '<my-dog>' is not supported", IL_EFORMAT },
};

Test(tokenizer, broken_files)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct scratch s = linked(HERE);
        il_err e = { 0 };
        il_tokenizer *t = NULL;
        if (broken[i].content)
            scratch_write(&s, broken[i].file, broken[i].content);
        else
            scratch_drop(&s, broken[i].file);
        cr_expect_eq(il_tokenizer_open(&t, s.path, &e), broken[i].code, "case %zu: %s", i, e.message);
        cr_expect_null(t);
        scratch_forget(&s, e.message);
        cr_expect_str_eq(e.message, broken[i].message, "case %zu", i);
        il_tokenizer_free(t);
        scratch_remove(&s);
    }
}

/* Without the two files of special tokens CLIP's own are taken. */
Test(tokenizer, special_tokens_are_optional)
{
    il_err e = { 0 };
    int64_t ids[IL_TOKENIZER_LENGTH];
    struct scratch s = linked(HERE);
    scratch_drop(&s, "special_tokens_map.json");
    scratch_drop(&s, "tokenizer_config.json");
    il_tokenizer *t = opened(s.path);
    cr_assert_eq(il_tokenizer_encode(ids, NULL, t, "", &e), IL_OK);
    cr_assert_eq(ids[0], 2512);
    for (int i = 1; i < IL_TOKENIZER_LENGTH; i++)
        cr_assert_eq(ids[i], 2513);
    il_tokenizer_free(t);
    scratch_remove(&s);
}
