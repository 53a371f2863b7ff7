/* job_state.c - the state of a run according to the store and the disk: done, to run, to resume, stale; and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "train/builds.h"
#include "train/job_state.h"
#include "train/run_parent.h"
#include "train/run_weights.h"

static void add_change(il_text *t, const char *path, const json_t *before, const json_t *after)
{
    char *a = before ? il_json_text(before, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    char *b = after ? il_json_text(after, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    il_text_add(t, "%s%s: %.40s -> %.40s", t->size ? ", " : "", path, a ? a : "unset", b ? b : "unset");
    free(a);
    free(b);
}

static void describe_change(il_text *t, const char *prefix, const json_t *old, const json_t *new);

static void describe_key(il_text *t, const char *prefix, const char *key, const json_t *before, const json_t *after)
{
    char path[200];
    snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key);
    if (json_is_object(before) && json_is_object(after))
        describe_change(t, path, before, after);
    else if (!before || !after || !json_equal(before, after))
        add_change(t, path, before, after);
}

/* Describes the difference between two JSON objects: "train.lr: 0.001 -> 0.0001". A key may be missing from one of
 * them, since defaults are not always written. */
static void describe_change(il_text *t, const char *prefix, const json_t *old, const json_t *new)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)new, key, value) describe_key(t, prefix, key, json_object_get(old, key), value);
    json_object_foreach((json_t *)old, key, value) if (!json_object_get(new, key))
        describe_key(t, prefix, key, value, NULL);
}

/* Of the manifests. What earlier versions did otherwise has no entry in theirs. */
static void describe_data(il_text *t, const il_run *run, const json_t *old, json_t *new)
{
    static const struct {
        const char *key, *words;
    } conventions[] = { { "validation_loss", "the validation loss is the mean over batches" },
                        { "padding", "padding was counted in its losses" },
                        { "masks", "its masks were read or resized in another way" } };
    for (size_t i = 0; i < sizeof conventions / sizeof *conventions; i++)
        if (json_object_get(new, conventions[i].key) && !json_object_get(old, conventions[i].key))
            il_text_add(t, "%s%s", t->size ? "; " : "changed since the last run: ", conventions[i].words);
    il_builds_describe(t, run, json_object_get(old, "plugins"), json_object_get(new, "plugins"));
    if (!t->size)
        il_text_add(t, "changed since the last run: %s",
                    run->test_only ? "the weights" : "the data or the initial weights");
}

static void explain_stale(char *why, size_t size, const il_job *j, const char *config, const char *manifest)
{
    json_t *pairs[][2] = { { il_json_loads(config, 0, NULL), il_json_loads(j->run->config, 0, NULL) },
                           { il_json_loads(manifest ? manifest : "{}", 0, NULL),
                             il_json_loads(j->manifest, 0, NULL) } };
    il_text t = { 0 }, data = { 0 };
    describe_change(&t, "", pairs[0][0], pairs[0][1]);
    if (!t.size && pairs[1][0] && !json_equal(pairs[1][0], pairs[1][1]))
        describe_data(&data, j->run, pairs[1][0], pairs[1][1]);
    if (data.data)
        snprintf(why, size, "%.380s", data.data);
    else
        snprintf(why, size, "changed since the last run: %.350s", t.data ? t.data : "settings");
    il_text_free(&data);
    il_text_free(&t);
    for (int i = 0; i < 2; i++) {
        json_decref(pairs[i][0]);
        json_decref(pairs[i][1]);
    }
}

/* ---- remaining work ---- */

static int look_for_tests(il_job_left *l, const il_job *j, il_store *store, il_err *e)
{
    for (size_t i = 0; i < j->run->ntests; i++) {
        const il_job_test *t = &j->tests[i];
        il_test_left *left = &l->tests[i];
        if (t->source && l->row.status != IL_RUN_NONE) {
            int rc = il_store_find_test(&left->id, store, l->row.id, t->digest.hex, t->set->split,
                                        j->run->testing.batch, e);
            if (rc)
                return rc;
        }
        int64_t before = 0;
        if (t->source && l->row.status != IL_RUN_NONE && !left->id && strcmp(t->digest.hex, t->before.hex) != 0) {
            int rc = il_store_find_test(&before, store, l->row.id, t->before.hex, t->set->split, j->run->testing.batch,
                                        e);
            if (rc)
                return rc;
        }
        left->why = before ? il_job_fit_stale(&t->fit) : NULL;
        left->state = left->id ? IL_TEST_DONE : t->source ? IL_TEST_LEFT : IL_TEST_NO_DATA;
        l->to_test += left->state == IL_TEST_LEFT;
        l->no_data += left->state == IL_TEST_NO_DATA;
    }
    return IL_OK;
}

int il_job_left_read(il_job_left *out, const il_job *j, il_store *store, const char *folder, il_err *e)
{
    size_t n = j->run->ntests;
    il_job_left l = { .tests = calloc(n ? n : 1, sizeof *l.tests),
                      .checkpoint = access(il_job_file(j, folder, "checkpoint.safetensors").text, F_OK) == 0,
                      .weights = il_run_weights_there(j, folder) };
    if (!l.tests)
        return il_fail_oom(e);
    int rc = store ? il_store_find_run(&l.row, store, j->hash, e) : IL_OK;
    if (!rc)
        rc = look_for_tests(&l, j, store, e);
    l.train = l.row.status != IL_RUN_DONE || (l.to_test && !l.weights);
    if (rc)
        il_job_left_free(&l);
    else
        *out = l;
    return rc;
}

