/* provenance.c - where the numbers come from: each run's settings, versions, data, weights and tests. */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "report/html/page_parts.h"

/* ---- one run ---- */

static void fact(il_text *t, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    il_text_add(t, "<dt>%s</dt><dd>", name);
    il_html_text(t, value);
    il_text_add(t, "</dd>\n");
}

static void hash(il_text *t, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    il_text_add(t, "<dt>%s</dt><dd><code>", name);
    il_html_text(t, value);
    il_text_add(t, "</code></dd>\n");
}

/* NULL where there is none or it is damaged; without memory the page fails. */
static json_t *parse(il_text *t, const char *text)
{
    json_t *value = text ? il_json_loads(text, 0, NULL) : NULL;
    if (text && !value && il_json_code(IL_EFORMAT) == IL_ENOMEM)
        t->failed = true;
    return value;
}

/* JSON, indented; line by line, since il_html_text makes blanks of line ends. */
static void put_json(il_text *t, const char *text)
{
    json_t *value = parse(t, text);
    char *pretty = value ? il_json_text(value, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    t->failed = t->failed || (value && !pretty);
    for (char *line = pretty; line && *line;) {
        size_t size = strcspn(line, "\n");
        char *rest = line + size + (line[size] == '\n');
        line[size] = '\0';
        il_html_text(t, line);
        il_text_add(t, "\n");
        line = rest;
    }
    free(pretty);
    json_decref(value);
}

/* "inpaintlab 0.1.0, libtorch 2.6, dataset dataset1 (revision 1), …" */
static void put_versions(il_text *t, const char *text)
{
    json_t *all = parse(t, text), *value;
    const char *key;
    bool any = false;
    json_object_foreach(all, key, value)
    {
        il_text_add(t, "%s", any ? ", " : "<dt>versions</dt><dd>");
        any = true;
        il_html_text(t, key);
        il_text_add(t, " ");
        il_html_text(t, json_string_value(json_is_object(value) ? json_object_get(value, "name") : value));
        if (json_is_object(value))
            il_text_add(t, " (revision %d)", (int)json_integer_value(json_object_get(value, "revision")));
    }
    il_text_add(t, "%s", any ? "</dd>\n" : "");
    json_decref(all);
}

static void put_data(il_text *t, const char *text)
{
    static const char *const splits[] = { "train", "validation" };
    json_t *all = parse(t, text);
    for (int i = 0; i < 2; i++) {
        const json_t *split = json_object_get(all, splits[i]);
        if (!split)
            continue;
        il_text_add(t, "<dt>%s data</dt><dd>%lld pictures, %lld left out, digest <code>", splits[i],
                    (long long)json_integer_value(json_object_get(split, "images")),
                    (long long)json_integer_value(json_object_get(split, "left_out")));
        il_html_text(t, json_string_value(json_object_get(split, "digest")));
        il_text_add(t, "</code></dd>\n");
    }
    json_decref(all);
}

/* Of the run alone; the rows of all runs stand in the runs' order, and *next moves on. */
static int put_tests(il_text *t, const il_rows *tests, size_t *next, int64_t run, il_err *e)
{
    static const char *const names[] = { "tested on", "status",   "pictures",          "left out",
                                         "batch",     "at (UTC)", "digest of the data" };
    const il_table_column looks[] = { { .label = true },   { 0 },
                                      { .numeric = true }, { .numeric = true },
                                      { .numeric = true }, { .as_is = true },
                                      { .code = true } };
    il_table table = { 0 };
    il_text_add(&table.title, "Tests");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        il_table_add(&table, names[i], looks[i]);
    for (; *next < tests->count && il_rows_int(tests, *next, "run") == run; (*next)++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            il_table_text(&table, il_rows_text(tests, *next, names[i]));
    if (table.rows.count || table.failed)
        return il_page_table(t, &table, e);
    il_table_free(&table);
    return IL_OK;
}

#define RUNS                                                                                                           \
    "(SELECT c.run FROM experiment_cells c JOIN experiments x ON x.id = c.experiment WHERE ?1 IS NULL OR x.name = ?1)"

static const char runs_sql[] =
    "SELECT r.id, r.name, CASE WHEN r.status = 'failed' AND r.manifest = '{}' THEN 'no data' ELSE r.status END AS status, r.message,"
    " r.parameters, CASE WHEN json_type(r.config, '$.train') = 'text' THEN NULL ELSE r.seed END AS seed, r.device, r.host, r.threads, r.git_revision, r.started_at, r.ended_at,"
    " CASE WHEN r.seconds IS NOT NULL THEN printf('%.1f s', r.seconds) END AS seconds, r.best_epoch, r.tested_epoch,"
    " CASE WHEN json_type(r.config, '$.train') = 'text' THEN NULL WHEN r.stopped_early THEN 'yes' ELSE 'no' END AS stopped_early, r.parent, r.left_out, r.hash, r.weights_sha256, r.config,"
    " r.manifest, r.versions FROM runs r WHERE r.id IN " RUNS " ORDER BY r.id";
static const char expected_runs[] =
    "runs: id int, name text, status text, message text?, parameters count?, seed int?, device text?, host text?,"
    " threads small?, git_revision text?, started_at text?, ended_at text?, seconds text?, best_epoch small?,"
    " tested_epoch small?, stopped_early text?, parent text?, left_out count?, hash text, weights_sha256 text?, config text,"
    " manifest text?, versions text?";
static const char expected_tests[] =
    "tests: run int, tested on text, status text, pictures count, left out count, batch small, at (UTC) text,"
    " digest of the data text";
static const char tests_sql[] =
    "SELECT run, dataset || ' ' || images || ' ' || split AS \"tested on\", status,"
    " COALESCE((SELECT n.images FROM test_sums n WHERE n.test = t.id), 0) AS pictures, left_out AS \"left out\", batch, finished_at AS \"at (UTC)\","
    " COALESCE(NULLIF(substr(digest, 1, 16), ''), 'none') AS \"digest of the data\" FROM tests t WHERE run IN " RUNS
    " ORDER BY run, id";

static void put_facts(il_text *t, const il_rows *rows, size_t row)
{
    static const struct {
        const char *column, *name;
    } facts[] = { { "message", "why" },
                  { "parameters", "trainable parameters" },
                  { "seed", "seed" },
                  { "device", "device" },
                  { "host", "host" },
                  { "threads", "threads" },
                  { "started_at", "last sitting began (UTC)" },
                  { "ended_at", "ended (UTC)" },
                  { "seconds", "training took" },
                  { "best_epoch", "best epoch" },
                  { "tested_epoch", "epoch tested" },
                  { "stopped_early", "stopped early" },
                  { "left_out", "samples left out" } };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        fact(t, facts[i].name, il_rows_text(rows, row, facts[i].column));
}

static void put_run(il_text *t, const il_rows *rows, size_t row)
{
    il_text_add(t, "<details><summary><code>");
    il_html_text(t, il_rows_text(rows, row, "name"));
    il_text_add(t, "</code>: ");
    il_html_text(t, il_rows_text(rows, row, "status"));
    il_text_add(t, "</summary>\n<dl class=\"prov\">\n");
    put_facts(t, rows, row);
    put_versions(t, il_rows_text(rows, row, "versions"));
    hash(t, "git revision", il_rows_text(rows, row, "git_revision"));
    hash(t, "identity", il_rows_text(rows, row, "hash"));
    hash(t, "went on from", il_rows_text(rows, row, "parent"));
    hash(t, "weights", il_rows_text(rows, row, "weights_sha256"));
    put_data(t, il_rows_text(rows, row, "manifest"));
    il_text_add(t, "<dt>configuration</dt><dd><pre>");
    put_json(t, il_rows_text(rows, row, "config"));
    il_text_add(t, "</pre></dd>\n</dl>\n");
}

int il_page_provenance(il_text *t, il_store *s, const char *experiment, il_err *e)
{
    const char *args[] = { experiment, NULL };
    il_rows runs = { 0 }, tests = { 0 };
    size_t next = 0;
    int rc = il_store_read(&runs, s, expected_runs, runs_sql, args, e);
    if (!rc)
        rc = il_store_read(&tests, s, expected_tests, tests_sql, args, e);
    if (!rc)
        il_text_add(
            t, runs.count
                   ? "<p>Identity is the SHA-256 of the resolved configuration, the contents of the data and the seed;"
                     " weights and data are SHA-256 as well.</p>\n"
                   : "<p>Nothing was run yet.</p>\n");
    for (size_t i = 0; i < runs.count && !rc; i++) {
        put_run(t, &runs, i);
        rc = put_tests(t, &tests, &next, il_rows_int(&runs, i, "id"), e);
        il_text_add(t, "</details>\n");
    }
    il_store_rows_free(&runs);
    il_store_rows_free(&tests);
    return rc;
}
