/* vocabulary.c - reads and checks a tokenizer's tokens and merges. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/layers.h>
#include "base/file.h"
#include "diffusion/vocabulary.h"
#include "diffusion/vocabulary_files.h"

void il_vocabulary_clear(il_vocabulary *v)
{
    il_bpe_free(v->merges);
    for (size_t i = 0; i < v->nspecials; i++)
        il_unicode_free(&v->specials[i].text);
    *v = (il_vocabulary){ 0 };
}

/* ---- tokens ---- */

static int check_ids(const il_vocabulary_files *f, il_err *e)
{
    const char *token;
    json_t *id;
    const json_int_t count = (json_int_t)json_object_size(f->vocab);
    if (count > INT32_MAX)
        return il_vocabulary_wrong(f, f->source, e, "too many tokens");
    json_object_foreach(f->vocab, token,
                        id) if (!json_is_integer(id) || json_integer_value(id) < 0 ||
                                json_integer_value(id) >=
                                    count) return il_fail(e, IL_EFORMAT,
                                                          "%s/%s: the id of '%s' must be an integer from 0 to %lld",
                                                          f->folder.data, f->source, token, (long long)count - 1);
    return IL_OK;
}

/* The character that represents a byte: itself if printable, else one from U+0100 on. */
static int32_t letter_of(int byte)
{
    int32_t next = 256;
    for (int b = 0; b <= byte; b++) {
        bool seen = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        if (b == byte)
            return seen ? b : next;
        next += !seen;
    }
    return next;
}

static int find_letters(il_vocabulary *v, const il_vocabulary_files *f, il_err *e)
{
    for (int b = 0; b < 256; b++) {
        char name[16];
        int n = il_unicode_bytes((uint8_t *)name, letter_of(b));
        memcpy(name + n, "</w>", 5);
        v->ends[b] = il_vocabulary_id(f, name);
        if (v->ends[b] >= 0) {
            name[n] = '\0';
            v->letters[b] = il_vocabulary_id(f, name);
        }
        if (v->ends[b] < 0 || v->letters[b] < 0)
            return il_fail(e, IL_EFORMAT, "%s/%s: '%s', the token of byte 0x%02X, is missing", f->folder.data,
                           f->source, name, (unsigned)b);
    }
    return IL_OK;
}

/* ---- merges ---- */

static int add_merge(il_vocabulary *v, const il_vocabulary_files *f, const char *left, const char *right,
                     const char *where, il_err *e)
{
    il_text merged = { 0 };
    il_text_add(&merged, "%s%s", left, right);
    if (merged.failed || !merged.data)
        return il_fail_oom(e);
    const char *parts[] = { left, right, merged.data };
    int32_t ids[3];
    int rc = IL_OK;
    for (int i = 0; i < 3 && !rc; i++) {
        ids[i] = il_vocabulary_id(f, parts[i]);
        if (ids[i] < 0)
            rc = il_fail(e, IL_EFORMAT, "%s/%s: '%s' is not in %s", f->folder.data, where, parts[i], f->source);
    }
    if (!rc)
        rc = il_bpe_add(v->merges, ids[0], ids[1], ids[2], e);
    il_text_free(&merged);
    return rc;
}

/* "left right"; splits text in place. */
static int add_line(il_vocabulary *v, const il_vocabulary_files *f, char *text, const char *where, il_err *e)
{
    char *blank = strchr(text, ' ');
    if (!blank || blank == text || !blank[1] || strchr(blank + 1, ' '))
        return il_fail(e, IL_EFORMAT, "%s/%s: expected two tokens separated by one space", f->folder.data, where);
    *blank = '\0';
    return add_merge(v, f, text, blank + 1, where, e);
}

/* text is split in place. */
static int add_lines(il_vocabulary *v, const il_vocabulary_files *f, char *text, il_err *e)
{
    size_t count = 0;
    int rc = IL_OK;
    for (char *line = text, *next; !rc && line; line = next) {
        next = strchr(line, '\n');
        size_t n = next ? (size_t)(next++ - line) : strlen(line);
        count++;
        while (n > 0 && line[n - 1] == '\r')
            n--;
        line[n] = '\0';
        if (n > 0 && strncmp(line, "#version", 8) != 0)
            rc = add_line(v, f, line, il_name("merges.txt:%zu", count).text, e);
    }
    return rc;
}

static int read_lines(il_vocabulary *v, const il_vocabulary_files *f, il_err *e)
{
    il_text path = il_vocabulary_path(f, "merges.txt");
    if (path.failed || !path.data) {
        il_text_free(&path);
        return il_fail_oom(e);
    }
    char *text = NULL;
    size_t size = 0;
    int rc = il_file_read(&text, &size, path.data, IL_FILE_LIST, e);
    if (!rc && memchr(text, '\0', size))
        rc = il_fail(e, IL_EFORMAT, "%s: contains a NUL byte; expected text", path.data);
    if (!rc)
        rc = add_lines(v, f, text, e);
    free(text);
    il_text_free(&path);
    return rc;
}

/* The merges of tokenizer.json: pairs, or texts with a space. */
static int copy_merges(il_vocabulary *v, const il_vocabulary_files *f, const json_t *merges, il_err *e)
{
    int rc = json_is_array(merges) ? IL_OK : il_vocabulary_wrong(f, f->source, e, "model.merges must be a list");
    for (size_t i = 0; i < json_array_size(merges) && !rc; i++) {
        const json_t *m = json_array_get(merges, i);
        const il_name_buf where = il_name("tokenizer.json: model.merges[%zu]", i);
        const char *left = json_string_value(json_array_get(m, 0)), *right = json_string_value(json_array_get(m, 1));
        if (json_is_string(m)) {
            char *line = il_text_copy(json_string_value(m));
            rc = line ? add_line(v, f, line, where.text, e) : il_fail_oom(e);
            free(line);
        } else if (left && right) {
            rc = add_merge(v, f, left, right, where.text, e);
        } else {
            rc = il_fail(e, IL_EFORMAT, "%s/%s: expected two tokens", f->folder.data, where.text);
        }
    }
    return rc;
}

static int read_merges(il_vocabulary *v, const il_vocabulary_files *f, il_err *e)
{
    int rc = il_bpe_new(&v->merges, e);
    if (rc)
        return rc;
    return f->whole ? copy_merges(v, f, json_object_get(json_object_get(f->whole, "model"), "merges"), e)
                    : read_lines(v, f, e);
}

int il_vocabulary_read(il_vocabulary *out, const char *folder, il_err *e)
{
    il_vocabulary v = { 0 };
    il_vocabulary_files f = { 0 };
    int rc = il_vocabulary_files_open(&f, folder, e);
    if (!rc)
        rc = check_ids(&f, e);
    if (!rc)
        rc = find_letters(&v, &f, e);
    if (!rc)
        rc = read_merges(&v, &f, e);
    if (!rc)
        rc = il_specials_read(&v, &f, e);
    il_vocabulary_files_close(&f);
    if (rc)
        il_vocabulary_clear(&v);
    else
        *out = v;
    return rc;
}
