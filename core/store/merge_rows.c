/* merge_rows.c - what becomes of a shard's rows, as SQL over the target (main) and the shard's copy (shard). */
#include <string.h>
#include "base/text.h"
#include "store/merge_parts.h"

/* ---- runs ---- */

#define EPOCHS(schema, run) "(SELECT COUNT(*) FROM " schema ".epochs WHERE run = " run ")"

/* new: the target has no such run. replace: the shard's stands. known: the target's stands. apart: likewise, and the weights
 * differ, so that tests of the one are none of the other. */
static const char verdicts[] =
    "CREATE TEMP TABLE %s AS SELECT t.id AS theirs, o.id AS ours, t.hash, t.name, t.status,"
    " t.weights_sha256 AS sha256, o.weights_sha256 AS before,"
    " COALESCE(t.status = 'done' AND o.status = 'done' AND t.weights_sha256 IS NOT o.weights_sha256, 0) AS conflict,"
    " CASE WHEN o.id IS NULL THEN 'new'"
    "  WHEN t.status = 'done' AND o.status = 'done'"
    "   THEN CASE WHEN t.weights_sha256 IS o.weights_sha256 THEN 'known' ELSE '%s' END"
    "  WHEN t.status = 'done' THEN 'replace' WHEN o.status = 'done' THEN 'known'"
    "  WHEN (t.started_at, " EPOCHS("shard", "t.id") ", t.failures) > (o.started_at, " EPOCHS(
        "main", "o.id") ", o.failures) THEN 'replace'"
                        "  ELSE 'known' END AS verdict"
                        " FROM shard.runs t LEFT JOIN main.runs o ON o.hash = t.hash ORDER BY t.id";

int il_merge_decide(il_store *target, const char *name, bool keep_shard, il_err *e)
{
    il_text sql = { 0 };
    il_text_add(&sql, "DROP TABLE IF EXISTS temp.%s;", name);
    il_text_add(&sql, verdicts, name, keep_shard ? "replace" : "apart");
    int rc = sql.failed ? il_fail_oom(e) : il_store_script(target, sql.data, e);
    il_text_free(&sql);
    return rc;
}

int il_merge_same(bool *same, il_store *target, il_err *e)
{
    int64_t differ = 0;
    int rc = il_store_exec(&differ, target,
                           "SELECT EXISTS (SELECT * FROM temp.chosen EXCEPT SELECT * FROM temp.again)"
                           " OR EXISTS (SELECT * FROM temp.again EXCEPT SELECT * FROM temp.chosen)",
                           NULL, e);
    *same = !differ;
    return rc;
}

/* ---- copying ---- */

/* In a template '$' stands for the columns of the table but those in `key` (the row's number, and whose it is), '#' for those of `t`, the
 * shard's row, and '&' for the assignments of these to those. So a column that a later version adds is copied too. */
struct copy {
    const char *table, *key, *sql;
};

