/* vocabulary_files.c - opens the JSON files of a tokenizer. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/json.h"
#include "diffusion/vocabulary_files.h"

il_text il_vocabulary_path(const il_vocabulary_files *f, const char *name)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/%s", f->folder.data, name);
    return path;
}

static bool present(const il_vocabulary_files *f, const char *name)
{
    il_text path = il_vocabulary_path(f, name);
    bool there = path.data && access(path.data, F_OK) == 0;
    il_text_free(&path);
    return there;
}

int il_vocabulary_wrong(const il_vocabulary_files *f, const char *name, il_err *e, const char *what)
{
    return il_fail(e, IL_EFORMAT, "%s/%s: %s", f->folder.data, name, what);
}

static int read_json(json_t **out, const il_vocabulary_files *f, const char *name, il_err *e)
{
    json_t *j = NULL;
    il_text path = il_vocabulary_path(f, name);
    if (path.failed || !path.data) {
        il_text_free(&path);
        return il_fail_oom(e);
    }
    int rc = il_json_read(&j, path.data, IL_FILE_LIST, 0, e);
    if (!rc && !json_is_object(j))
        rc = il_fail(e, IL_EFORMAT, "%s: must be a JSON object", path.data);
    if (rc)
        json_decref(j);
    else
        *out = j;
    il_text_free(&path);
    return rc;
}

int il_vocabulary_files_open(il_vocabulary_files *f, const char *folder, il_err *e)
{
    il_text_add(&f->folder, "%s", folder);
    if (f->folder.failed || !f->folder.data)
        return il_fail_oom(e);
    const bool whole = !present(f, "vocab.json") && present(f, "tokenizer.json");
    int rc = read_json(whole ? &f->whole : &f->vocab, f, whole ? "tokenizer.json" : "vocab.json", e);
    f->source = whole ? "tokenizer.json" : "vocab.json";
    if (!rc && whole) {
        f->vocab = json_incref(json_object_get(json_object_get(f->whole, "model"), "vocab"));
        if (!json_is_object(f->vocab))
            rc = il_vocabulary_wrong(f, f->source, e, "model.vocab must be an object");
    }
    if (!rc && present(f, "tokenizer_config.json"))
        rc = read_json(&f->config, f, "tokenizer_config.json", e);
    if (!rc && present(f, "special_tokens_map.json"))
        rc = read_json(&f->map, f, "special_tokens_map.json", e);
    return rc;
}

void il_vocabulary_files_close(il_vocabulary_files *f)
{
    json_decref(f->vocab);
    json_decref(f->whole);
    json_decref(f->config);
    json_decref(f->map);
    il_text_free(&f->folder);
    *f = (il_vocabulary_files){ 0 };
}

int32_t il_vocabulary_id(const il_vocabulary_files *f, const char *token)
{
    const json_t *id = json_object_get(f->vocab, token);
    return id ? (int32_t)json_integer_value(id) : -1;
}
