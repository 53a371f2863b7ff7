/* job.c - a planned run with its data and its identity. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json.h"
#include "base/params_json.h"
#include "base/sha256.h"
#include "image/degrade.h"
#include "loader/source_share.h"
#include "plugin/instance.h"
#include "train/builds.h"
#include "train/job.h"
#include "train/job_inputs.h"

/* ---- identity ---- */

static int cache_get(void *context, const char *path, int64_t size, int64_t mtime_ns, il_file_facts *f)
{
    bool found = false;
    return il_store_file_facts(&found, f, context, path, size, mtime_ns, NULL) == IL_OK && found;
}

static void cache_put(void *context, const char *path, int64_t size, int64_t mtime_ns, const il_file_facts *f)
{
    il_store_put_file_facts(context, path, size, mtime_ns, f, NULL); /* a read-only store cannot cache it */
}

/* What is opened: a split of one image kind, and of it a share of the photos, or the others. */
struct wanted {
    const il_choice *dataset;
    const char *split, *images;
    double share; /* 0: all */
    bool inside;
};

static int open_source(il_source **out, il_digest *digest, const struct wanted *w, const il_run *run, il_store *store,
                       il_err *e)
{
    il_file_cache cache = { store, cache_get, cache_put };
    il_source *src = NULL;
    int rc = il_source_open(&src, w->dataset, w->split, w->images, run->missing, e);
    if (!rc && w->share > 0)
        rc = il_source_keep(src, w->share, w->inside, e);
    if (!rc)
        rc = il_source_digest(digest, src, store ? &cache : NULL, e);
    if (rc) {
        il_source_free(src);
        return rc;
    }
    *out = src;
    return IL_OK;
}

static json_t *split_json(const il_source *src, const il_digest *digest)
{
    return json_pack("{s:s, s:I, s:I}", "digest", digest->hex, "images", (json_int_t)il_source_count(src), "left_out",
                     (json_int_t)il_source_left_out_count(src));
}

/* What else decides the weights, where earlier versions did otherwise: their runs are then others. */
static int add_conventions(json_t *all, const il_job *j, il_err *e)
{
    const il_training *t = &j->run->training;
    bool uneven = il_source_count(j->validation) % (size_t)t->batch != 0, bad = false;
    if (t->as_published && uneven)
        il_params_json_put(all, "validation_loss", json_string("mean over batches"), &bad);
    return bad ? il_fail_oom(e) : IL_OK;
}

/* What is trained on. */
static int add_splits(json_t *all, const il_job *j, il_err *e)
{
    bool bad = false;
    il_params_json_put(all, "train", split_json(j->train, &j->train_digest), &bad);
    il_params_json_put(all, "validation", split_json(j->validation, &j->validation_digest), &bad);
    if (bad || il_job_fit_note(all, j->run, j->train, &j->train_fit, &j->validation_fit))
        return il_fail_oom(e);
    return add_conventions(all, j, e);
}

static int make_manifest(il_job *j, il_err *e)
{
    json_t *files = json_object();
    int rc = files ? il_job_inputs(files, j->run, e) : il_fail_oom(e);
    json_t *all = NULL;
    if (!rc) {
        all = json_pack("{s:o}", "files", files);
        files = NULL;
        rc = !all ? il_fail_oom(e) : j->run->test_only ? IL_OK : add_splits(all, j, e);
    }
    if (!rc) {
        j->manifest = il_json_text(all, JSON_SORT_KEYS | JSON_COMPACT);
        rc = j->manifest ? IL_OK : il_fail_oom(e);
    }
    json_decref(all);
    json_decref(files);
    return rc;
}

static void make_hash(il_job *j)
{
    il_text t = { 0 };
    il_text_add(&t, "%s\n%s", j->run->config, j->manifest ? j->manifest : "no data");
    il_digest d = il_sha256(t.data ? t.data : "", t.size);
    memcpy(j->hash, d.hex, sizeof j->hash);
    il_text_free(&t);
}

/* A run of this identity that was made with another build of a plugin is another run: the files of the builds that are loaded
 * now join the manifest. */
