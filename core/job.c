/* job.c - a planned run with its data found and its identity known; and what the store and the disk say of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>
#include "job.h"

/* ---- identity ---- */

static int cache_get(void *context, const char *path, int64_t size, int64_t mtime_ns, char hex[65])
{
    return il_store_file_hash(hex, context, path, size, mtime_ns, NULL) == IL_OK && hex[0];
}

static void cache_put(void *context, const char *path, int64_t size, int64_t mtime_ns, const char *hex)
{
    il_store_file_hash_put(context, path, size, mtime_ns, hex, NULL); /* a read-only store just does not remember */
}

static int open_source(il_source **out, il_digest *digest, const il_choice *dataset, const char *split,
                       const char *images, const il_run *run, il_store *store, il_err *e)
{
    il_hash_cache cache = { store, cache_get, cache_put };
    il_source *src = NULL;
    int rc = il_source_open(&src, dataset, split, images, run->missing, e);
    if (rc == IL_OK)
        rc = il_source_digest(digest, src, store ? &cache : NULL, e);
    if (rc != IL_OK) {
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

/* Adds "key": hash of the file, when there is one. */
static int add_file(json_t *files, const char *key, const char *path, il_err *e)
{
    struct stat st;
    if (!path || !*path)
        return IL_OK;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return IL_OK; /* a data set's folder: its manifest stands for it */
    il_digest d;
    int rc = il_words_sha256_file(&d, path, e);
    if (rc == IL_OK && json_object_set_new(files, key, json_string(d.hex)) != 0)
        rc = il_fail_oom(e);
    return rc == IL_OK ? rc : il_fail_in(e, "%s", key);
}

/* Files that settings of the model, loss and mask policy name, and the initial weights. */
static int add_files(json_t *files, const il_run *run, il_err *e)
{
    const il_choice choices[] = { run->model, run->loss, run->mask_policy };
    int rc = add_file(files, "train.weights", run->training.weights, e);
    for (size_t i = 0; i < sizeof choices / sizeof *choices && rc == IL_OK; i++) {
        const il_param_spec *spec = il_params_specs(choices[i].params);
        for (; spec && spec->name && rc == IL_OK; spec++) {
            char key[200];
            snprintf(key, sizeof key, "%s.%s", il_registry_kind(choices[i].plugin->kind), spec->name);
            if (spec->type == IL_PATH)
                rc = add_file(files, key, il_params_text(choices[i].params, spec->name), e);
        }
    }
    return rc;
}

static int make_manifest(il_job *j, il_err *e)
{
    json_t *files = json_object();
    int rc = files ? add_files(files, j->run, e) : il_fail_oom(e);
    json_t *all = NULL;
    if (rc == IL_OK) {
        all = json_pack("{s:o, s:o, s:o}", "train", split_json(j->train, &j->train_digest), "validation",
                        split_json(j->validation, &j->validation_digest), "files", files);
        files = NULL;
        j->manifest = all ? json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
        rc = j->manifest ? IL_OK : il_fail_oom(e);
    }
    json_decref(all);
    json_decref(files);
    return rc;
}

static void make_hash(il_job *j)
{
    il_text t = { 0 };
    il_words_add(&t, "%s\n%s", j->run->config, j->manifest ? j->manifest : "no data");
    il_digest d = il_words_sha256(t.data ? t.data : "", t.size);
    memcpy(j->hash, d.hex, sizeof j->hash);
    il_words_free(&t);
}

static int open_labels(il_job *j, il_err *e)
{
    const il_plugin *p = j->run->mask_policy.plugin;
    void *self = NULL;
    int rc = p->open ? p->open(&self, j->run->mask_policy.params, e) : IL_OK;
    if (rc != IL_OK)
        return il_fail_in(e, "mask policy %s", p->name);
    for (int grey = 0; grey < 256; grey++)
        j->labels[grey] = p->mask_policy->label(self, (uint8_t)grey);
    if (p->close && self)
        p->close(self);
    for (int grey = 0; grey < 256; grey++)
        if (!(j->labels[grey] >= 0 && j->labels[grey] <= 1))
            return il_fail(e, IL_EPLUGIN, "mask policy %s: grey %d becomes %g, outside [0, 1]", p->name, grey,
                           (double)j->labels[grey]);
    return IL_OK;
}

static int open_training(il_job *j, il_store *store, il_err *e)
{
    const il_run *run = j->run;
    int rc = open_labels(j, e);
    if (rc == IL_OK)
        rc = open_source(&j->train, &j->train_digest, &run->dataset, "train", run->training.on, run, store, e);
    if (rc == IL_OK)
        rc = open_source(&j->validation, &j->validation_digest, &run->dataset, "validation", run->training.on, run,
                         store, e);
    return rc == IL_OK ? make_manifest(j, e) : rc;
}

/* Opened after the test on the same pictures as they are. */
static int open_degraded(il_job_test *t, const il_job_test *plain)
{
    t->error = plain->error;
    if (!plain->source)
        return t->error.code;
    int rc = il_source_degrade(&t->source, plain->source, t->set->degradation, &t->error);
    return rc == IL_OK ? il_source_digest(&t->digest, t->source, NULL, &t->error) : rc;
}

int il_job_open(il_job *out, const il_run *run, il_store *store, il_err *e)
{
    il_job j = { .run = run };
    j.tests = calloc(run->ntests ? run->ntests : 1, sizeof *j.tests);
    if (!j.tests)
        return il_fail_oom(e);
    int rc = open_training(&j, store, &j.error);
    make_hash(&j);
    for (size_t i = 0; i < run->ntests && rc != IL_ENOMEM; i++) {
        il_job_test *t = &j.tests[i];
        t->set = &run->tests[i];
        rc = t->set->degradation.kind != IL_DEGRADE_NONE
                 ? open_degraded(t, &j.tests[t->set->plain])
                 : open_source(&t->source, &t->digest, &t->set->dataset, t->set->split, t->set->images, run, store,
                               &t->error);
    }
    if (rc == IL_ENOMEM) {
        il_job_close(&j);
        return il_fail_oom(e);
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
    free(j->manifest);
    memset(j, 0, sizeof *j);
}

static int record_split(il_store *store, const char *label, const char *images, const char *split,
                        const il_source *src, const il_digest *digest, il_err *e)
{
    return il_store_split(store, label, images, split, (int64_t)il_source_count(src),
                          (int64_t)il_source_left_out_count(src), digest->hex, e);
}

int il_job_record_splits(const il_job *j, il_store *store, il_err *e)
{
    const il_run *run = j->run;
    int rc = IL_OK;
    if (j->error.code == IL_OK) {
        rc = record_split(store, run->dataset.label, run->training.on, "train", j->train, &j->train_digest, e);
        if (rc == IL_OK)
            rc = record_split(store, run->dataset.label, run->training.on, "validation", j->validation,
                              &j->validation_digest, e);
    }
    for (size_t i = 0; i < run->ntests && rc == IL_OK; i++) {
        const il_job_test *t = &j->tests[i];
        if (t->source && t->set->degradation.kind == IL_DEGRADE_NONE)
            rc = record_split(store, t->set->dataset.label, t->set->images, t->set->split, t->source, &t->digest, e);
    }
    return rc;
}

/* ---- files ---- */

il_job_path il_job_file(const il_job *j, const char *folder, const char *name)
{
    il_job_path p;
    snprintf(p.text, sizeof p.text, "%s/%.16s%s%s", folder, j->hash, *name ? "/" : "", name);
    return p;
}

static int make_folders(const char *path, il_err *e)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return il_fail(e, IL_EIO, "%s: cannot make the folder: %s", part, strerror(errno));
        *p = c;
        if (c == '\0')
            return IL_OK;
    }
}

int il_job_lock(int *fd, const il_job *j, const char *folder, il_err *e)
{
    *fd = -1;
    int rc = make_folders(il_job_file(j, folder, "").text, e);
    if (rc != IL_OK)
        return rc;
    il_job_path path = il_job_file(j, folder, "lock");
    int got = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (got < 0)
        return il_fail(e, IL_EIO, "%s: %s", path.text, strerror(errno));
    if (flock(got, LOCK_EX | LOCK_NB) != 0) {
        int why = errno;
        close(got);
        if (why == EWOULDBLOCK)
            return il_fail(e, IL_EBUSY, "another process is at this run (it holds %s)", path.text);
        return il_fail(e, IL_EIO, "%s: cannot lock: %s", path.text, strerror(why));
    }
    *fd = got;
    return IL_OK;
}

void il_job_unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

static bool is_locked(const il_job *j, const char *folder)
{
    int fd = open(il_job_file(j, folder, "lock").text, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return locked;
}

/* ---- what is known ---- */

/* Says in words what differs between two JSON objects: "train.lr: 0.001 -> 0.0001". */
static void describe_change(il_text *t, const char *prefix, const json_t *old, const json_t *new)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)new, key, value) {
        json_t *before = json_object_get(old, key);
        char path[200];
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (before && json_equal(before, value))
            continue;
        if (json_is_object(before) && json_is_object(value)) {
            describe_change(t, path, before, value);
            continue;
        }
        char *a = before ? json_dumps(before, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        char *b = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        il_words_add(t, "%s%s: %.40s -> %.40s", t->size ? ", " : "", path, a ? a : "nothing", b ? b : "?");
        free(a);
        free(b);
    }
}

