/* unicode.c - decoding, normalisation, case and character classes, using utf8proc. Its tables are of one version of
 * Unicode (15.0 in Debian 12); libraries of other versions may classify or compose newer characters differently. */
#include <stdlib.h>
#include <utf8proc.h>
#include "base/utf8.h"
#include "diffusion/unicode.h"

enum { REPLACEMENT = 0xFFFD, CAPITAL_I_DOTTED = 0x130, DOT_ABOVE = 0x307 };

void il_unicode_free(il_unicode_text *t)
{
    free(t->at);
    *t = (il_unicode_text){ 0 };
}

int il_unicode_read(il_unicode_text *out, const char *text, size_t size, il_err *e)
{
    il_unicode_text t = { .at = malloc((size + 1) * sizeof *t.at) };
    if (!t.at)
        return il_fail_oom(e);
    for (size_t i = 0, used; i < size; i += used) {
        int32_t code = il_utf8_next(text + i, size - i, &used);
        t.at[t.count++] = code < 0 ? REPLACEMENT : code;
    }
    *out = t;
    return IL_OK;
}

/* Normal form C. */
static int compose(il_unicode_text *out, const int32_t *text, size_t count, il_err *e)
{
    il_unicode_text t = { 0 };
    uint8_t *bytes = malloc(4 * count + 1);
    size_t size = 0;
    utf8proc_ssize_t n = UTF8PROC_ERROR_NOMEM;
    const utf8proc_option_t form = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    for (size_t i = 0; bytes && i < count; i++)
        size += (size_t)il_unicode_bytes(bytes + size, text[i]);
    if (bytes)
        n = utf8proc_decompose(bytes, (utf8proc_ssize_t)size, NULL, 0, form);
    if (n >= 0)
        t.at = malloc(((size_t)n + 1) * sizeof *t.at);
    if (t.at) {
        n = utf8proc_decompose(bytes, (utf8proc_ssize_t)size, t.at, n, form);
        n = n > 0 ? utf8proc_normalize_utf32(t.at, n, form) : n;
    }
    free(bytes);
    if (!t.at || n < 0) {
        il_unicode_free(&t);
        return n < 0 && n != UTF8PROC_ERROR_NOMEM
                   ? il_fail(e, IL_EFORMAT, "cannot normalise the text: %s", utf8proc_errmsg(n))
                   : il_fail_oom(e);
    }
    t.count = (size_t)n;
    *out = t;
    return IL_OK;
}

int il_unicode_fold(il_unicode_text *out, const int32_t *text, size_t count, il_err *e)
{
    il_unicode_text composed = { 0 }, t = { 0 };
    int rc = compose(&composed, text, count, e);
    if (rc)
        return rc;
    t.at = malloc((2 * composed.count + 1) * sizeof *t.at);
    if (!t.at) {
        il_unicode_free(&composed);
        return il_fail_oom(e);
    }
    for (size_t i = 0; i < composed.count; i++) {
        t.at[t.count++] = utf8proc_tolower(composed.at[i]);
        if (composed.at[i] == CAPITAL_I_DOTTED) /* the only letter whose lower case has two code points */
            t.at[t.count++] = DOT_ABOVE;
    }
    il_unicode_free(&composed);
    *out = t;
    return IL_OK;
}

il_unicode_class il_unicode_classify(int32_t c)
{
    if ((c >= '\t' && c <= '\r') || c == 0x85) /* control characters that count as white space */
        return IL_UNICODE_SPACE;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return IL_UNICODE_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return IL_UNICODE_NUMBER;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return IL_UNICODE_SPACE;
    default: return IL_UNICODE_OTHER;
    }
}

int il_unicode_bytes(uint8_t out[4], int32_t c)
{
    return (int)utf8proc_encode_char(c, out);
}
