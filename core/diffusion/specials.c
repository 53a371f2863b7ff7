/* specials.c - a tokenizer's start, end, unknown and padding tokens. */
#include <string.h>
#include "diffusion/vocabulary.h"
#include "diffusion/vocabulary_files.h"

/* Files older than added_tokens_decoder give the tokens in special_tokens_map.json, which then takes precedence. */
struct sources {
    const il_vocabulary_files *files;
    const json_t *config, *map;
    const json_t *added; /* details by id, or NULL */
};

struct token {
    const char *text;
    bool folded, plain; /* plain: given as a bare string */
};

static const struct {
    const char *key, *fallback;
} roles[IL_SPECIALS] = {
    { "bos_token", "<|startoftext|>" },
    { "eos_token", "<|endoftext|>" },
    { "unk_token", "<|endoftext|>" },
    { "pad_token", "<|endoftext|>" },
};

static bool names(const json_t *entry, const char *content)
{
    const char *text = json_string_value(json_object_get(entry, "content"));
    return text && strcmp(text, content) == 0;
}

static const json_t *details(const json_t *added, const char *content)
{
    const char *key;
    json_t *entry;
    size_t i;
    json_object_foreach((json_t *)added, key, entry) if (names(entry, content)) return entry;
    json_array_foreach(added, i, entry) if (names(entry, content)) return entry;
    return NULL;
}

static int read_details(struct token *t, const struct sources *s, const char *key, const json_t *entry, il_err *e)
{
    static const char *const refused[] = { "lstrip", "rstrip", "single_word" };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (json_is_true(json_object_get(entry, refused[i])))
            return il_fail(e, IL_EFORMAT, "%s: %s: option %s is not supported", s->files->folder.data, key, refused[i]);
    t->folded = json_is_true(json_object_get(entry, "normalized"));
    return IL_OK;
}

static int read_role(struct token *out, const struct sources *s, size_t role, il_err *e)
{
    const json_t *value = json_object_get(s->map, roles[role].key);
    if (!value)
        value = json_object_get(s->config, roles[role].key);
    const json_t *entry = json_is_object(value) ? value : NULL;
    struct token t = { .text = json_string_value(entry ? json_object_get(entry, "content") : value), .plain = !entry };
    if (!value || json_is_null(value))
        t.text = roles[role].fallback;
    if (!t.text || !*t.text)
        return il_fail(e, IL_EFORMAT, "%s: %s must be a string or an object with 'content'", s->files->folder.data,
                       roles[role].key);
    if (s->added && details(s->added, t.text))
        entry = details(s->added, t.text);
    int rc = read_details(&t, s, roles[role].key, entry, e);
    if (!rc)
        *out = t;
    return rc;
}

/* Adds a token, or replaces the one of the same text as transformers does: a bare string after an object, or the
 * reverse. */
static int add_special(il_vocabulary *v, const struct token *before, size_t role, int32_t id, il_err *e)
{
    const struct token *t = &before[role];
    il_special s = { .id = id, .folded = t->folded };
    for (size_t i = 0; i < v->nspecials; i++)
        if (v->specials[i].id == id) {
            for (size_t r = 0; r < role; r++)
                if (strcmp(before[r].text, t->text) == 0 && before[r].plain == t->plain)
                    return IL_OK;
            v->specials[i].folded = t->folded;
            return IL_OK;
        }
    int rc = il_unicode_read(&s.text, t->text, strlen(t->text), e);
    if (!rc)
        v->specials[v->nspecials++] = s;
    return rc;
}

/* A normalised token is searched for in its normalised form. */
static int fold(il_special *s, il_err *e)
{
    il_unicode_text folded = { 0 };
    if (!s->folded)
        return IL_OK;
    int rc = il_unicode_fold(&folded, s->text.at, s->text.count, e);
    if (rc)
        return rc;
    il_unicode_free(&s->text);
    s->text = folded;
    return IL_OK;
}

/* Tokens beyond the four (for example of textual inversion) would change the meaning of a prompt. */
static int refuse_others(const struct sources *s, const struct token *known, il_err *e)
{
    const char *key;
    json_t *entry;
    size_t i = 0;
    json_t *list = json_is_array(s->added) ? json_incref((json_t *)s->added) : json_array();
    int rc = list ? IL_OK : il_fail_oom(e);
    json_object_foreach((json_t *)s->added, key, entry) json_array_append(list, entry);
    for (; i < json_array_size(list) && !rc; i++) {
        bool found = false;
        for (size_t r = 0; r < IL_SPECIALS; r++)
            found = found || names(json_array_get(list, i), known[r].text);
        const char *text = json_string_value(json_object_get(json_array_get(list, i), "content"));
        if (!found)
            rc = il_fail(e, IL_EFORMAT, "%s: added token '%s' is not supported", s->files->folder.data,
                         text ? text : "?");
    }
    json_decref(list);
    return rc;
}

static int check_length(const struct sources *s, il_err *e)
{
    const json_t *length = json_object_get(s->config, "model_max_length");
    if (length && (!json_is_number(length) || json_number_value(length) != IL_CLIP_TOKENS))
        return il_vocabulary_wrong(s->files, "tokenizer_config.json", e, "model_max_length must be 77");
    return IL_OK;
}

int il_specials_read(il_vocabulary *v, const il_vocabulary_files *f, il_err *e)
{
    struct token tokens[IL_SPECIALS];
    int32_t ids[IL_SPECIALS];
    const json_t *decoder = json_object_get(f->config, "added_tokens_decoder");
    struct sources s = { .files = f, .config = f->config, .map = decoder ? NULL : f->map, .added = decoder };
    if (!decoder)
        s.added = json_object_get(f->whole, "added_tokens");
    int rc = check_length(&s, e);
    for (size_t r = 0; r < IL_SPECIALS && !rc; r++) {
        rc = read_role(&tokens[r], &s, r, e);
        ids[r] = rc ? -1 : il_vocabulary_id(f, tokens[r].text);
        if (!rc && ids[r] < 0)
            rc = il_fail(e, IL_EFORMAT, "%s: %s: '%s' is not in %s", f->folder.data, roles[r].key, tokens[r].text,
                         f->source);
        if (!rc)
            rc = add_special(v, tokens, r, ids[r], e);
    }
    if (!rc)
        rc = refuse_others(&s, tokens, e);
    for (size_t i = 0; i < v->nspecials && !rc; i++)
        rc = fold(&v->specials[i], e);
    if (rc)
        return rc;
    v->start = ids[0];
    v->end = ids[1];
    v->pad = ids[3];
    return IL_OK;
}
