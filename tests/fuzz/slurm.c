/* slurm.c - by the first byte: what squeue and sacct print, and the record of a submission, whose tasks are then looked for. */
#include "cluster/submission.h"
#include "fuzz.h"

/* Sorted, and each task is found. */
static void check(const il_slurm_queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const il_slurm_task *t = &q->list[i], *found = il_slurm_queue_find(q, t->job, t->index);
        if (!found || found->job != t->job || found->index != t->index || strlen(t->state) >= sizeof t->state ||
            strlen(t->reason) >= sizeof t->reason || (i && t[-1].job > t->job))
            abort();
    }
}

static int queue(const char *folder, const uint8_t *data, size_t size, il_err *e)
{
    il_slurm_queue q = { 0 };
    long job;
    char script[256], *answer = calloc(1, size + 1);
    if (!answer)
        return IL_OK;
    if (size)
        memcpy(answer, data, size);
    snprintf(script, sizeof script, "%s/1.sh", folder);
    int rc = il_slurm_queue_parse(&q, answer, e);
    if (!rc) {
        check(&q);
        rc = il_slurm_queue_job(&job, &q, script, "0", e);
    }
    il_slurm_queue_free(&q);
    return rc;
}

static int ended(const uint8_t *data, size_t size, il_err *e)
{
    il_slurm_queue q = { 0 };
    char *answer = calloc(1, size + 1);
    if (!answer)
        return IL_OK;
    if (size)
        memcpy(answer, data, size);
    int rc = il_slurm_queue_parse_ended(&q, answer, e);
    if (!rc)
        check(&q);
    free(answer);
    il_slurm_queue_free(&q);
    return rc;
}

static int record(const char *folder, const uint8_t *data, size_t size, il_err *e)
{
    static const char line[] = "7|1|RUNNING|N/A|n1|None|/dev/null 0\n";
    il_submission s = { 0 };
    il_slurm_queue q = { 0 };
    bool found = false, more;
    long job;
    int index;
    fuzz_file("1.submitted", data, size);
    int rc = il_submission_read(&found, &s, folder, 1, e);
    if (!rc)
        rc = il_slurm_queue_parse(&q, strdup(line), e);
    if (!rc)
        rc = il_submission_recognise(&more, &s, &q, e);
    for (size_t task = 1; !rc && task < 4; task++)
        il_submission_find(&job, &index, &s, task);
    if (!rc)
        rc = il_submission_write(&s, e);
    il_slurm_queue_free(&q);
    il_submission_free(&s);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    const char *folder = fuzz_folder();
    il_err e = { 0 };
    if (size == 0)
        return 0;
    if (!begun) {
        fuzz_file("1.tasks", NULL, 0);
        fuzz_file("1.sh", NULL, 0);
        begun = true;
    }
    switch (data[0] % 3) {
    case 0: fuzz_told(queue(folder, data + 1, size - 1, &e), &e); break;
    case 1: fuzz_told(ended(data + 1, size - 1, &e), &e); break;
    default: fuzz_told(record(folder, data + 1, size - 1, &e), &e); break;
    }
    return 0;
}
