/* run_parent.c - the finished run of fewer epochs that a run goes on from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "train/builds.h"
#include "train/run_parent.h"

/* ?3 is the beginning of a configuration, up to the number of epochs: few others have it, so that JSON is rarely read. */
static const char shorter[] =
    "SELECT hash, json_extract(config, '$.train.epochs') AS epochs FROM runs"
    " WHERE status = 'done' AND manifest IS ?2 AND substr(config, 1, length(?3)) = ?3 AND json_type(config, '$.train.epochs') = 'integer'"
    " AND json_remove(config, '$.train.epochs') = json_remove(?1, '$.train.epochs')"
    " AND json_extract(config, '$.train.epochs') < json_extract(?1, '$.train.epochs')"
    " ORDER BY json_extract(config, '$.train.epochs') DESC";

il_job_path il_run_parent_file(const char *folder, const char *hash)
{
    il_job_path p;
    snprintf(p.text, sizeof p.text, "%s/%.16s/finished.safetensors", folder, hash);
    return p;
}

/* Keys of a configuration are sorted. */
static char *up_to_epochs(const char *config)
{
    const char *train = strstr(config, "\"train\":{"), *epochs = train ? strstr(train, "\"epochs\":") : NULL;
    return strndup(config, epochs ? (size_t)(epochs - config) : 0);
}

/* Made by the plugins as they are now? */
static int same_builds(bool *same, const il_job *j, il_store *store, const char *hash, il_err *e)
{
    char *versions = NULL, *rebuilt = NULL;
    json_t *anew = NULL;
    int rc = il_store_run_versions(&versions, store, hash, e);
    if (!rc && versions)
        rc = il_builds_compare(&anew, &rebuilt, j->run, versions, e);
    *same = !anew;
    json_decref(anew);
    free(rebuilt);
    free(versions);
    return rc;
}

int il_run_parent_find(il_run_parent *out, const il_job *j, il_store *store, const char *folder, il_err *e)
{
    il_rows rows = { 0 };
    il_run_parent p = { .why = "it kept no checkpoint (train.keep)" };
    *out = p;
    if (!store || !j->manifest || j->run->test_only)
        return IL_OK;
    char *start = up_to_epochs(j->run->config);
    int rc = !start ? il_fail_oom(e)
                    : il_store_read(&rows, store, "runs: hash text, epochs small", shorter,
                                    (const char *const[]){ j->run->config, j->manifest, start, NULL }, e);
    free(start);
    for (size_t i = 0; i < rows.count && !rc && !*p.file.text; i++) {
        bool same = false;
        const char *hash = il_rows_word(&rows, i, "hash");
        il_job_path file = il_run_parent_file(folder, hash);
        rc = same_builds(&same, j, store, hash, e);
        if (rc || !same || (*p.hash && access(file.text, R_OK) != 0))
            continue;
        snprintf(p.hash, sizeof p.hash, "%s", hash);
        p.epochs = (int)il_rows_int(&rows, i, "epochs");
        p.file = access(file.text, R_OK) == 0 ? file : (il_job_path){ "" };
    }
    il_store_rows_free(&rows);
    if (j->run->training.schedule != IL_SCHEDULE_CONSTANT) {
        p.why = "its learning rate went to 0 over its epochs (train.schedule)";
        p.file = (il_job_path){ "" };
    }
    if (!rc)
        *out = p;
    return rc;
}