static void explain_stale(char *why, size_t size, const il_job *j, const char *config, const char *manifest)
{
    json_t *pairs[][2] = { { json_loads(config, 0, NULL), json_loads(j->run->config, 0, NULL) },
                           { json_loads(manifest ? manifest : "{}", 0, NULL), json_loads(j->manifest, 0, NULL) } };
    il_text t = { 0 };
    describe_change(&t, "", pairs[0][0], pairs[0][1]);
    if (!t.size && pairs[1][0] && !json_equal(pairs[1][0], pairs[1][1]))
        il_words_add(&t, "the data or the initial weights have changed");
    snprintf(why, size, "since it was last run: %.350s", t.data ? t.data : "settings have changed");
    il_words_free(&t);
    for (int i = 0; i < 2; i++) {
        json_decref(pairs[i][0]);
        json_decref(pairs[i][1]);
    }
}

static int look_for_tests(il_job_view *v, const il_job *j, il_store *store, int64_t run, size_t *left, il_err *e)
{
    *left = 0;
    for (size_t i = 0; i < j->run->ntests; i++) {
        const il_job_test *t = &j->tests[i];
        int64_t id = 0;
        if (t->source) {
            int rc = il_store_find_test(&id, store, run, t->digest.hex, t->set->split, j->run->test_batch, e);
            if (rc != IL_OK)
                return rc;
        }
        v->tested[i] = id != 0;
        *left += id == 0;
    }
    return IL_OK;
}