static int heed_builds(il_job *j, il_store *store, il_err *e)
{
    char *versions = NULL;
    json_t *anew = NULL, *all = NULL;
    int rc = store && j->manifest ? il_store_run_versions(&versions, store, j->hash, e) : IL_OK;
    if (!rc && versions)
        rc = il_builds_compare(&anew, &j->rebuilt, j->run, versions, e);
    free(versions);
    if (rc || !anew)
        return rc;
    all = il_json_loads(j->manifest, 0, NULL);
    bool put = all && json_object_set(all, "plugins", anew) == 0;
    char *manifest = put ? il_json_text(all, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(anew);
    json_decref(all);
    if (!manifest)
        return il_fail_oom(e);
    free(j->manifest);
    j->manifest = manifest;
    make_hash(j);
    return IL_OK;
}

static int open_training(il_job *j, il_store *store, il_err *e)
{
    const il_run *run = j->run;
    const double share = run->validation_share;
    const il_set *own = run->validation.dataset.plugin ? &run->validation : NULL;
    const struct wanted train = { &run->dataset, "train", run->training.on, share, false };
    const struct wanted validation = { own ? &own->dataset : &run->dataset,
                                       own         ? own->split
                                       : share > 0 ? "train"
                                                   : "validation",
                                       own ? own->images : run->training.on, share, true };
    int rc = il_policy_labels(j->labels, &j->run->mask_policy, e);
    if (run->test_only)
        return rc ? rc : make_manifest(j, e);
    if (!rc)
        rc = open_source(&j->train, &j->train_digest, &train, run, store, e);
    if (!rc)
        rc = open_source(&j->validation, &j->validation_digest, &validation, run, store, e);
    if (!rc)
        rc = il_leak_find(&j->validation_leak, j->validation, (const il_source *[]){ j->train }, 1, e);
    if (rc)
        return rc;
    j->train_fit = il_job_fit_of(j->train, j->labels, IL_SIZING_PAD, run->training.size, 0);
    j->validation_fit = il_job_fit_of(j->validation, j->labels, IL_SIZING_PAD, run->training.size, 0);
    return make_manifest(j, e);
}

/* Opened after the test on the same images undegraded. */
static int open_degraded(il_job_test *t, const il_job_test *plain)
{
    t->error = plain->error;
    if (!plain->source)
        return t->error.code;
    int rc = il_source_degrade(&t->source, plain->source, t->set->degradation, &t->error);
    return rc ? rc : il_source_digest(&t->digest, t->source, NULL, &t->error);
}

static bool same_labels(const float a[256], const float b[256])
{
    for (int grey = 0; grey < 256; grey++)
        if (a[grey] != b[grey])
            return false;
    return true;
}

/* The ground truth of the test. If it is not the run's, it is part of the test's identity. */
static int open_truth(il_job_test *t, const il_job *j)
{
    memcpy(t->labels, j->labels, sizeof t->labels);
    t->before = t->digest;
    if (!t->set->mask_policy.plugin)
        return IL_OK;
    int rc = il_policy_labels(t->labels, &t->set->mask_policy, &t->error);
    if (rc || same_labels(t->labels, j->labels))
        return rc;
    il_text all = { 0 };
    il_text_add(&all, "%s", t->digest.hex);
    for (int grey = 0; grey < 256; grey++)
        il_text_add(&all, "\n%.9g", (double)t->labels[grey]);
    if (all.failed)
        rc = il_fail_oom(&t->error);
    else
        t->digest = t->before = il_sha256(all.data, all.size);
    il_text_free(&all);
    return rc;
}

static int open_test(il_job *j, size_t i, il_store *store)
{
    il_job_test *t = &j->tests[i];
    const il_set *set = t->set = &j->run->tests[i];
    int rc = set->degradation.kind != IL_DEGRADE_NONE
                 ? open_degraded(t, &j->tests[set->plain])
                 : open_source(&t->source, &t->digest,
                               &(struct wanted){ &set->dataset, set->split, set->images, 0, false }, j->run, store,
                               &t->error);
    if (!rc)
        rc = open_truth(t, j);
    if (!rc) {
        const il_testing *how = &j->run->testing;
        t->fit = il_job_fit_of(t->source, t->labels, how->fit, how->size, how->fit == IL_SIZING_NATIVE ? how->tile : 0);
        rc = il_job_fit_digest(&t->digest, &t->fit, t->source, j->run, &t->error);
        bool same = set->degradation.kind != IL_DEGRADE_NONE; /* files as the test on them undegraded */
        if (same)
            t->leak = j->tests[set->plain].leak;
        else if (!rc && j->error.code == IL_OK && !j->run->test_only) /* of weights from elsewhere that is not known */
            rc = il_leak_find(&t->leak, t->source, (const il_source *[]){ j->train, j->validation }, 2, &t->error);
    }
    if (rc && rc != IL_ENOMEM) {
        il_source_free(t->source);
        t->source = NULL;
    }
    return rc;
}

int il_job_open(il_job *out, const il_run *run, il_store *store, il_err *e)
{
    il_job j = { .run = run };
    j.tests = calloc(run->ntests ? run->ntests : 1, sizeof *j.tests);
    if (!j.tests)
        return il_fail_oom(e);
    int rc = open_training(&j, store, &j.error);
    make_hash(&j);
    if (!rc && (rc = heed_builds(&j, store, e)) != IL_OK) {
        il_job_close(&j);
        return rc;
    }
    for (size_t i = 0; i < run->ntests && rc != IL_ENOMEM; i++)
        if ((rc = open_test(&j, i, store)) == IL_ENOMEM)
            j.error = j.tests[i].error;
    if (rc == IL_ENOMEM) {
        rc = il_fail(e, rc, "%s", j.error.message);
        il_job_close(&j);
        return rc;
    }
    *out = j;
    return IL_OK;
}

void il_job_close(il_job *j)
{
    if (!j->run)
        return;
    il_source_free(j->train);
    il_source_free(j->validation);
    for (size_t i = 0; j->tests && i < j->run->ntests; i++)
        il_source_free(j->tests[i].source);
    free(j->tests);
    free(j->rebuilt);
    free(j->manifest);
    memset(j, 0, sizeof *j);
}

static int record_split(il_store *store, const char *label, const char *images, const char *split, const il_source *src,
                        const il_digest *digest, il_err *e)
{
    return il_store_split(store, label, images, split, (int64_t)il_source_count(src),
                          (int64_t)il_source_left_out_count(src), digest->hex, e);
}

il_run_record il_job_run_record(const il_job *j)
{
    const il_run *r = j->run;
    return (il_run_record){ .hash = j->hash,
                            .name = r->name,
                            .config = r->config,
                            .manifest = j->manifest ? j->manifest : "{}",
                            .seed = r->seed,
                            .model = r->model.label,
                            .dataset = r->test_only ? "" : r->dataset.label,
                            .mask_policy = r->mask_policy.label,
                            .loss = r->test_only ? "" : r->loss.label,
                            .trained_on = il_run_trained_on(r) };
}

il_cell_record il_job_cell_record(const il_job *j, const il_set *set)
{
    const il_run *r = j->run;
    return (il_cell_record){ .run_name = r->name,
                             .model = r->model.label,
                             .dataset = r->test_only ? "" : r->dataset.label,
                             .mask_policy = r->mask_policy.label,
                             .loss = r->test_only ? "" : r->loss.label,
                             .trained_on = il_run_trained_on(r),
                             .tested_dataset = set->dataset.label,
                             .tested_on = set->tested_on,
                             .split = set->split,
                             .degradation = il_degrade_name(&set->degradation),
                             .level = set->degradation.level };
}

int il_job_record_splits(const il_job *j, il_store *store, il_err *e)
{
    const il_run *run = j->run;
    int rc = IL_OK;
    if (j->error.code == IL_OK && !run->test_only) {
        rc = record_split(store, run->dataset.label, run->training.on, "train", j->train, &j->train_digest, e);
        if (!rc)
            rc = record_split(store, run->dataset.label, run->training.on, "validation", j->validation,
                              &j->validation_digest, e);
    }
    for (size_t i = 0; i < run->ntests && !rc; i++) {
        const il_job_test *t = &j->tests[i];
        il_digest digest;
        if (!t->source || t->set->degradation.kind != IL_DEGRADE_NONE)
            continue;
        rc = il_source_digest(&digest, t->source, NULL, e); /* of the images alone */
        if (!rc)
            rc = record_split(store, t->set->dataset.label, t->set->images, t->set->split, t->source, &digest, e);
    }
    return rc;
}
