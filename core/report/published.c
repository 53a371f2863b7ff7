/* published.c - the published tables: what they are called, and what was measured of them. */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
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
    return il_fail(e, IL_EUSAGE, "table %s does not exist; expected 1 to 7 or text", name);
}

int il_published_touched(bool *out, il_store *s, const il_published_table *t, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    const char *args[] = { t->name, experiment, NULL };
    int rc = il_store_query(&rows, s,
                            t->labels ? "SELECT 1 FROM cells WHERE published_table = ?1 AND published_iou IS NOT NULL"
                                        " AND (?2 IS NULL OR experiment = ?2) LIMIT 1"
                                      : "SELECT 1 FROM table1 WHERE images IS NOT NULL AND ?1 = '1' AND ?2 IS NULL",
                            args, e);
    if (!rc)
        *out = rows.count > 0;
    il_store_rows_free(&rows);
    return rc;
}

/* ---- rows ---- */

/* One test that two experiments share counts once. */
#define KEY "dataset, model, mask_policy, trained_on, tested_on"
#define KIND KEY ", tested_weights, deviations"

/* Of ours, picture by picture. The bootstrap takes its time, so only where it is shown. */
#define PICTURES                                                                                                              \
    "WITH ours AS MATERIALIZED (SELECT tested_dataset AS dataset, model, mask_policy, trained_on, tested_on, tested_weights," \
    " deviations, test, MIN(cell) AS cell FROM reproductions WHERE published_table = ?1 AND status = 'done'"                  \
    " AND (?2 IS NULL OR experiment = ?2) GROUP BY tested_dataset, model, mask_policy, trained_on, tested_on, test,"          \
    " tested_weights, deviations),"                                                                                           \
    " pictures AS (SELECT " KIND                                                                                              \
    ", id, MIN(COALESCE(photo, id)) AS photo, AVG(il_iou(tp, fp, fn)) AS iou, MIN(cell) AS cell,"                             \
    " COUNT(DISTINCT cell) AS cells"                                                                                          \
    " FROM ours JOIN images ON images.test = ours.test GROUP BY " KIND ", id ORDER BY " KIND ", id),"                         \
    " m AS (SELECT " KIND                                                                                                     \
    ", AVG(iou) AS mean, il_boot_photo_low(iou, photo) AS low, il_boot_photo_high(iou, photo) AS high,"                       \
    " COUNT(iou) AS pictures, COUNT(DISTINCT CASE WHEN iou IS NOT NULL THEN photo END) AS photos,"                            \
    " CASE WHEN MAX(cells) = 1 THEN MIN(cell) END AS cell FROM pictures GROUP BY " KIND ") "
#define NO_PICTURES                                                                                                    \
    "WITH m (" KIND                                                                                                    \
    ", mean, low, high, pictures, photos, cell) AS (SELECT 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 WHERE 0) "

#define QUERY                                                                                                                           \
    "SELECT %s, p.published, CASE p.state WHEN 'measured' THEN p.measured WHEN 'undefined' THEN NULL ELSE p.state END AS measured,"     \
    " p.difference, p.measured IS NOT NULL AS is_measured, p.state, p.runs, p.lowest, p.highest, p.collapsed,"                          \
    " p.tested_weights AS weights, p.deviations AS remark, m.mean AS \"image mean\", m.low, m.high,"                                    \
    " CASE WHEN m.low IS NOT NULL THEN printf('%%.3f to %%.3f', m.low, m.high) END AS \"95%% interval\", m.pictures, m.photos, m.cell," \
    " p.tested_on AS place"                                                                                                             \
    " FROM published_cells p JOIN published q ON q.published_table = p.published_table"                                                 \
    " AND q.dataset = p.dataset AND q.model = p.model AND q.mask_policy = p.mask_policy AND q.trained_on = p.trained_on"                \
    " AND q.tested_on = p.tested_on LEFT JOIN m ON m.dataset = p.dataset AND m.model = p.model"                                         \
    " AND m.mask_policy = p.mask_policy AND m.trained_on = p.trained_on AND m.tested_on = p.tested_on"                                  \
    " AND m.tested_weights IS p.tested_weights AND m.deviations IS p.deviations"                                                        \
    " WHERE p.published_table = ?1 AND p.experiment IS ?2"                                                                              \
    " ORDER BY q.id, p.deviations IS NOT NULL, p.deviations, p.tested_weights"

static const char expected[] =
    "published_cells: published real, difference real?, is_measured int, state text, runs count, lowest real?,"
    " highest real?, collapsed count, weights text?, remark text?, image mean real?, low real?, high real?,"
    " 95% interval text?, pictures count?, photos count?, cell int?, place text";

int il_published_rows(il_rows *out, il_store *s, const il_published_table *t, const char *experiment, bool pictures,
                      il_err *e)
{
    il_text sql = { 0 };
    il_text_add(&sql, "%s" QUERY, pictures ? PICTURES : NO_PICTURES, t->labels);
    int rc = sql.failed
                 ? il_fail_oom(e)
                 : il_store_read(out, s, expected, sql.data, (const char *const[]){ t->name, experiment, NULL }, e);
    il_text_free(&sql);
    return rc;
}

/* ---- what stands out ---- */

static bool is_rival(const il_rows *rows, size_t row, const char *place)
{
    return il_rows_int(rows, row, "runs") == 1 && il_rows_int(rows, row, "cell") &&
           strcmp(il_rows_text(rows, row, "place"), place) == 0;
}

int il_published_best(bool *best, const il_rows *rows, il_store *s, il_err *e)
{
    int64_t *cells = calloc(rows->count + 1, sizeof *cells);
    size_t *at = calloc(rows->count + 1, sizeof *at);
    int rc = cells && at ? IL_OK : il_fail_oom(e);
    for (size_t row = 0; row < rows->count && !rc; row++) {
        const char *place = il_rows_text(rows, row, "place");
        size_t n = 0, winner = 0;
        for (size_t i = 0; i < rows->count; i++)
            if (is_rival(rows, i, place)) {
                at[n] = i;
                cells[n++] = il_rows_int(rows, i, "cell");
            }
        if (n == 0 || at[0] != row) /* each group once */
            continue;
        rc = il_best_cell(&winner, s, cells, n, e);
        if (!rc && winner < n)
            best[at[winner]] = true;
    }
    free(cells);
    free(at);
    return rc;
}
