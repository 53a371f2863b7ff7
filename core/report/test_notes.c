/* test_notes.c - what makes the numbers of tests mean less than they seem to: leaks, empty truths, images left out, padding. */
#include <stdio.h>
#include "report/test_notes.h"

#define OF_CELLS                                                                                                       \
    "(?1 = '' OR c.experiment = ?1) AND (?2 = '' OR c.published_table = ?2)"                                           \
    " AND (?3 = '' OR c.tested_dataset = ?3) AND (?4 = '' OR c.split = ?4)"

static const char tests[] =
    "SELECT c.tested_dataset, c.tested_on, c.split, MAX(t.leaked) AS leaked, MAX(t.leaked_example) AS leaked_example,"
    " MAX(t.no_truth) AS no_truth, MAX(t.no_truth_example) AS no_truth_example, MAX(t.left_out) AS left_out, MAX(n.images) AS images,"
    " MAX(t.padding = 'counted') AS counted, MAX(t.fit IS NULL) AS unknown"
    " FROM cells c JOIN tests t ON t.id = c.test LEFT JOIN test_sums n ON n.test = t.id"
    " WHERE t.status = 'done' AND c.degradation IS NULL AND " OF_CELLS
    " GROUP BY c.tested_dataset, c.tested_on, c.split ORDER BY MIN(c.cell)";

static const char expected[] =
    "tests: tested_dataset text, tested_on text, split text, leaked count?, leaked_example text?, no_truth count?,"
    " no_truth_example text?, left_out count?, images count?, counted int?, unknown int?";

/* Each gives how often something is the case, and a note that tells of it where that is not 0. */
#define ALL_PIXELS "(n.tp + n.fp + n.fn + n.tn)"
static const char *const counted[] = {
    "SELECT SUM(same) AS times, SUM(same) || ' of ' || COUNT(*) || ' runs were validated on the images that they were trained"
    " on.' AS note FROM (SELECT DISTINCT r.id,"
    " json_extract(r.manifest, '$.train.digest') = json_extract(r.manifest, '$.validation.digest') AS same"
    " FROM cells c JOIN runs r ON r.hash = c.run_hash WHERE r.status = 'done' AND " OF_CELLS ")",

    "SELECT COUNT(*) AS times, 'Runs that were trained or validated without some of their images, as these were missing or"
    " could not be read: ' || COUNT(*) || ' (' || MAX(gone) || ' images at most).' AS note"
    " FROM (SELECT DISTINCT r.id, r.left_out AS gone FROM cells c"
    " JOIN runs r ON r.hash = c.run_hash WHERE r.left_out > 0 AND " OF_CELLS ")",

    "SELECT COUNT(*) AS times, 'Nearly everything is marked (99 % of all pixels or more), so that IoU is about the masks'' share:"
    " in ' || COUNT(*) || ' of the cells, such as one of ' || MIN(c.run) || '.' AS note"
    " FROM cells c JOIN test_sums n ON n.test = c.test"
    " WHERE 100.0 * (n.tp + n.fp) >= 99.0 * " ALL_PIXELS " AND n.tp + n.fp < " ALL_PIXELS " AND " OF_CELLS,

    "SELECT COUNT(DISTINCT r.id) AS times, 'Runs of precision tf32 that computed in fp32, as a CPU does: '"
    " || COUNT(DISTINCT r.id) || '.' AS note FROM cells c JOIN runs r ON r.hash = c.run_hash"
    " WHERE json_extract(r.config, '$.train.precision') = 'tf32' AND r.device LIKE 'cpu%' AND " OF_CELLS,
};

static void add(il_footnotes *n, const il_rows *r, size_t i, const char *words)
{
    il_text line = { 0 };
    const char *split = il_rows_word(r, i, "split");
    bool test = split[0] == 't' && split[1] == 'e';
    il_text_add(&line, "%s %s%s%s%s: %s", il_rows_word(r, i, "tested_dataset"), il_rows_word(r, i, "tested_on"),
                test ? "" : " (", test ? "" : split, test ? "" : ")", words);
    il_footnotes_take(n, &line);
}

static void add_test(il_footnotes *n, const il_rows *r, size_t i)
{
    char words[400];
    int64_t leaked = il_rows_int(r, i, "leaked"), none = il_rows_int(r, i, "no_truth"),
            gone = il_rows_int(r, i, "left_out"), images = il_rows_int(r, i, "images");
    if (leaked) {
        snprintf(
            words, sizeof words,
            "%lld of %lld images, or the photos they were made from, are among those that a run was trained or validated on, such as %.150s.",
            (long long)leaked, (long long)images + (long long)gone, il_rows_word(r, i, "leaked_example"));
        add(n, r, i, words);
    }
    if (none) {
        snprintf(
            words, sizeof words,
            "of %lld of %lld images the mask has no inpainted pixel under the mask policy, such as %.150s; they count as authentic.",
            (long long)none, (long long)images, il_rows_word(r, i, "no_truth_example"));
        add(n, r, i, words);
    }
    if (gone) {
        snprintf(words, sizeof words, "%lld of %lld images were left out.", (long long)gone,
                 (long long)gone + (long long)images);
        add(n, r, i, words);
    }
    if (il_rows_int(r, i, "counted"))
        add(n, r, i, "padding is counted as authentic pixels, as the published code did.");
    if (il_rows_int(r, i, "unknown"))
        add(n, r, i,
            "measured by an earlier version, which counted padding as pixels and squeezed large images to a square; whether there "
            "was any of this is not known. `inpaintlab run` measures again what it changes.");
}

int il_test_notes_add(il_footnotes *n, il_store *s, il_test_notes_of of, il_err *e)
{
    const char *const args[] = { of.experiment ? of.experiment : "", of.published ? of.published : "",
                                 of.dataset ? of.dataset : "", of.split ? of.split : "", NULL };
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, s, expected, tests, args, e);
    for (size_t i = 0; !rc && i < rows.count; i++)
        add_test(n, &rows, i);
    il_store_rows_free(&rows);
    for (size_t i = 0; !rc && i < sizeof counted / sizeof *counted; i++) {
        rc = il_store_read(&rows, s, "runs: times count?, note text?", counted[i], args, e);
        if (!rc && rows.count && il_rows_int(&rows, 0, "times"))
            il_footnotes_add(n, il_rows_word(&rows, 0, "note"));
        il_store_rows_free(&rows);
    }
    return rc;
}
