/* job_files.c - the files of a job's run, and who may write them. */
#include <stdio.h>
#include <unistd.h>
#include "base/draft.h"
#include "base/file.h"
#include "base/network_disk.h"
#include "train/job.h"

il_job_path il_job_file(const il_job *j, const char *folder, const char *name)
{
    return il_run_files_path(folder, j->hash, name);
}

static il_job_path lock_file(const char *hash, const char *folder)
{
    return il_run_files_path(folder, hash, "lock");
}

static il_job_path claim_file(const char *hash, const char *folder)
{
    il_job_path p;
    snprintf(p.text, sizeof p.text, "%s/claims/%s", folder, hash);
    return p;
}

int il_job_lock(il_hold *out, const il_job *j, const char *folder, il_err *e)
{
    il_job_path own = il_job_file(j, folder, ""), lock = lock_file(j->hash, folder),
                claim = claim_file(j->hash, folder);
    *out = IL_UNHELD;
    int rc = il_file_make_folders(own.text, e);
    if (!rc && il_network_disk(own.text))
        rc = il_file_make_parents(claim.text, e);
    if (!rc)
        rc = il_hold_take(out, lock.text, claim.text, e);
    if (rc)
        return rc == IL_EBUSY ? il_fail_in(e, "another process is executing this run") : rc;
    il_draft_sweep(own.text, IL_RUN_CHECKPOINT);
    il_draft_sweep(own.text, IL_RUN_WEIGHTS);
    return IL_OK;
}

int il_job_hold_left(il_hold *out, const char *hash, const char *folder, il_err *e)
{
    *out = IL_UNHELD;
    if (access(il_run_files_path(folder, hash, "").text, F_OK) != 0)
        return IL_OK;
    il_job_path claim = claim_file(hash, folder);
    int rc = il_network_disk(folder) ? il_file_make_parents(claim.text, e) : IL_OK;
    return rc ? rc : il_hold_take(out, lock_file(hash, folder).text, claim.text, e);
}

bool il_job_is_locked(const char *hash, const char *folder)
{
    return il_hold_is_taken(lock_file(hash, folder).text, claim_file(hash, folder).text);
}
