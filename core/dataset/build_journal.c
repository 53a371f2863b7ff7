/* build_journal.c - the samples of a build that is not finished, one per line: JSON, a tab, the SHA-256 of the JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "dataset/build_journal.h"

enum { DIGITS = 64 };

/* ---- reading ---- */

/* Without its newline. IL_EFORMAT: damaged. */
static int read_line(il_manifest *m, const char *line, size_t size, il_err *e)
{
    if (size > DIGITS + 1 && line[size - DIGITS - 1] == '\t') {
        size_t json = size - DIGITS - 1;
        if (memcmp(il_sha256(line, json).hex, line + json + 1, DIGITS) != 0)
            return il_fail(e, IL_EFORMAT, "the line has changed");
        size = json;
    }
    return il_manifest_add_line(m, line, size, e);
}

/* Lines that changed, and the last one where it is cut off, are left out: their samples are made again. */
static int read_lines(il_manifest *m, const char *text, size_t size, il_err *e)
{
    const char *end = text + size, *newline;
    for (; (newline = memchr(text, '\n', (size_t)(end - text))); text = newline + 1) {
        il_err damage = { 0 };
        if (read_line(m, text, (size_t)(newline - text), &damage) == IL_ENOMEM)
            return il_fail_oom(e);
    }
    return IL_OK;
}

int il_build_journal_read(il_manifest *out, const char *path, il_err *e)
{
    il_manifest m = { 0 };
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read(&text, &size, path, IL_FILE_LIST, e);
    if (!rc && (rc = read_lines(&m, text, size, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    free(text);
    if (rc)
        il_manifest_free(&m);
    else
        *out = m;
    return rc;
}

/* ---- writing ---- */

static int add_line(il_text *t, const il_sample *sample, il_err *e)
{
    char *line = il_manifest_line(sample);
    if (!line)
        return il_json_short() ? il_fail_oom(e)
                               : il_fail(e, IL_EDATA, "sample %s: its texts must be UTF-8", sample->id);
    int json = (int)strlen(line) - 1;
    il_text_add(t, "%.*s\t%s\n", json, line, il_sha256(line, (size_t)json).hex);
    free(line);
    return t->failed ? il_fail_oom(e) : IL_OK;
}

int il_build_journal_write(il_manifest *m, const char *path, il_err *e)
{
    il_text all = { 0 };
    int rc = IL_OK;
    il_manifest_sort(m);
    for (size_t i = 0; i < m->count && !rc; i++)
        rc = add_line(&all, &m->list[i], e);
    if (!rc)
        rc = il_atomic_file_write(path, all.data ? all.data : "", all.size, e);
    il_text_free(&all);
    return rc;
}

int il_build_journal_append(int fd, const char *path, const il_sample *sample, il_err *e)
{
    il_text line = { 0 };
    int rc = add_line(&line, sample, e);
    if (!rc) { /* one call: a killed build leaves at most one incomplete line */
        ssize_t n = write(fd, line.data, line.size);
        if (n != (ssize_t)line.size)
            rc = il_fail(e, IL_EIO, "cannot write %s: %s", path, n < 0 ? strerror(errno) : "the disk is full");
    }
    il_text_free(&line);
    return rc;
}
