/* mixture.c - kinds of pictures with truths and shares, as one text and back. */
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/params.h"
#include "plan/mixture.h"

const char *const il_truth_names[] = { "mask", "nothing", "everything", NULL };

const il_param_spec il_mixture_keys[] = {
    { "images", IL_PARAM_TEXT, NULL, 0, 0, NULL, "image kind" },
    { "truth", IL_PARAM_TEXT, "mask", 0, 0, "mask|nothing|everything", "what of these images counts as inpainted" },
    { "share", IL_PARAM_REAL, "1", 1e-4, 1, NULL, "of these images, chosen by hash of their ids" },
    { 0 },
};

void il_mixture_free(il_mixture *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->list[i].images);
    free(m->list);
    *m = (il_mixture){ 0 };
}

int il_mixture_take(il_ingredient *out, const il_params *p, il_err *e)
{
    il_ingredient one = { .images = il_text_copy(il_params_text(p, "images")), .share = il_params_real(p, "share") };
    if (!one.images)
        return il_fail_oom(e);
    while (il_truth_names[one.truth] && strcmp(il_truth_names[one.truth], il_params_text(p, "truth")) != 0)
        one.truth++; /* it is one of them, as the table of settings says */
    *out = one;
    return IL_OK;
}

void il_mixture_write(il_text *to, const il_ingredient *one)
{
    il_text_add(to, "%s%s", to->size ? "+" : "", one->images);
    if (one->truth != IL_TRUTH_MASK)
        il_text_add(to, ":%s", il_truth_names[one->truth]);
    if (one->share < 1)
        il_text_add(to, ":%s", il_params_real_text(one->share).text);
}

/* ---- reading ---- */

static bool is_truth(const char *word)
{
    size_t i = 0;
    while (il_truth_names[i] && strcmp(il_truth_names[i], word) != 0)
        i++;
    return il_truth_names[i] != NULL;
}

/* What stands behind a kind's name: its truth, its share, or both. */
static int read_words(il_params *p, char *words, const char *text, il_err *e)
{
    for (char *word; (word = strsep(&words, ":")) != NULL;) {
        il_err why = { 0 };
        int rc = il_params_set(p, is_truth(word) ? "truth" : "share", word, &why);
        if (rc)
            return rc == IL_ENOMEM ? il_fail_oom(e)
                                   : il_fail(e, rc,
                                             "image kinds '%s': '%s' after ':' is neither a truth (mask, nothing or "
                                             "everything) nor a share from 0.0001 to 1",
                                             text, word);
    }
    return IL_OK;
}

/* part: without '+'; it is cut up. */
static int read_one(il_mixture *m, char *part, const char *text, il_err *e)
{
    il_params *p = NULL;
    il_ingredient one = { 0 };
    char *words = part, *kind = strsep(&words, ":");
    if (!*kind)
        return il_fail(e, IL_EPARAM, "image kinds '%s': expected kinds joined by '+', such as realfake+original", text);
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->list[i].images, kind) == 0)
            return il_fail(e, IL_EPARAM, "image kinds '%s': '%s' is named twice", text, kind);
    int rc = il_params_new(&p, il_mixture_keys, e);
    if (!rc)
        rc = il_params_set(p, "images", kind, e);
    if (!rc && words)
        rc = read_words(p, words, text, e);
    if (!rc)
        rc = il_mixture_take(&one, p, e);
    il_params_free(p);
    il_ingredient *list = rc ? NULL : il_array_grow(m->list, m->count, sizeof *list);
    if (!list) {
        free(one.images);
        return rc ? rc : il_fail_oom(e);
    }
    m->list = list;
    list[m->count++] = one;
    return IL_OK;
}

int il_mixture_read(il_mixture *out, const char *text, il_err *e)
{
    il_mixture m = { 0 };
    char *copy = il_text_copy(text), *rest = copy, *part;
    int rc = copy ? IL_OK : il_fail_oom(e);
    while (!rc && (part = strsep(&rest, "+")) != NULL)
        rc = read_one(&m, part, text, e);
    free(copy);
    if (rc)
        il_mixture_free(&m);
    else
        *out = m;
    return rc;
}
