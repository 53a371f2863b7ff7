/* run_weights.c - the file of a run's weights. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/weights.h>
#include "base/sha256.h"
#include "plugin/made_by.h"
#include "train/run_weights.h"

static il_job_path place(const il_job *j, const char *folder)
{
    return il_job_file(j, folder, IL_RUN_WEIGHTS);
}

static il_job_path place_aside(const il_job *j, const char *folder, const char *sha256)
{
    return il_run_files_aside(folder, j->hash, sha256);
}

static int write_bundle(const char *path, const il_job *j, const il_model *model, int epoch, il_err *e)
{
    const il_run *run = j->run;
    char number[20];
    snprintf(number, sizeof number, "%d", epoch);
    const char *notes[][2] = { { "format", "pt" },
                               { "run", j->hash },
                               { "config", run->config },
                               { "epoch", run->test_only ? NULL : number },
                               { "model", run->model.plugin->name },
                               { "mask_policy", run->mask_policy.plugin->name },
                               { "trained_on", il_run_trained_on(run) } };
    il_bundle *b = NULL;
    il_made_by made = { 0 };
    int rc = il_bundle_new(&b, e);
    if (!rc && !run->test_only)
        rc = il_made_by_find(&made, &run->dataset, run->training.on, e);
    if (!rc && made.generators.size)
        rc = il_bundle_note(b, "generators", made.generators.data, e);
    if (!rc && *made.identity)
        rc = il_bundle_note(b, "recipe", made.identity, e);
    il_made_by_free(&made);
    for (size_t i = 0; i < sizeof notes / sizeof *notes && !rc; i++)
        if (notes[i][1])
            rc = il_bundle_note(b, notes[i][0], notes[i][1], e);
    if (!rc)
        rc = il_state_save(model->state, b, "", e);
    if (!rc)
        rc = il_bundle_write(b, path, e);
    il_bundle_free(b);
    return rc;
}

/* A file that cannot be read or moved is not kept. */
static il_job_path put_aside(const il_job *j, const char *folder)
{
    il_digest there;
    il_err unreadable = { 0 };
    il_job_path from = place(j, folder), to = { "" };
    if (access(from.text, F_OK) != 0 || il_sha256_file(&there, from.text, &unreadable) != IL_OK)
        return to;
    to = place_aside(j, folder, there.hex);
    return rename(from.text, to.text) == 0 ? to : (il_job_path){ "" };
}

/* A run that was killed between the two steps below has left the file aside that is now written again. */
static void drop_twin(const il_job *j, const char *folder, const il_digest *written)
{
    il_digest there;
    il_err unreadable = { 0 };
    il_job_path twin = place_aside(j, folder, written->hex);
    if (access(twin.text, F_OK) == 0 && il_sha256_file(&there, twin.text, &unreadable) == IL_OK &&
        strcmp(there.hex, written->hex) == 0)
        unlink(twin.text);
}

int il_run_weights_write(il_digest *digest, il_job_path *aside, const il_job *j, const char *folder,
                         const il_model *model, int epoch, il_err *e)
{
    il_digest written;
    il_job_path old = put_aside(j, folder), path = place(j, folder);
    int rc = write_bundle(path.text, j, model, epoch, e);
    if (!rc)
        rc = il_sha256_file(&written, path.text, e);
    if (rc)
        return rc;
    drop_twin(j, folder, &written);
    if (*old.text && access(old.text, F_OK) != 0) /* identical to the new file */
        old.text[0] = '\0';
    *digest = written;
    *aside = old;
    return IL_OK;
}

bool il_run_weights_there(const il_job *j, const char *folder)
{
    return access(place(j, folder).text, R_OK) == 0;
}

int il_run_weights_find(il_job_path *out, const il_job *j, const char *folder, const char *sha256, il_err *e)
{
    il_digest found;
    il_err none = { 0 };
    il_job_path path = place(j, folder), aside = place_aside(j, folder, sha256);
    int rc = il_sha256_file(&found, path.text, e);
    if (rc)
        return rc;
    if (strcmp(found.hex, sha256) == 0)
        *out = path;
    else if (il_sha256_file(&found, aside.text, &none) == IL_OK && strcmp(found.hex, sha256) == 0)
        *out = aside;
    else
        return il_fail(e, IL_EDATA,
                       "%s: not the weights of this run, whose SHA-256 begins with %.8s; restore that file, or"
                       " remove this one to train again",
                       path.text, sha256);
    return IL_OK;
}