static int add_columns(il_text *sql, il_store *s, const struct copy *c, char mark, il_err *e)
{
    const char *form = mark == '$' ? "\"%w\"" : mark == '#' ? "t.\"%w\"" : "\"%w\" = t.\"%w\"";
    sqlite3_stmt *statement = NULL;
    int more = 0;
    int rc = il_store_prepare(&statement, s,
                              "SELECT group_concat(printf(?1, name, name), ', ') FROM pragma_table_info(?2, 'main')"
                              " WHERE instr(' ' || ?3 || ' ', ' ' || name || ' ') = 0",
                              e);
    if (!rc)
        rc = il_store_bind(s, statement,
                           (il_bind[]){ il_bind_text(form), il_bind_text(c->table), il_bind_text(c->key), { 0 } }, e);
    if (!rc)
        rc = il_store_step(&more, s, statement, e);
    if (!rc)
        il_text_add(sql, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return rc;
}

static int copy(il_store *s, const struct copy *c, il_err *e)
{
    il_text sql = { 0 };
    int rc = IL_OK;
    for (const char *at = c->sql; *at && !rc; at++)
        if (strchr("$#&", *at))
            rc = add_columns(&sql, s, c, *at, e);
        else
            il_text_add(&sql, "%c", *at);
    if (!rc)
        rc = sql.failed ? il_fail_oom(e) : il_store_script(s, sql.data, e);
    il_text_free(&sql);
    return rc;
}

static int copy_all(il_store *s, const struct copy *list, size_t count, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = list[i].table ? copy(s, &list[i], e) : il_store_script(s, list[i].sql, e);
    return rc;
}

/* CROSS JOIN: in this order, from the few runs or tests that come in to their rows. */
#define TAKEN_RUNS "temp.chosen c CROSS JOIN shard."
#define IS_TAKEN "c.verdict IN ('new', 'replace')"

static const struct copy runs[] = {
    { "runs", "id",
      "INSERT INTO main.runs ($) SELECT # FROM " TAKEN_RUNS
      "runs t ON t.id = c.theirs WHERE c.verdict = 'new' ORDER BY t.id" },
    { "runs", "id",
      "UPDATE main.runs SET & FROM " TAKEN_RUNS
      "runs t ON t.id = c.theirs WHERE runs.id = c.ours AND c.verdict = 'replace'" },
    { NULL, NULL,
      "UPDATE temp.chosen SET ours = (SELECT id FROM main.runs WHERE hash = chosen.hash);"
      "DELETE FROM main.epochs WHERE run IN (SELECT ours FROM temp.chosen WHERE verdict = 'replace')" },
    { "epochs", "run",
      "INSERT INTO main.epochs (run, $) SELECT c.ours, # FROM " TAKEN_RUNS
      "epochs t ON t.run = c.theirs WHERE " IS_TAKEN },
};

/* ---- tests ---- */

/* Of o, the target's, and s, the shard's, as in the index tests_by_identity. */
#define SAME_TEST                                                                                                       \
    "o.dataset = s.dataset AND o.images = s.images AND o.split = s.split AND o.digest = s.digest AND o.batch = s.batch" \
    " AND COALESCE(o.degradation, '') = COALESCE(s.degradation, '') AND COALESCE(o.level, 0.0) = COALESCE(s.level, 0.0)"

/* Those of the same weights that the target has not, or has not finished. */
static const struct copy tests[] = {
    { NULL, NULL,
      "DROP TABLE IF EXISTS temp.measured;"
      "CREATE TEMP TABLE measured AS SELECT s.id AS theirs, o.id AS ours, c.ours AS run"
      " FROM temp.chosen c CROSS JOIN main.runs r ON r.id = c.ours AND r.weights_sha256 IS c.sha256"
      " CROSS JOIN shard.tests s ON s.run = c.theirs LEFT JOIN main.tests o ON o.run = c.ours AND " SAME_TEST
      " WHERE c.verdict <> 'apart' AND (o.id IS NULL OR"
      "  o.status <> 'done' AND (s.status = 'done' OR s.finished_at > o.finished_at)) ORDER BY s.id;"
      "DELETE FROM main.images WHERE test IN (SELECT ours FROM temp.measured);"
      "DELETE FROM main.test_sums WHERE test IN (SELECT ours FROM temp.measured);"
      "DELETE FROM main.test_metrics WHERE test IN (SELECT ours FROM temp.measured)" },
    { "tests", "id run",
      "INSERT INTO main.tests (run, $) SELECT m.run, # FROM temp.measured m CROSS JOIN shard.tests t ON t.id = m.theirs"
      " WHERE m.ours IS NULL ORDER BY t.id" },
    { "tests", "id run",
      "UPDATE main.tests SET & FROM temp.measured m CROSS JOIN shard.tests t ON t.id = m.theirs WHERE tests.id = m.ours" },
    { NULL, NULL,
      "UPDATE temp.measured SET ours = (SELECT o.id FROM shard.tests s CROSS JOIN main.tests o ON o.run = measured.run"
      " AND " SAME_TEST " WHERE s.id = measured.theirs)" },
#define ROWS_OF_TESTS(table)                                                                                           \
    {                                                                                                                  \
        table, "test",                                                                                                 \
            "INSERT INTO main." table " (test, $) SELECT m.ours, # FROM temp.measured m CROSS JOIN shard." table       \
            " t ON t.test = m.theirs"                                                                                  \
    }
    ROWS_OF_TESTS("images"),
    ROWS_OF_TESTS("scores"),
    ROWS_OF_TESTS("examples"),
    ROWS_OF_TESTS("test_sums"),
    ROWS_OF_TESTS("test_metrics"),
};

/* ---- experiments ---- */

static const struct copy experiments[] = {
    { "experiments", "id",
      "INSERT INTO main.experiments ($) SELECT # FROM shard.experiments t WHERE true ORDER BY t.id"
      " ON CONFLICT (name) DO UPDATE SET title = excluded.title, path = excluded.path, source = excluded.source,"
      " updated_at = excluded.updated_at WHERE excluded.updated_at > experiments.updated_at" },
    { NULL, NULL,
      "DROP TABLE IF EXISTS temp.asked;"
      "CREATE TEMP TABLE asked AS SELECT t.id AS theirs, o.id AS ours"
      " FROM shard.experiments t JOIN main.experiments o ON o.name = t.name" },
    { "splits", "",
      "INSERT INTO main.splits ($) SELECT # FROM shard.splits t WHERE true ON CONFLICT (dataset, images, split) DO UPDATE"
      " SET count = excluded.count, left_out = excluded.left_out, digest = excluded.digest, seen_at = excluded.seen_at"
      " WHERE excluded.seen_at > splits.seen_at" },
};

/* Of two runs that one name stood for, the later one is asked for, as il_store_settle has it; one that was recorded only
 * because its data were missing never takes a place. */
#define RANK(run) "(NOT (" run ".status = 'failed' AND " run ".manifest IS '{}'), " run ".started_at, " run ".hash)"
#define IS_LATER RANK("r") " > " RANK("n")

static const struct copy cells[] = {
    { NULL, NULL,
      "INSERT OR IGNORE INTO main.experiment_runs (experiment, name, run) SELECT a.ours, t.name, c.ours"
      " FROM shard.experiment_runs t JOIN temp.asked a ON a.theirs = t.experiment JOIN temp.chosen c ON c.theirs = t.run" },
    /* the names whose cells come in */
    { NULL, NULL,
      "DROP TABLE IF EXISTS temp.named;"
      "CREATE TEMP TABLE named AS SELECT DISTINCT a.theirs AS experiment, a.ours AS place, t.run_name, t.run AS theirs,"
      " c.ours AS run FROM shard.experiment_cells t JOIN temp.asked a ON a.theirs = t.experiment"
      " JOIN temp.chosen c ON c.theirs = t.run" },
    { NULL, NULL,
      "DELETE FROM temp.named WHERE EXISTS (SELECT 1 FROM main.experiment_cells o JOIN main.runs r ON r.id = o.run"
      " JOIN main.runs n ON n.id = named.run WHERE o.experiment = named.place AND o.run_name = named.run_name"
      " AND o.run <> named.run AND " IS_LATER ")" },
    { NULL, NULL,
      "DELETE FROM main.experiment_cells WHERE id IN (SELECT o.id FROM temp.named n CROSS JOIN main.experiment_cells o"
      " ON o.experiment = n.place AND o.run_name = n.run_name WHERE o.run <> n.run AND NOT EXISTS (SELECT 1"
      " FROM temp.named k WHERE k.place = n.place AND k.run_name = n.run_name AND k.run = o.run))" },
    { NULL, NULL,
      "DROP TABLE IF EXISTS temp.places;"
      "CREATE TEMP TABLE places AS SELECT t.id AS theirs, n.place AS experiment, n.run,"
      " (SELECT o.id FROM shard.tests s CROSS JOIN main.tests o ON o.run = n.run AND " SAME_TEST
      "  WHERE s.id = t.test) AS test FROM shard.experiment_cells t"
      " JOIN temp.named n ON n.experiment = t.experiment AND n.run_name = t.run_name AND n.theirs = t.run ORDER BY t.id" },
    { "experiment_cells", "id experiment run test",
      "INSERT INTO main.experiment_cells (experiment, run, test, $) SELECT p.experiment, p.run, p.test, #"
      " FROM temp.places p CROSS JOIN shard.experiment_cells t ON t.id = p.theirs WHERE true"
      " ON CONFLICT (experiment, run_name, tested_dataset, tested_on, split, COALESCE(degradation, ''), COALESCE(level, 0.0))"
      " DO UPDATE SET run = excluded.run, test = excluded.test, model = excluded.model, dataset = excluded.dataset,"
      " mask_policy = excluded.mask_policy, loss = excluded.loss, trained_on = excluded.trained_on,"
      " published_table = excluded.published_table"
      " WHERE excluded.test IS NOT NULL AND excluded.test IS NOT experiment_cells.test"
      " AND (experiment_cells.test IS NULL OR (SELECT (n.status = 'done', n.finished_at, n.digest) >"
      "  (o.status = 'done', o.finished_at, o.digest) FROM main.tests n, main.tests o"
      "  WHERE n.id = excluded.test AND o.id = experiment_cells.test))" },
    { NULL, NULL,
      "DELETE FROM main.runs WHERE status = 'failed' AND manifest = '{}'"
      " AND NOT EXISTS (SELECT 1 FROM main.experiment_cells WHERE run = runs.id)" },
};

/* ---- all ---- */

static int set_paths(il_store *s, const char *folder, il_err *e)
{
    return il_store_exec(NULL, s,
                         "UPDATE main.runs SET weights_path = ?1 || '/' || substr(hash, 1, 16) || '/" IL_RUN_WEIGHTS "'"
                         " WHERE weights_path IS NOT NULL"
                         " AND id IN (SELECT c.ours FROM temp.chosen c WHERE " IS_TAKEN ")",
                         (il_bind[]){ il_bind_text(folder), { 0 } }, e);
}

/* Of tests whose shard had none, or older ones. */
static int fill_metrics(il_store *s, il_err *e)
{
    int64_t any = 0;
    int rc = il_store_exec(&any, s,
                           "SELECT EXISTS (SELECT 1 FROM temp.measured m CROSS JOIN main.tests t ON t.id = m.ours"
                           " WHERE t.status = 'done' AND COALESCE((SELECT revision FROM main.test_metrics"
                           " WHERE test = t.id LIMIT 1), 0) < ?1)",
                           (il_bind[]){ il_bind_int(IL_METRICS_REVISION), { 0 } }, e);
    return rc || !any ? rc : il_store_fill_metrics(s, e);
}

static int count(size_t *sum, il_store *s, const char *sql, il_err *e)
{
    int64_t n = 0;
    int rc = il_store_exec(&n, s, sql, NULL, e);
    *sum += rc ? 0 : (size_t)n;
    return rc;
}

static int count_all(il_merge_sum *sum, il_store *s, il_err *e)
{
    int rc = count(&sum->runs, s, "SELECT COUNT(*) FROM temp.chosen c WHERE " IS_TAKEN, e);
    if (!rc)
        rc = count(&sum->known, s, "SELECT COUNT(*) FROM temp.chosen WHERE verdict = 'known'", e);
    if (!rc)
        rc = count(&sum->conflicts, s, "SELECT COUNT(*) FROM temp.chosen WHERE conflict", e);
    return rc ? rc : count(&sum->tests, s, "SELECT COUNT(*) FROM temp.measured", e);
}

#define COPY(s, list, e) copy_all(s, list, sizeof(list) / sizeof *(list), e)

int il_merge_rows(il_merge_sum *sum, il_store *target, const char *folder, il_err *e)
{
    int rc = COPY(target, experiments, e);
    if (!rc)
        rc = COPY(target, runs, e);
    if (!rc)
        rc = set_paths(target, folder, e);
    if (!rc)
        rc = COPY(target, tests, e);
    if (!rc)
        rc = COPY(target, cells, e);
    if (!rc)
        rc = fill_metrics(target, e);
    return rc ? rc : count_all(sum, target, e);
}
