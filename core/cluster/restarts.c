/* restarts.c - compares what is done at each start of a task. The file: the number of restarts, a line feed, what was done. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/text.h"
#include "cluster/restarts.h"

bool il_restarts_again(void)
{
    const char *count = getenv("SLURM_RESTART_COUNT");
    return count && strtol(count, NULL, 10) > 0;
}

/* Restarts until now that found nothing more than is done now. */
static int read_before(long *fruitless, const char *file, const char *progress, il_err *e)
{
    char *text = NULL, *rest = NULL;
    size_t size;
    *fruitless = 0;
    if (access(file, F_OK) != 0)
        return IL_OK;
    int rc = il_file_read(&text, &size, file, IL_FILE_SETTINGS, e);
    if (rc)
        return rc;
    long before = strtol(text, &rest, 10);
    if (*rest == '\n' && strcmp(rest + 1, progress) == 0 && before >= 0 && before < IL_RESTARTS_FRUITLESS)
        *fruitless = before + 1;
    free(text);
    return IL_OK;
}

int il_restarts_note(bool *give_up, const char *file, const char *progress, bool again, il_err *e)
{
    long fruitless = 0;
    il_text text = { 0 };
    int rc = again ? read_before(&fruitless, file, progress, e) : IL_OK;
    if (rc)
        return rc;
    il_text_add(&text, "%ld\n%s", fruitless, progress);
    rc = text.failed ? il_fail_oom(e) : il_atomic_file_write(file, text.data, text.size, e);
    il_text_free(&text);
    if (!rc)
        *give_up = fruitless == IL_RESTARTS_FRUITLESS;
    return rc;
}