static int look_at_new(il_job_view *v, const il_job *j, const char *experiment, il_store *store, il_err *e)
{
    char *config = NULL, *manifest = NULL;
    int rc = il_store_find_stale(&config, &manifest, store, experiment, j->run->name, j->hash, e);
    if (rc == IL_OK && config) {
        v->state = IL_JOB_STALE;
        explain_stale(v->why, sizeof v->why, j, config, manifest);
    }
    free(config);
    free(manifest);
    return rc;
}

static int look_at_row(il_job_view *v, const il_job *j, const char *experiment, il_store *store, const char *folder,
                       il_err *e)
{
    il_run_row row;
    size_t left = 0;
    int rc = il_store_find_run(&row, store, j->hash, e);
    if (rc == IL_OK && row.status != IL_RUN_NONE)
        rc = look_for_tests(v, j, store, row.id, &left, e);
    if (rc != IL_OK)
        return rc;
    bool kept = access(il_job_file(j, folder, "checkpoint.safetensors").text, F_OK) == 0;
    if (row.status == IL_RUN_NONE && !kept)
        return look_at_new(v, j, experiment, store, e);
    if (row.status == IL_RUN_DONE) {
        v->state = left ? IL_JOB_RESUME : IL_JOB_DONE;
        if (left)
            snprintf(v->why, sizeof v->why, "trained; %zu of %zu tests are left", left, j->run->ntests);
    } else if (row.status == IL_RUN_FAILED) {
        v->state = IL_JOB_FAILED;
        snprintf(v->why, sizeof v->why, "%.380s", row.message);
    } else {
        v->state = IL_JOB_RESUME;
        snprintf(v->why, sizeof v->why, kept ? "cut off after %d epochs; goes on from its checkpoint"
                                             : "cut off before its first checkpoint; starts again", row.epochs);
    }
    return IL_OK;
}

int il_job_look(il_job_view *out, const il_job *j, const char *experiment, il_store *store, const char *folder,
                il_err *e)
{
    il_job_view v = { .state = IL_JOB_TODO };
    v.tested = calloc(j->run->ntests ? j->run->ntests : 1, sizeof *v.tested);
    if (!v.tested)
        return il_fail_oom(e);
    int rc = IL_OK;
    if (j->error.code != IL_OK) {
        v.state = IL_JOB_BLOCKED;
        snprintf(v.why, sizeof v.why, "%.390s", j->error.message);
    } else if (is_locked(j, folder)) {
        v.state = IL_JOB_BUSY;
        snprintf(v.why, sizeof v.why, "another process is at it");
    } else if (store) {
        rc = look_at_row(&v, j, experiment, store, folder, e);
    }
    if (rc != IL_OK) {
        free(v.tested);
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
