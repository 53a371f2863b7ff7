/* report_published.c - the published tables: what they are called, and what was measured of them. */
#include <stdlib.h>
#include <string.h>
#include "report/published.h"

const il_published_table il_published_tables[IL_PUBLISHED_TABLES] = {
    { "1", "Table 1: pictures per split", NULL },
    { "2", "Table 2: NIX-Net by size, data set 2, realfake on realfake",
      "'NIX-Net ' || substr(p.model, 4) || 'M' AS model" },
    { "3", "Table 3: FCN, data set 1", "p.trained_on, p.tested_on" },
    { "4", "Table 4: FCN, data set 2", "p.trained_on, p.tested_on" },
    { "5", "Table 5: NIX-Net 40M, data set 1", "p.trained_on, p.tested_on" },
    { "6", "Table 6: NIX-Net 60M, data set 2", "p.trained_on, p.tested_on" },
    { "7", "Table 7: FCN trained on data set 2, tested on Stable Diffusion 2.1", "p.trained_on, p.tested_on" },
    { "text", "Mask policies (in the text of the paper): FCN, data set 1, realfake on realfake", "p.mask_policy" },
};

int il_published_find(const il_published_table **out, const char *name, il_err *e)
{
    for (size_t i = 0; i < IL_PUBLISHED_TABLES; i++) {
        if (strcmp(il_published_tables[i].name, name) == 0) {
            *out = &il_published_tables[i];
            return IL_OK;
        }
    }
    return il_fail(e, IL_EUSAGE, "table %s: no such table; there are 1 to 7 and text", name);
}

int il_published_touched(bool *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    const char *args[] = { t->name, experiment, NULL };
    int rc = il_store_query(&rows, s, t->labels
        ? "SELECT 1 FROM cells WHERE published_table = ?1 AND published_iou IS NOT NULL"
          " AND (?2 IS NULL OR experiment = ?2) LIMIT 1"
        : "SELECT 1 FROM table1 WHERE images IS NOT NULL AND ?1 = '1' AND ?2 IS NULL", args, e);
    if (rc == IL_OK)
        *out = rows.count > 0;
    il_store_rows_free(&rows);
    return rc;
}

/* One test that two experiments share counts once. */
#define KEY "dataset, model, mask_policy, trained_on, tested_on"
#define KIND KEY ", tested_weights, deviations"
#define QUERY \
    "WITH ours AS MATERIALIZED (SELECT tested_dataset AS dataset, model, mask_policy, trained_on, tested_on, tested_weights," \
    " deviations, test, MIN(cell) AS cell FROM reproductions WHERE published_table = ?1 AND status = 'done'" \
    " AND (?2 IS NULL OR experiment = ?2) GROUP BY tested_dataset, model, mask_policy, trained_on, tested_on, test," \
    " tested_weights, deviations)," \
    " pictures AS (SELECT " KIND ", id, AVG(il_iou(tp, fp, fn)) AS iou, MIN(cell) AS cell, COUNT(DISTINCT cell) AS cells" \
    " FROM ours JOIN images ON images.test = ours.test GROUP BY " KIND ", id ORDER BY " KIND ", id)," \
    " m AS (SELECT " KIND ", AVG(iou) AS mean, il_boot_low(iou) AS low, il_boot_high(iou) AS high, COUNT(iou) AS pictures," \
    " CASE WHEN MAX(cells) = 1 THEN MIN(cell) END AS cell FROM pictures GROUP BY " KIND ")" \
    " SELECT %s, %s FROM published_cells p JOIN published q ON q.published_table = p.published_table" \
    " AND q.dataset = p.dataset AND q.model = p.model AND q.mask_policy = p.mask_policy AND q.trained_on = p.trained_on" \
    " AND q.tested_on = p.tested_on LEFT JOIN m ON m.dataset = p.dataset AND m.model = p.model" \
    " AND m.mask_policy = p.mask_policy AND m.trained_on = p.trained_on AND m.tested_on = p.tested_on" \
    " AND m.tested_weights IS p.tested_weights AND m.deviations IS p.deviations" \
    " WHERE p.published_table = ?1 AND p.experiment IS ?2" \
    " ORDER BY q.id, p.deviations IS NOT NULL, p.deviations, p.tested_weights"

