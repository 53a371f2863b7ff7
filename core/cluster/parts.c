/* parts.c - reads and writes job files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cluster/parts.h"

void il_parts_free(il_parts *t)
{
    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = 0; k < t->list[i].count; k++)
            free(t->list[i].runs[k]);
        free(t->list[i].runs);
    }
    free(t->list);
    free(t->experiment);
    *t = (il_parts){ 0 };
}

static int add_part(il_parts *t, il_err *e)
{
    il_part *more = il_array_grow(t->list, t->count, sizeof *more);
    if (!more)
        return il_fail_oom(e);
    t->list = more;
    more[t->count++] = (il_part){ 0 };
    return IL_OK;
}

int il_parts_add(il_parts *t, int number, const char *run, il_err *e)
{
    while (t->count < (size_t)number)
        if (add_part(t, e) != IL_OK)
            return e ? e->code : IL_ENOMEM;
    il_part *task = &t->list[number - 1];
    char **more = il_array_grow(task->runs, task->count, sizeof *more);
    if (more)
        task->runs = more;
    char *copy = more ? il_text_copy(run) : NULL;
    if (!copy)
        return il_fail_oom(e);
    more[task->count++] = copy;
    return IL_OK;
}

/* ---- writing ---- */

static json_t *line_of(const il_part *task, const char *experiment)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < task->count; i++)
        json_array_append_new(runs, json_string(task->runs[i]));
    return experiment ? json_pack("{s:s,s:o}", "experiment", experiment, "runs", runs)
                      : json_pack("{s:o}", "runs", runs);
}

/* NULL: out of memory. */
static char *text_of(const il_parts *t, size_t i, bool shown)
{
    il_json_begin();
    json_t *line = line_of(&t->list[i], t->experiment);
    char *text = il_json_short() ? NULL : shown ? il_json_shown(line, JSON_COMPACT) : il_json_text(line, JSON_COMPACT);
    json_decref(line);
    return text;
}

static int put_line(il_atomic_file *file, const il_parts *t, size_t i, il_err *e)
{
    char *text = text_of(t, i, false);
    int rc = text ? il_atomic_file_put(file, text, strlen(text), e) : il_fail_oom(e);
    if (!rc)
        rc = il_atomic_file_put(file, "\n", 1, e);
    free(text);
    return rc;
}

int il_parts_print(FILE *to, const il_parts *t, il_err *e)
{
    for (size_t i = 0; i < t->count; i++) {
        char *text = text_of(t, i, true);
        if (!text)
            return il_fail_oom(e);
        fprintf(to, "%s\n", text);
        free(text);
    }
    return IL_OK;
}

int il_parts_write(const il_parts *t, const char *path, il_err *e)
{
    il_atomic_file file;
    int rc = il_file_make_parents(path, e);
    if (!rc)
        rc = il_atomic_file_begin(&file, path, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < t->count && !rc; i++)
        rc = put_line(&file, t, i, e);
    return il_atomic_file_end(&file, path, true, rc, e);
}

/* ---- reading ---- */

static int add_runs(il_parts *t, const json_t *line, const char *path, il_err *e)
{
    const json_t *runs = json_object_get(line, "runs"), *run;
    size_t number = t->count + 1, i;
    if (!json_is_array(runs))
        return il_fail(e, IL_EFORMAT, "%s:%zu: has no list 'runs'; expected a line that `inpaintlab slurm` wrote", path,
                       number);
    int rc = add_part(t, e);
    for (i = 0; !rc && i < json_array_size(runs); i++) {
        run = json_array_get(runs, i);
        rc = json_is_string(run) ? il_parts_add(t, (int)number, json_string_value(run), e)
                                 : il_fail(e, IL_EFORMAT, "%s:%zu: expected the name of a run", path, number);
    }
    return rc;
}

/* All lines are of one experiment. */
static int read_experiment(il_parts *t, const json_t *line, const char *path, il_err *e)
{
    const json_t *name = json_object_get(line, "experiment");
    if (!name)
        return IL_OK;
    if (!json_is_string(name) || (t->experiment && strcmp(t->experiment, json_string_value(name)) != 0))
        return il_fail(e, IL_EFORMAT, "%s:%zu: 'experiment' must be the name of one experiment, the same in all lines",
                       path, t->count + 1);
    if (!t->experiment)
        t->experiment = il_text_copy(json_string_value(name));
    return t->experiment ? IL_OK : il_fail_oom(e);
}

static int read_line(il_parts *t, const char *line, size_t size, const char *path, il_err *e)
{
    json_error_t why;
    json_t *value = il_json_loadb(line, size, JSON_REJECT_DUPLICATES, &why);
    if (!value) {
        int code = il_json_code(IL_EFORMAT);
        return il_fail(e, code, "%s:%zu: %s", path, t->count + 1, code == IL_ENOMEM ? "out of memory" : why.text);
    }
    int rc = read_experiment(t, value, path, e);
    if (!rc)
        rc = add_runs(t, value, path, e);
    json_decref(value);
    return rc;
}

int il_parts_read(il_parts *out, const char *path, il_err *e)
{
    char *text = NULL;
    size_t size = 0;
    il_parts t = { 0 };
    int rc = il_file_read(&text, &size, path, IL_FILE_LIST, e);
    const char *end = rc ? NULL : text + size;
    for (const char *line = text, *next; !rc && line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        if (t.count == IL_SHARDS_MOST)
            rc = il_fail(e, IL_EFORMAT, "%s: has more than %d lines", path, IL_SHARDS_MOST);
        else
            rc = read_line(&t, line, (size_t)((stop ? stop : end) - line), path, e);
    }
    free(text);
    if (rc) {
        il_parts_free(&t);
        return rc;
    }
    *out = t;
    return IL_OK;
}

int il_parts_database(char out[IL_SHARD_PATH], const char *path, int number, il_err *e)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    size_t size = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    if (snprintf(out, IL_SHARD_PATH, "%.*s-%04d.sqlite", (int)size, path, number) >= IL_SHARD_PATH)
        return il_fail(e, IL_EUSAGE, "%s: the path is too long", path);
    return IL_OK;
}