void il_job_left_free(il_job_left *l)
{
    free(l->tests);
    *l = (il_job_left){ 0 };
}

/* ---- in words ---- */

static int look_at_new(il_job_view *v, const il_job *j, const char *experiment, il_store *store, il_err *e)
{
    char *config = NULL, *manifest = NULL;
    int rc = il_store_find_stale(&config, &manifest, store, experiment, j->run->name, j->hash, e);
    if (!rc && config) {
        v->state = IL_JOB_STALE;
        explain_stale(v->why, sizeof v->why, j, config, manifest);
    }
    free(config);
    free(manifest);
    return rc;
}

/* Where only the epochs were raised. */
static int look_at_parent(il_job_view *v, const il_job *j, il_store *store, const char *folder, il_err *e)
{
    il_run_parent p;
    int rc = il_run_parent_find(&p, j, store, folder, e);
    if (rc || !*p.hash)
        return rc;
    if (*p.file.text) {
        v->state = IL_JOB_RESUME;
        snprintf(v->why, sizeof v->why, "goes on from the finished run of %d epoch%s, %.12s", p.epochs,
                 p.epochs == 1 ? "" : "s", p.hash);
        return IL_OK;
    }
    size_t used = strlen(v->why);
    snprintf(v->why + used, sizeof v->why - used, "%sstarts again, not from the run of %d epoch%s: %s",
             used ? "; " : "", p.epochs, p.epochs == 1 ? "" : "s", p.why);
    return IL_OK;
}

static const char *missing_data(const il_job *j)
{
    for (size_t i = 0; i < j->run->ntests; i++)
        if (!j->tests[i].source)
            return j->tests[i].error.message;
    return "";
}

/* A trained run. */
static void look_at_trained(il_job_view *v, const il_job *j)
{
    const il_job_left *l = &v->left;
    size_t n = j->run->ntests;
    if (l->to_test) {
        v->state = l->train ? IL_JOB_TODO : IL_JOB_RESUME;
        const char *words = j->run->test_only ? "tested"
                            : l->train        ? "trained, but its weights are missing, so it will be trained again"
                                              : "trained";
        snprintf(v->why, sizeof v->why, "%s; %zu of %zu tests remain", words, l->to_test, n);
    } else if (l->no_data) {
        v->state = IL_JOB_BLOCKED;
        snprintf(v->why, sizeof v->why, "%s; the data of %zu of %zu tests are missing: %.280s",
                 j->run->test_only ? "tested" : "trained", l->no_data, n, missing_data(j));
    } else {
        v->state = IL_JOB_DONE;
    }
}

static int look_at_row(il_job_view *v, const il_job *j, const char *experiment, il_store *store, const char *folder,
                       il_err *e)
{
    const il_run_row *row = &v->left.row;
    if (row->status == IL_RUN_NONE && !v->left.checkpoint) {
        int rc = look_at_new(v, j, experiment, store, e);
        return rc ? rc : look_at_parent(v, j, store, folder, e);
    }
    if (row->status == IL_RUN_DONE) {
        look_at_trained(v, j);
    } else if (row->status == IL_RUN_FAILED) {
        v->state = IL_JOB_FAILED;
        char often[40] = "";
        if (row->failures > 1)
            snprintf(often, sizeof often, " (%d times)", row->failures);
        snprintf(v->why, sizeof v->why, "%.340s%s", row->message, often);
    } else {
        v->state = IL_JOB_RESUME;
        snprintf(v->why, sizeof v->why,
                 v->left.checkpoint  ? "interrupted after %d epochs; will resume from its checkpoint"
                 : j->run->test_only ? "interrupted; will restart"
                                     : "interrupted before its first checkpoint; will restart",
                 row->epochs);
    }
    return IL_OK;
}

int il_job_look(il_job_view *out, const il_job *j, const char *experiment, il_store *store, const char *folder,
                il_err *e)
{
    il_job_view v = { .state = IL_JOB_TODO };
    int rc = il_job_left_read(&v.left, j, store, folder, e);
    if (rc)
        return rc;
    if (j->error.code != IL_OK) {
        v.state = IL_JOB_BLOCKED;
        snprintf(v.why, sizeof v.why, "%.390s", j->error.message);
    } else if (il_job_is_locked(j->hash, folder)) {
        v.state = IL_JOB_BUSY;
        snprintf(v.why, sizeof v.why, "is being run by another process");
    } else if (store) {
        rc = look_at_row(&v, j, experiment, store, folder, e);
    }
    if (rc) {
        il_job_left_free(&v.left);
        return rc;
    }
    *out = v;
    return IL_OK;
}

const char *il_job_state_text(il_job_state state)
{
    static const char *const words[] = { "to run", "to resume", "stale", "failed", "busy", "done", "no data" };
    return words[state];
}