int il_published_rows(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, const char *columns,
                      il_err *e)
{
    il_text sql = { 0 };
    il_words_add(&sql, QUERY, t->labels, columns);
    int rc = sql.failed ? il_fail_oom(e)
                        : il_store_query(out, s, sql.data, (const char *const[]){ t->name, experiment, NULL }, e);
    il_words_free(&sql);
    return rc;
}

/* Numbers stand in place of texts, in the order in which these come; the texts become notes. */
static int number_remarks(il_notes *n, il_rows *rows, size_t column, il_err *e)
{
    char **texts = calloc(rows->count + 1, sizeof *texts);
    size_t count = 0;
    int rc = texts ? IL_OK : il_fail_oom(e);
    for (size_t row = 0; rc == IL_OK && row < rows->count; row++) {
        char **value = &rows->values[row * rows->columns + column], *text = *value;
        il_text line = { 0 }, number = { 0 };
        size_t i = 0;
        if (!text)
            continue;
        while (i < count && strcmp(texts[i], text) != 0)
            i++;
        il_words_add(&number, "%zu", i + 1);
        *value = number.data;
        if (i < count) {
            free(text);
        } else {
            texts[count++] = text;
            il_words_add(&line, "Remark %zu, not as in the paper: %s.", count, text);
            il_notes_take(n, &line);
        }
        if (number.failed || n->failed)
            rc = il_fail_oom(e);
    }
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    return rc;
}

int il_published_notes(il_notes *n, il_rows *rows, size_t column, il_store *s, const il_published_table *t,
                       const char *experiment, il_err *e)
{
    enum { MEASURED, SEVERAL, COLLAPSED };
    il_rows counts = { 0 };
    il_text line = { 0 };
    const char *args[] = { t->name, experiment, NULL };
    int rc = il_store_query(&counts, s,
        "SELECT COUNT(measured), COUNT(CASE WHEN runs > 1 THEN 1 END), COUNT(CASE WHEN collapsed > 0 THEN 1 END)"
        " FROM published_cells WHERE published_table = ?1 AND experiment IS ?2", args, e);
    if (rc != IL_OK)
        return rc;
    if (strcmp(counts.values[MEASURED], "0") != 0)
        il_notes_add(n, IL_NOTE_WEIGHTS);
    if (strcmp(t->name, "text") == 0)
        il_notes_add(n, IL_NOTE_TRUTH);
    if (strcmp(counts.values[SEVERAL], "0") != 0)
        il_notes_add(n, "Several runs: measured is their mean.");
    if (strcmp(counts.values[COLLAPSED], "0") != 0)
        il_words_add(&line, "Measured with collapsed weights, which mark no pixel of the validation split: %s cell%s.",
                     counts.values[COLLAPSED], strcmp(counts.values[COLLAPSED], "1") == 0 ? "" : "s");
    il_notes_take(n, &line);
    il_store_rows_free(&counts);
    rc = number_remarks(n, rows, column, e);
    return rc == IL_OK && n->failed ? il_fail_oom(e) : rc;
}

static bool is_rival(const il_rows *rows, size_t row, const char *tested_on)
{
    char **last = rows->values + (row + 1) * rows->columns - 3;
    return last[0] && strcmp(last[0], "1") == 0 && last[1] && last[2] && strcmp(last[2], tested_on) == 0;
}

int il_published_best(bool *bold, const il_rows *rows, il_store *s, size_t column, il_err *e)
{
    const char **cells = calloc(rows->count + 1, sizeof *cells);
    size_t *at = calloc(rows->count + 1, sizeof *at);
    int rc = cells && at ? IL_OK : il_fail_oom(e);
    for (size_t row = 0; row < rows->count && rc == IL_OK; row++) {
        const char *tested_on = rows->values[(row + 1) * rows->columns - 1];
        size_t n = 0, best = 0, first = rows->count;
        for (size_t i = 0; i < rows->count; i++)
            if (is_rival(rows, i, tested_on)) {
                first = i < first ? i : first;
                at[n] = i;
                cells[n++] = rows->values[(i + 1) * rows->columns - 2];
            }
        if (row != first) /* each group once */
            continue;
        rc = il_best_cell(&best, s, cells, n, e);
        if (rc == IL_OK && best < n)
            bold[at[best] * rows->columns + column] = true;
    }
    free(cells);
    free(at);
    return rc;
}
