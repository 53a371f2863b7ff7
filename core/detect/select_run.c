/* select_run.c - finds a run in the database, and its measured results. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/utf8.h"
#include "detect/select_run.h"

enum { SHOWN = 8 };

/* ---- selection ---- */

/* The newest comes last. */
static const char done_runs[] = "SELECT id, name, status FROM runs WHERE status = 'done' AND weights_path IS NOT NULL "
                                "ORDER BY ended_at, id";

/* Whether a kind is among those joined by '+'. The kind is tests.images: cells.tested_on is "realfake by full" where
 * the test has its own mask policy. */
#define AMONG(kind) "instr('+' || c.trained_on || '+', '+' || " kind " || '+') > 0"

/* A detector that was trained on authentic images too comes first. */
static const char best_run[] =
    "SELECT r.id FROM cells c JOIN runs r ON r.hash = c.run_hash JOIN tests t ON t.id = c.test "
    "WHERE r.status = 'done' AND r.weights_path IS NOT NULL AND c.status = 'done' AND c.split = 'test' "
    "AND " AMONG("t.images") " AND c.degradation IS NULL AND t.images <> 'original' AND c.iou IS NOT NULL "
                             "ORDER BY " AMONG("'original'") " DESC, c.iou DESC, r.id LIMIT 1";

static int pick_best(char id[24], il_store *store, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, store, "runs: id int", best_run, NULL, e);
    if (rc)
        return rc;
    if (rows.count)
        snprintf(id, 24, "%s", il_rows_text(&rows, 0, "id"));
    else
        rc = il_fail(e, IL_EDATA,
                     "no finished run was tested on the kind of images it was trained on; train one "
                     "with 'inpaintlab run', or name a run with --run");
    il_store_rows_free(&rows);
    return rc;
}

static int fail_choice(const il_rows *rows, const bool *fits, const char *wanted, size_t found, il_err *e)
{
    il_text list = { 0 };
    size_t shown = 0;
    for (size_t i = 0; i < rows->count && shown < SHOWN; i++)
        if (fits[i] || !found)
            il_text_add(&list, "%s%s (%s)", shown++ ? ", " : "", il_rows_text(rows, i, "id"),
                        il_rows_text(rows, i, "name"));
    size_t all = found ? found : rows->count;
    if (all > shown)
        il_text_add(&list, " and %zu more", all - shown);
    int rc = list.failed ? il_fail_oom(e)
             : found     ? il_fail(e, IL_EUSAGE, "--run %s: matches %zu runs: %s", wanted, found, list.data)
             : shown     ? il_fail(e, IL_EUSAGE, "--run %s: no finished run has that name; the finished runs are %s",
                                   wanted, list.data)
                         : il_fail(e, IL_EDATA, "--run %s: there is no finished run yet", wanted);
    il_text_free(&list);
    return rc;
}

/* A number is an id; otherwise a name, for which the newest run is taken: after data or code changed, a grid's runs
 * are trained again under their old names; otherwise a glob. *namesakes: number of runs with that name. */
static int pick_named(char id[24], size_t *namesakes, il_store *store, const char *wanted, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, store, "runs: id int, name text", done_runs, NULL, e);
    if (rc)
        return rc;
    bool *fits = calloc(rows.count + 1, sizeof *fits);
    size_t found = 0, last = 0;
    int how = 0;
    for (; fits && how < 3 && !found; how++)
        for (size_t i = 0; i < rows.count; i++) {
            const char *name = il_rows_text(&rows, i, "name");
            fits[i] = how == 0   ? strcmp(il_rows_text(&rows, i, "id"), wanted) == 0
                      : how == 1 ? strcmp(name, wanted) == 0
                                 : il_text_match(wanted, name);
            if (fits[i]) {
                found++;
                last = i;
            }
        }
    if (!fits)
        rc = il_fail_oom(e);
    else if (found == 1 || (found && how == 2)) /* 2: names were compared last */
        snprintf(id, 24, "%s", il_rows_text(&rows, last, "id"));
    else
        rc = fail_choice(&rows, fits, wanted, found, e);
    *namesakes = found;
    free(fits);
    il_store_rows_free(&rows);
    return rc;
}

/* ---- facts about it ---- */

static const char run_facts[] =
    "SELECT r.id, r.name, r.config, r.model_params, r.seed, r.model, r.dataset, r.mask_policy, r.trained_on, "
    "r.weights_path, r.weights_sha256, (SELECT c.iou FROM cells c JOIN tests t ON t.id = c.test "
    "WHERE c.run_hash = r.hash AND c.status = 'done' AND c.split = 'test' AND " AMONG(
        "t.images") " AND t.images <> 'original' "
                    "AND c.degradation IS NULL ORDER BY c.tested_dataset = c.dataset DESC, c.tested_on = t.images DESC, c.iou DESC LIMIT 1) AS iou "
                    "FROM runs r WHERE r.id = ?1";

