/* report_html_runs.c - where the numbers come from: each run's settings, versions, data and weights; and how to read them. */
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "report/html/page.h"

/* ---- one run ---- */

static void fact(il_text *t, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    il_words_add(t, "<dt>%s</dt><dd>", name);
    il_html_text(t, value);
    il_words_add(t, "</dd>\n");
}

static void hash(il_text *t, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    il_words_add(t, "<dt>%s</dt><dd><code>", name);
    il_html_text(t, value);
    il_words_add(t, "</code></dd>\n");
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
        il_words_add(t, "\n");
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
    json_object_foreach(all, key, value) {
        il_words_add(t, "%s", any ? ", " : "<dt>versions</dt><dd>");
        any = true;
        il_html_text(t, key);
        il_words_add(t, " ");
        il_html_text(t, json_string_value(json_is_object(value) ? json_object_get(value, "name") : value));
        if (json_is_object(value))
            il_words_add(t, " (revision %d)", (int)json_integer_value(json_object_get(value, "revision")));
    }
    il_words_add(t, "%s", any ? "</dd>\n" : "");
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
        il_words_add(t, "<dt>%s data</dt><dd>%lld pictures, %lld left out, digest <code>", splits[i],
                     (long long)json_integer_value(json_object_get(split, "images")),
                     (long long)json_integer_value(json_object_get(split, "left_out")));
        il_html_text(t, json_string_value(json_object_get(split, "digest")));
        il_words_add(t, "</code></dd>\n");
    }
    json_decref(all);
}

static int put_tests(il_text *t, il_store *s, const char *run, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s,
        "SELECT dataset || ' ' || images || ' ' || split, status, COALESCE((SELECT n.images FROM test_sums n WHERE n.test = t.id), 0), left_out, batch,"
        " finished_at, substr(digest, 1, 16) FROM tests t WHERE run = CAST(?1 AS INTEGER) ORDER BY id", (const char *const[]){ run, NULL }, e);
    if (rc != IL_OK)
        return rc;
    if (rows.count)
        il_words_add(t, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Tests\"><table><caption><span>Tests</span></caption><thead><tr>"
                     "<th scope=\"col\" class=\"left\">tested on</th><th scope=\"col\" class=\"left\">status</th><th scope=\"col\">pictures</th>"
                     "<th scope=\"col\">left out</th><th scope=\"col\">batch</th><th scope=\"col\">at (UTC)</th><th scope=\"col\" class=\"left\">"
                     "digest of the data</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < rows.count; i++) {
        char **v = rows.values + i * rows.columns;
        il_words_add(t, "<tr><th scope=\"row\">");
        il_html_text(t, v[0]);
        il_words_add(t, "</th><td class=\"left\">");
        il_html_text(t, v[1]);
        il_words_add(t, "</td><td>%s</td><td>%s</td><td>%s</td><td>", v[2], v[3], v[4]);
        il_html_text(t, v[5]);
        il_words_add(t, "</td><td class=\"left\"><code>");
        il_html_text(t, *v[6] ? v[6] : "none");
        il_words_add(t, "</code></td></tr>\n");
    }
    il_words_add(t, "%s", rows.count ? "</tbody></table></div>\n" : "");
    il_store_rows_free(&rows);
    return IL_OK;
}

enum { ID, NAME, STATUS, MESSAGE, PARAMETERS, SEED, DEVICE, HOST, THREADS, REVISION, STARTED, ENDED, SECONDS, BEST, TESTED, EARLY,
       LEFT_OUT, HASH, WEIGHTS, CONFIG, MANIFEST, VERSIONS };

static const char runs[] =
    "SELECT r.id, r.name, CASE WHEN r.status = 'failed' AND r.manifest = '{}' THEN 'no data' ELSE r.status END, r.message, r.parameters, r.seed, r.device, r.host, r.threads, r.git_revision, r.started_at,"
    " r.ended_at, printf('%.1f s', r.seconds), r.best_epoch, r.tested_epoch, CASE WHEN r.stopped_early THEN 'yes' ELSE 'no' END,"
    " r.left_out, r.hash, r.weights_sha256, r.config, r.manifest, r.versions FROM runs r WHERE r.id IN (SELECT c.run FROM"
    " experiment_cells c JOIN experiments x ON x.id = c.experiment WHERE ?1 IS NULL OR x.name = ?1) ORDER BY r.id";

