/* params.c - settings declared in a table: checks their texts and converts them to values. */
#undef NDEBUG /* asking for a setting that the plugin has not declared must fail in every build */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/params.h>
#include "base/params.h"
#include "base/suggest.h"
#include "base/text.h"

struct value {
    char *text; /* canonical; NULL: not set yet */
    bool boolean;
    int64_t integer;
    double real;
};

struct il_params {
    const il_param_spec *specs;
    size_t count;
    struct value values[]; /* count */
};

static const il_param_spec no_specs[] = { { 0 } };

const il_param_spec *il_params_find(const il_param_spec *table, const char *name)
{
    for (; table && table->name; table++) {
        if (strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

/* ---- YAML 1.2 core scalars ---- */

static bool read_bool(bool *out, const char *text)
{
    static const char *const words[] = { "true", "True", "TRUE", "false", "False", "FALSE" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i < 3;
            return true;
        }
    }
    return false;
}

static const char *skip_digits(const char *s)
{
    while (isdigit((unsigned char)*s))
        s++;
    return s;
}

static const char *skip_sign(const char *s)
{
    return *s == '-' || *s == '+' ? s + 1 : s;
}

/* [-+]?[0-9]+, 0x…, 0o…; *fits: in 64 bits */
static bool read_int(int64_t *out, bool *fits, const char *text)
{
    int base = strncmp(text, "0x", 2) == 0 ? 16 : strncmp(text, "0o", 2) == 0 ? 8 : 10;
    const char *digits = base == 10 ? skip_sign(text) : text + 2;
    size_t count = strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789");
    if (count == 0 || digits[count])
        return false;

    char *end = NULL;
    errno = 0;
    long long v = strtoll(base == 10 ? text : digits, &end, base);
    if (*end)
        return false;
    *fits = errno != ERANGE;
    *out = v;
    return true;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? ; *fits: it is finite */
static bool read_real(double *out, bool *fits, const char *text)
{
    const char *start = skip_sign(text);
    const char *s = skip_digits(start);
    bool any = s > start;
    if (*s == '.') {
        const char *fraction = s + 1;
        s = skip_digits(fraction);
        any = any || s > fraction;
    }
    if (!any)
        return false;
    if (*s == 'e' || *s == 'E') {
        const char *exponent = skip_sign(s + 1);
        s = skip_digits(exponent);
        if (s == exponent)
            return false;
    }
    if (*s)
        return false;
    *out = strtod(text, NULL);
    *fits = isfinite(*out);
    return true;
}

il_params_words il_params_real_text(double v)
{
    il_params_words w = { "" };
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(w.text, sizeof w.text, "%.*g", digits, v == 0.0 ? 0.0 : v);
        if (strtod(w.text, NULL) == v)
            break;
    }
    return w;
}

/* ---- checks ---- */

static const char *type_in_words(il_param_type type)
{
    switch (type) {
    case IL_PARAM_BOOL: return "true or false";
    case IL_PARAM_INT: return "an integer";
    case IL_PARAM_REAL: return "a number";
    case IL_PARAM_TEXT: return "text";
    case IL_PARAM_PATH: return "a path";
    }
    return "a value";
}

static bool is_bounded(const il_param_spec *s)
{
    return s->min != 0.0 || s->max != 0.0;
}

/* A bound as the integer that it means: any beyond 64 bits, such as INFINITY, bounds nothing. */
static int64_t whole(double bound)
{
    return bound >= 0x1p63 ? INT64_MAX : bound < -0x1p63 ? INT64_MIN : (int64_t)bound;
}

static int64_t least_int(const il_param_spec *s)
{
    return is_bounded(s) ? whole(ceil(s->min)) : INT64_MIN;
}

static int64_t most_int(const il_param_spec *s)
{
    return is_bounded(s) ? whole(floor(s->max)) : INT64_MAX;
}

il_params_words il_params_range(const il_param_spec *s)
{
    il_params_words w = { "" };
    bool low = isfinite(s->min), high = isfinite(s->max);
    if (s->type == IL_PARAM_INT)
        snprintf(w.text, sizeof w.text, "%" PRId64 " to %" PRId64, least_int(s), most_int(s));
    else if (is_bounded(s) && low && high)
        snprintf(w.text, sizeof w.text, "%.15g to %.15g", s->min, s->max);
    else if (is_bounded(s) && (low || high))
        snprintf(w.text, sizeof w.text, "%.15g or %s", low ? s->min : s->max, low ? "more" : "less");
    return w;
}

static int wrong_range(const il_param_spec *spec, const char *text, il_err *e)
{
    const il_params_words range = il_params_range(spec);
    return il_fail(e, IL_EPARAM, "%s: %s is out of range; expected %s", spec->name, text,
                   *range.text ? range.text : "a finite number");
}

static bool is_choice(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (const char *word = choices; word;) {
        const char *end = strchr(word, '|');
        size_t size = end ? (size_t)(end - word) : strlen(word);
        if (size == length && strncmp(word, text, size) == 0)
            return true;
        word = end ? end + 1 : NULL;
    }
    return false;
}

static int wrong_choice(const il_param_spec *spec, const char *text, il_err *e)
{
    il_text list = { 0 };
    for (const char *c = spec->choices; *c; c++) {
        if (*c == '|')
            il_text_add(&list, ", ");
        else
            il_text_add(&list, "%c", *c);
    }
    int rc = list.failed
                 ? il_fail_oom(e)
                 : il_fail(e, IL_EPARAM, "%s: '%s' is unknown; expected one of %s", spec->name, text, list.data);
    il_text_free(&list);
    return rc;
}

/* Fills v from the YAML text; the caller owns v's text afterwards. */
static int read_value(struct value *v, const il_param_spec *spec, const char *text, il_err *e)
{
    char canonical[64] = "";
    const char *kept = canonical;
    bool good = true, fits = true;
    int rc = IL_OK;

    switch (spec->type) {
    case IL_PARAM_BOOL:
        good = read_bool(&v->boolean, text);
        snprintf(canonical, sizeof canonical, "%s", v->boolean ? "true" : "false");
        break;
    case IL_PARAM_INT:
        good = read_int(&v->integer, &fits, text);
        snprintf(canonical, sizeof canonical, "%lld", (long long)v->integer);
        fits = fits && v->integer >= least_int(spec) && v->integer <= most_int(spec);
        break;
    case IL_PARAM_REAL:
        good = read_real(&v->real, &fits, text);
        if (good)
            snprintf(canonical, sizeof canonical, "%.63s", il_params_real_text(v->real).text);
        fits = fits && (!is_bounded(spec) || (v->real >= spec->min && v->real <= spec->max));
        break;
    case IL_PARAM_TEXT:
        kept = text;
        if (spec->choices && !is_choice(spec->choices, text))
            rc = wrong_choice(spec, text, e);
        break;
    case IL_PARAM_PATH: kept = text; break;
    }
    if (!good)
        return il_fail(e, IL_EPARAM, "%s: '%s' is not %s", spec->name, text, type_in_words(spec->type));
    if (!fits)
        return wrong_range(spec, text, e);
    if (rc)
        return rc;
    v->text = il_text_copy(kept);
    return v->text ? IL_OK : il_fail_oom(e);
}

/* ---- the set ---- */

int il_params_new(il_params **out, const il_param_spec *specs, il_err *e)
{
    if (!specs)
        specs = no_specs;
    size_t count = 0;
    while (specs[count].name)
        count++;

    il_params *p = calloc(1, sizeof *p + count * sizeof p->values[0]);
    if (!p)
        return il_fail_oom(e);
    p->specs = specs;
    p->count = count;
    for (size_t i = 0; i < count; i++) {
        int rc = specs[i].fallback ? read_value(&p->values[i], &specs[i], specs[i].fallback, e) : IL_OK;
        if (rc) {
            il_params_free(p);
            return il_fail_in(e, "default");
        }
    }
    *out = p;
    return IL_OK;
}

void il_params_free(il_params *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        free(p->values[i].text);
    free(p);
}

static size_t find(const il_params *p, const char *name)
{
    size_t i = 0;
    while (i < p->count && strcmp(p->specs[i].name, name) != 0)
        i++;
    return i;
}

static int unknown_name(const il_params *p, const char *name, il_err *e)
{
    if (p->count == 0)
        return il_fail(e, IL_EPARAM, "unknown setting '%s'; none are defined", name);

    const char **names = calloc(p->count, sizeof *names);
    if (!names)
        return il_fail_oom(e);
    il_text list = { 0 };
    for (size_t i = 0; i < p->count; i++) {
        names[i] = p->specs[i].name;
        il_text_add(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = il_suggest_nearest(name, names, p->count);
    int rc = nearest ? il_fail(e, IL_EPARAM, "unknown setting '%s'; did you mean '%s'?", name, nearest)
                     : il_fail(e, IL_EPARAM, "unknown setting '%s'; expected one of %s", name,
                               list.data ? list.data : "the plugin's settings");
    il_text_free(&list);
    free(names);
    return rc;
}

int il_params_set(il_params *p, const char *name, const char *text, il_err *e)
{
    size_t i = find(p, name);
    if (i == p->count)
        return unknown_name(p, name, e);

    struct value v = { 0 };
    int rc = read_value(&v, &p->specs[i], text, e);
    if (rc)
        return rc;
    free(p->values[i].text);
    p->values[i] = v;
    return IL_OK;
}

int il_params_check(const il_params *p, il_err *e)
{
    for (size_t i = 0; i < p->count; i++) {
        const il_param_spec *spec = &p->specs[i];
        if (!p->values[i].text)
            return il_fail(e, IL_EPARAM, "setting '%s' is missing (%s)", spec->name, type_in_words(spec->type));
    }
    return IL_OK;
}

static const struct value *value_of(const il_params *p, const char *name, il_param_type type)
{
    size_t i = find(p, name);
    assert(i < p->count && "the setting is in the table");
    assert((p->specs[i].type == type || (type == IL_PARAM_TEXT && p->specs[i].type == IL_PARAM_PATH)) &&
           "and of that type");
    (void)type;
    return &p->values[i];
}

bool il_params_bool(const il_params *p, const char *name)
{
    return value_of(p, name, IL_PARAM_BOOL)->boolean;
}

int64_t il_params_int(const il_params *p, const char *name)
{
    return value_of(p, name, IL_PARAM_INT)->integer;
}

double il_params_real(const il_params *p, const char *name)
{
    return value_of(p, name, IL_PARAM_REAL)->real;
}

const char *il_params_text(const il_params *p, const char *name)
{
    return value_of(p, name, IL_PARAM_TEXT)->text;
}

const il_param_spec *il_params_specs(const il_params *p)
{
    return p->specs;
}

const char *il_params_canonical(const il_params *p, const char *name)
{
    size_t i = find(p, name);
    assert(i < p->count && "the setting is in the table");
    return p->values[i].text;
}