static const char expected_facts[] =
    "runs: id int, name text, config text, model_params text?, seed int, model text, dataset text, mask_policy text,"
    " trained_on text, weights_path text?, weights_sha256 text?, iou real?";

static int copy_facts(il_card *card, char **config, char **params, const il_rows *r, il_err *e)
{
    const struct {
        char **to;
        const char *column;
        bool shown; /* to people, on a terminal */
    } texts[] = { { &card->name, "name", true },
                  { config, "config", false },
                  { params, "model_params", false },
                  { &card->model, "model", true },
                  { &card->dataset, "dataset", true },
                  { &card->mask_policy, "mask_policy", true },
                  { &card->trained_on, "trained_on", true },
                  { &card->weights, "weights_path", false } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = il_rows_text(r, 0, texts[i].column);
        *texts[i].to = il_text_copy(text);
        if (text && !*texts[i].to)
            return il_fail_oom(e);
        if (text && texts[i].shown)
            il_utf8_make_plain(*texts[i].to);
    }
    const char *seed = il_rows_text(r, 0, "seed");
    card->given = !*il_rows_word(r, 0, "dataset");
    card->run = il_rows_int(r, 0, "id");
    card->has_seed = seed != NULL;
    card->seed = seed ? strtoull(seed, NULL, 10) : 0;
    card->tested.iou = il_rows_real(r, 0, "iou");
    snprintf(card->sha256, sizeof card->sha256, "%s", il_rows_word(r, 0, "weights_sha256"));
    return IL_OK;
}

/* In `runs` beside the database, also where both were moved; else at the path that was noted, which is relative to the folder in
 * which the run was made. */
static int find_weights(il_card *card, const il_store *store, il_err *e)
{
    il_text path = { 0 };
    const char *database = il_store_path(store), *slash = strrchr(database, '/');
    size_t parts = 0;
    if (!card->weights)
        return IL_OK;
    const char *tail = card->weights + strlen(card->weights); /* "/HASH/weights.safetensors" */
    while (tail > card->weights && parts < 2)
        parts += *--tail == '/';
    il_text_add(&path, "%.*sruns/%s", slash ? (int)(slash + 1 - database) : 0, database, tail + (*tail == '/'));
    if (path.failed) {
        il_text_free(&path);
        return il_fail_oom(e);
    }
    if (access(path.data, F_OK) != 0) {
        il_text_free(&path);
        return IL_OK;
    }
    free(card->weights);
    card->weights = path.data;
    return IL_OK;
}

/* From tests on authentic images; a false alarm marks the smallest region or more: IL_VERDICT_LEAST pixels. */
static const char alarm_facts[] =
    "SELECT COUNT(*) AS pictures, SUM(tp + fp >= 64) AS alarms, SUM(tp + fp + fn + tn) AS pixels,"
    " AVG(CAST(tp + fp AS REAL) / NULLIF(tp + fp + fn + tn, 0)) AS marked "
    "FROM images i JOIN tests t ON t.id = i.test WHERE t.run = ?1 AND t.images = 'original' AND t.degradation IS NULL "
    "AND t.status = 'done'";

_Static_assert(IL_VERDICT_LEAST == 64, "as in alarm_facts and IL_CALIBRATION_TESTS");

static int read_alarms(il_card *card, il_store *store, const char *id, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_read(&rows, store, "images: pictures count, alarms count?, pixels count?, marked real?",
                           alarm_facts, (const char *[]){ id, NULL }, e);
    if (rc)
        return rc;
    card->tested.alarms.pictures = il_rows_int(&rows, 0, "pictures");
    card->tested.alarms.alarms = il_rows_int(&rows, 0, "alarms");
    card->tested.alarms.pixels = il_rows_int(&rows, 0, "pixels");
    card->tested.alarms.marked = il_rows_real(&rows, 0, "marked");
    card->tested.alarms.measure = IL_CALIBRATION_TESTS;
    il_store_rows_free(&rows);
    return IL_OK;
}

static void card_clear(il_card *card, char **config, char **params)
{
    il_card_free(card);
    *card = (il_card){ .tested = { .iou = NAN } };
    free(*config);
    free(*params);
    *config = *params = NULL;
}

int il_select_run(il_card *card, char **config, char **params, il_store *store, const char *wanted, il_err *e)
{
    char id[24];
    size_t namesakes = 1;
    il_rows rows = { 0 };
    int rc = wanted ? pick_named(id, &namesakes, store, wanted, e) : pick_best(id, store, e);
    if (!rc)
        rc = il_store_read(&rows, store, expected_facts, run_facts, (const char *[]){ id, NULL }, e);
    if (rc)
        return rc;
    rc = rows.count ? copy_facts(card, config, params, &rows, e)
                    : il_fail(e, IL_EDB, "%s: run %s is not found by its id", il_store_path(store), id);
    il_store_rows_free(&rows);
    if (!rc)
        rc = find_weights(card, store, e);
    if (!rc)
        rc = read_alarms(card, store, id, e);
    if (rc)
        card_clear(card, config, params);
    else
        card->namesakes = namesakes;
    return rc;
}
