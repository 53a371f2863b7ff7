/* tokenizer.c - CLIP's byte-pair tokenizer: texts -> ids, like transformers' CLIPTokenizer. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/diffusion.h>
#include "diffusion/vocabulary.h"

struct il_tokenizer {
    il_vocabulary v;
};

/* The ids encoded so far. */
struct sink {
    int64_t *ids;
    size_t kept, lost; /* numbers of ids kept (without start and end) and truncated */
};

enum { ROOM = IL_TOKENIZER_LENGTH - 2 };

int il_tokenizer_open(il_tokenizer **out, const char *folder, il_err *e)
{
    il_tokenizer *t = calloc(1, sizeof *t);
    if (!t)
        return il_fail_oom(e);
    int rc = il_vocabulary_read(&t->v, folder, e);
    if (rc)
        free(t);
    else
        *out = t;
    return rc;
}

void il_tokenizer_free(il_tokenizer *t)
{
    if (t)
        il_vocabulary_clear(&t->v);
    free(t);
}

/* ---- words ---- */

static void put(struct sink *to, int32_t id)
{
    if (to->kept < ROOM)
        to->ids[1 + to->kept++] = id;
    else
        to->lost++;
}

static int put_word(struct sink *to, const il_vocabulary *v, const int32_t *text, size_t count, il_err *e)
{
    int32_t *ids = malloc(4 * count * sizeof *ids);
    size_t n = 0;
    if (!ids)
        return il_fail_oom(e);
    uint8_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[4];
        int size = il_unicode_bytes(bytes, text[i]);
        for (int k = 0; k < size; k++)
            ids[n++] = v->letters[last = bytes[k]];
    }
    if (n > 0)
        ids[n - 1] = v->ends[last];
    int rc = il_bpe_merge(v->merges, ids, &n, e);
    for (size_t i = 0; i < n && !rc; i++)
        put(to, ids[i]);
    free(ids);
    return rc;
}

/* Length of the contraction at the start of t; 0: none. */
static size_t contraction(const int32_t *t, size_t count)
{
    static const char *const endings[] = { "s", "t", "re", "ve", "m", "ll", "d" };
    if (t[0] != '\'')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = 0;
        while (endings[i][n] && 1 + n < count && t[1 + n] == endings[i][n])
            n++;
        if (!endings[i][n])
            return 1 + n;
    }
    return 0;
}

/* Length of the word at t: a contraction, a run of letters, one digit, or a run of anything else but white space. */
static size_t word_length(const int32_t *t, size_t count)
{
    size_t n = contraction(t, count);
    if (n)
        return n;
    il_unicode_class kind = il_unicode_classify(t[0]);
    if (kind == IL_UNICODE_NUMBER)
        return 1;
    for (n = 1; n < count && il_unicode_classify(t[n]) == kind; n++)
        ;
    return n;
}

static int put_words(struct sink *to, const il_vocabulary *v, const int32_t *text, size_t count, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0, n; i < count && !rc; i += n) {
        n = word_length(text + i, count - i);
        if (il_unicode_classify(text[i]) != IL_UNICODE_SPACE)
            rc = put_word(to, v, text + i, n, e);
    }
    return rc;
}

/* ---- special tokens ---- */

/* The longest special token at the start of text, among the folded or the other ones; NULL: none. */
static const il_special *special_at(const il_vocabulary *v, bool folded, const int32_t *text, size_t count)
{
    const il_special *best = NULL;
    for (size_t i = 0; i < v->nspecials; i++) {
        const il_special *s = &v->specials[i];
        if (s->folded == folded && s->text.count && s->text.count <= count &&
            memcmp(s->text.at, text, s->text.count * sizeof *text) == 0 && (!best || s->text.count > best->text.count))
            best = s;
    }
    return best;
}

static int put_plain(struct sink *to, const il_vocabulary *v, bool folded, const int32_t *text, size_t count,
                     il_err *e);

/* Encodes special tokens and the text between them. A folded text is split at folded tokens, other
 * text at the other tokens. */
static int put_text(struct sink *to, const il_vocabulary *v, bool folded, const int32_t *text, size_t count, il_err *e)
{
    size_t start = 0, i = 0;
    int rc = IL_OK;
    while (i < count && !rc) {
        const il_special *s = special_at(v, folded, text + i, count - i);
        if (!s) {
            i++;
            continue;
        }
        rc = put_plain(to, v, folded, text + start, i - start, e);
        put(to, s->id);
        start = i += s->text.count;
    }
    return rc ? rc : put_plain(to, v, folded, text + start, count - start, e);
}

static int put_plain(struct sink *to, const il_vocabulary *v, bool folded, const int32_t *text, size_t count, il_err *e)
{
    il_unicode_text t = { 0 };
    if (folded)
        return put_words(to, v, text, count, e);
    int rc = il_unicode_fold(&t, text, count, e);
    if (!rc)
        rc = put_text(to, v, true, t.at, t.count, e);
    il_unicode_free(&t);
    return rc;
}

int il_tokenizer_encode(int64_t ids[IL_TOKENIZER_LENGTH], int *cut, const il_tokenizer *t, const char *text, il_err *e)
{
    int64_t made[IL_TOKENIZER_LENGTH];
    struct sink to = { .ids = made };
    il_unicode_text u = { 0 };
    int rc = il_unicode_read(&u, text, strlen(text), e);
    if (!rc)
        rc = put_text(&to, &t->v, false, u.at, u.count, e);
    il_unicode_free(&u);
    if (rc)
        return rc;
    made[0] = t->v.start;
    made[1 + to.kept] = t->v.end;
    for (size_t i = 2 + to.kept; i < IL_TOKENIZER_LENGTH; i++)
        made[i] = t->v.pad;
    memcpy(ids, made, sizeof made);
    if (cut)
        *cut = to.lost > INT32_MAX ? INT32_MAX : (int)to.lost;
    return IL_OK;
}
