/* measure.c - which metric by which convention a table shows. */
#include <stdio.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "report/measure.h"

enum { MOST = 64 };

/* The distinct values of a column, of rows whose other column has that value; NULL: of all. */
static size_t list_names(const char *names[MOST], const il_rows *rows, const char *column, const char *other,
                         const char *value)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const char *name = il_rows_word(rows, i, column);
        bool known = value && strcmp(il_rows_word(rows, i, other), value) != 0;
        for (size_t k = 0; k < n && !known; k++)
            known = strcmp(names[k], name) == 0;
        if (!known && n < MOST)
            names[n++] = name;
    }
    return n;
}

static bool is_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int refuse(const char *what, const char *name, const char *const *names, size_t count, const char *where,
                  il_err *e)
{
    il_text all = { 0 };
    il_hint hint = il_suggest_hint(name, names, count);
    for (size_t i = 0; i < count; i++)
        il_text_add(&all, "%s%s", i ? ", " : "", names[i]);
    int rc = all.failed ? il_fail_oom(e)
                        : il_fail(e, IL_EPARAM, "%s '%s': not measured%s%s; expected %s%s", what, name,
                                  where ? " by the convention " : "", where ? where : "", all.data, hint.text);
    il_text_free(&all);
    return rc;
}

static int check(const il_rows *rows, const char *convention, const char *metric, il_err *e)
{
    const char *names[MOST];
    size_t n = list_names(names, rows, "convention", NULL, NULL);
    if (convention && !is_in(convention, names, n))
        return refuse("--convention", convention, names, n, NULL, e);
    n = list_names(names, rows, "metric", "convention", convention);
    if (metric && !is_in(metric, names, n))
        return refuse("--metric", metric, names, n, convention, e);
    return IL_OK;
}

/* The row that is meant; both names are known. */
static size_t choose(const il_rows *rows, const char *convention, const char *metric)
{
    size_t first = rows->count;
    for (size_t i = 0; i < rows->count; i++) {
        const char *name = il_rows_word(rows, i, "metric");
        if ((convention && strcmp(il_rows_word(rows, i, "convention"), convention) != 0) ||
            (metric && strcmp(name, metric) != 0))
            continue;
        if (first == rows->count || (!metric && strcmp(name, "iou") == 0))
            first = i;
        if (metric || strcmp(il_rows_word(rows, first, "metric"), "iou") == 0)
            break;
    }
    return first;
}

int il_measure_find(il_measure *out, il_store *s, const char *convention, const char *metric, il_err *e)
{
    il_rows rows = { 0 };
    bool any = convention || metric;
    int rc = il_store_read(&rows, s, "metric_definitions: convention text, metric text, meaning text",
                           "SELECT convention, metric, meaning FROM metric_definitions ORDER BY id", NULL, e);
    if (!rc)
        rc = check(&rows, convention, metric, e);
    if (!rc) {
        size_t i = choose(&rows, any ? convention : "published", any ? metric : "iou");
        bool found = i < rows.count;
        snprintf(out->convention, sizeof out->convention, "%s",
                 found ? il_rows_word(&rows, i, "convention") : "published");
        snprintf(out->metric, sizeof out->metric, "%s", found ? il_rows_word(&rows, i, "metric") : "iou");
        snprintf(out->meaning, sizeof out->meaning, "%s", found ? il_rows_word(&rows, i, "meaning") : "");
        out->published = strcmp(out->convention, "published") == 0 && strcmp(out->metric, "iou") == 0;
    }
    il_store_rows_free(&rows);
    return rc;
}

il_measure_name il_measure_shown(const il_measure *m)
{
    il_measure_name name = { "IoU" };
    if (!m->published)
        snprintf(name.text, sizeof name.text, "%s (%s)", m->metric, m->convention);
    return name;
}
