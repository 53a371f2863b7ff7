/* output.c - where the results of a command go: into memory first, then into a file or to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/draft.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/streams.h"

/* Regular files are written completely or not at all; pipes and devices are written directly. */
static int put(const char *path, const char *text, size_t size, il_err *e)
{
    struct stat st;
    if (path && (stat(path, &st) != 0 || S_ISREG(st.st_mode)))
        return il_atomic_file_write(path, text, size, e);
    if (!path)
        return il_streams_print(text, size) ? IL_OK
                                            : il_fail(e, IL_EIO, "cannot write standard output: %s", strerror(errno));
    int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe that nobody reads is not waited for */
    FILE *to = fd >= 0 && fcntl(fd, F_SETFL, 0) == 0 ? fdopen(fd, "wb") : NULL;
    if (!to) {
        il_fail(e, IL_EIO, "cannot write %s: %s", path, errno == ENXIO ? "nobody reads this pipe" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return IL_EIO;
    }
    bool good = fwrite(text, 1, size, to) == size && fflush(to) == 0;
    int why = errno;
    if (fclose(to) != 0 && good) {
        good = false;
        why = errno;
    }
    return good ? IL_OK : il_fail(e, IL_EIO, "cannot write %s: %s", path, strerror(why));
}

int il_output_begin(il_output *o, il_err *e)
{
    o->to = open_memstream(&o->text, &o->size);
    return o->to ? IL_OK : il_fail_oom(e);
}

int il_output_end(il_output *o, const char *path, int rc, il_err *e)
{
    if (o->to && fclose(o->to) != 0 && !rc)
        rc = il_fail_oom(e);
    if (!rc)
        rc = put(path, o->text, o->size, e);
    free(o->text);
    *o = (il_output){ 0 };
    return rc;
}

/* ---- files that are no place for results ---- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int folder_of(struct stat *out, const char *path, il_err *e)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : il_text_copy(".");
    int rc = folder ? stat(folder, out) : il_fail_oom(e);
    free(folder);
    return rc;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* One file, under whatever names; or, where none is there yet, one name in one folder. Links are followed already. */
static int compare(bool *same, const char *a, const char *b, il_err *e)
{
    struct stat x, y;
    bool there = stat(a, &x) == 0, also = stat(b, &y) == 0;
    *same = there && also && is_same(&x, &y);
    if (there || also || strcmp(name_of(a), name_of(b)) != 0)
        return IL_OK;
    int first = folder_of(&x, a, e), second = folder_of(&y, b, e);
    *same = !first && !second && is_same(&x, &y);
    return first == IL_ENOMEM || second == IL_ENOMEM ? IL_ENOMEM : IL_OK;
}

int il_output_spare(const char *output, const char *database, il_err *e)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    char *to = NULL, *from = NULL;
    int rc = il_draft_target(&to, output, e);
    if (!rc)
        rc = il_draft_target(&from, database, e);
    for (size_t i = 0; i < sizeof endings / sizeof *endings && !rc; i++) {
        il_text part = { 0 };
        bool same = false;
        il_text_add(&part, "%s%s", from, endings[i]);
        rc = part.failed ? il_fail_oom(e) : compare(&same, to, part.data, e);
        il_text_free(&part);
        if (same)
            rc = il_fail(e, IL_EUSAGE, "-o %s: %s; choose another file", output,
                         i ? "belongs to the database" : "is the database itself");
    }
    free(to);
    free(from);
    return rc;
}

int il_output_spare_inputs(const char *output, il_err *e)
{
    static const char *const endings[] = { ".yaml", ".yml", ".py",   ".sqlite", ".db",  ".png",
                                           ".jpg",  ".tif", ".tiff", ".jpeg",   ".webp" };
    char *target = NULL;
    struct stat st;
    int rc = il_draft_target(&target, output, e);
    const char *ending = rc ? NULL : strrchr(name_of(target), '.');
    bool there = ending && stat(target, &st) == 0 && S_ISREG(st.st_mode);
    for (size_t i = 0; there && !rc && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            rc = il_fail(e, IL_EUSAGE, "-o %s: exists, and by its ending it is not a result; choose another file",
                         output);
    free(target);
    return rc;
}