static int put_run(il_text *t, il_store *s, char *const *v, il_err *e)
{
    static const struct {
        int column;
        const char *name;
    } facts[] = { { MESSAGE, "why" }, { PARAMETERS, "trainable parameters" }, { SEED, "seed" }, { DEVICE, "device" }, { HOST, "host" },
                  { THREADS, "threads" }, { STARTED, "last sitting began (UTC)" }, { ENDED, "ended (UTC)" }, { SECONDS, "training took" },
                  { BEST, "best epoch" }, { TESTED, "epoch tested" }, { EARLY, "stopped early" }, { LEFT_OUT, "samples left out" } };
    il_words_add(t, "<details><summary><code>");
    il_html_text(t, v[NAME]);
    il_words_add(t, "</code>: ");
    il_html_text(t, v[STATUS]);
    il_words_add(t, "</summary>\n<dl class=\"prov\">\n");
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        fact(t, facts[i].name, v[facts[i].column]);
    put_versions(t, v[VERSIONS]);
    hash(t, "git revision", v[REVISION]);
    hash(t, "identity", v[HASH]);
    hash(t, "weights", v[WEIGHTS]);
    put_data(t, v[MANIFEST]);
    il_words_add(t, "<dt>configuration</dt><dd><pre>");
    put_json(t, v[CONFIG]);
    il_words_add(t, "</pre></dd>\n</dl>\n");
    int rc = put_tests(t, s, v[ID], e);
    il_words_add(t, "</details>\n");
    return rc;
}

int il_report_html_runs(il_text *t, il_store *s, const char *experiment, il_err *e)
{
    il_rows rows = { 0 };
    int rc = il_store_query(&rows, s, runs, (const char *const[]){ experiment, NULL }, e);
    il_words_add(t, "<section aria-labelledby=\"runs\">\n<h2 id=\"runs\">Where the numbers come from</h2>\n");
    if (rc == IL_OK && rows.count == 0)
        il_words_add(t, "<p>Nothing was run yet.</p>\n");
    else
        il_words_add(t, "<p>Identity is the SHA-256 of the resolved configuration, the contents of the data and the seed; weights and data"
                     " are SHA-256 as well.</p>\n");
    for (size_t i = 0; i < rows.count && rc == IL_OK; i++)
        rc = put_run(t, s, rows.values + i * rows.columns, e);
    il_words_add(t, "</section>\n");
    il_store_rows_free(&rows);
    return rc;
}

void il_report_html_reading(il_text *t)
{
    il_words_add(t, "<section class=\"run-on\" aria-labelledby=\"reading\">\n<h2 id=\"reading\">How to read the numbers</h2>\n<dl class=\"prov\">\n"
        "<dt>IoU</dt><dd>Pixels both tampered and marked, divided by pixels that are either. A pixel is marked where the score is"
        " above 0.5.</dd>\n"
        "<dt>as published</dt><dd>The mean over test batches of the IoU of each whole batch; a batch in which nothing is tampered and"
        " nothing marked counts 0. Published values follow it, and ours beside them.</dd>\n"
        "<dt>mean over pictures</dt><dd>The mean of the IoU of single pictures; those in which nothing is tampered and nothing marked are"
        " left out. Intervals, tests and slices follow it.</dd>\n"
        "<dt>95\xc2\xa0%% interval</dt><dd>Percentile bootstrap over pictures, %d resamples. It says what other pictures would change,"
        " not what another seed would.</dd>\n"
        "<dt>p</dt><dd>Wilcoxon's signed-rank test of the pictures' IoU, two-sided; Holm's correction keeps the chance of any false"
        " claim within a table below 0.05.</dd>\n"
        "<dt>collapsed</dt><dd>The weights mark no pixel of the validation split.</dd>\n"
        "<dt>\xe2\x80\x93</dt><dd>There is no value.</dd>\n</dl>\n</section>\n", IL_BOOT_RESAMPLES);
}
