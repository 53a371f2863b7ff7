/* weights.c - the weight files in a network's folder: single or sharded, with or without variant. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/weights.h>
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "diffusion/weights.h"

/* ---- which files ---- */

/* In order of preference. Old and new versions of diffusers put the variant at different places in the name of the
 * index of shards. */
static const struct form {
    bool pickled, index;
    const char *before, *after; /* STEM before VARIANT after */
} forms[] = {
    { false, false, "", ".safetensors" },           { false, true, ".safetensors.index", ".json" },
    { false, true, ".safetensors", ".index.json" }, { true, false, "", ".bin" },
    { true, true, ".bin.index", ".json" },          { true, true, ".bin", ".index.json" },
};
enum { FORMS = sizeof forms / sizeof *forms };

static char *path_of(const il_weights_spec *w, const struct form *f)
{
    bool varied = w->variant && w->variant[0];
    il_text t = { 0 };
    il_text_add(&t, "%s/%s%s%s%s%s", w->folder, f->pickled ? w->pickled : w->stem, f->before, varied ? "." : "",
                varied ? w->variant : "", f->after);
    if (t.failed)
        il_text_free(&t);
    return t.failed ? NULL : t.data;
}

/* Tells which variants there are instead: mirrors of published folders have some files only in half precision. */
static int no_file(const il_weights_spec *w, il_err *e)
{
    static const char *const variants[] = { "", "fp16", "bf16", "non_ema" };
    char *path = path_of(w, &forms[0]);
    il_text there = { 0 };
    bool failed = !path;
    for (size_t k = 0; k < sizeof variants / sizeof *variants && !failed; k++) {
        il_weights_spec other = *w;
        other.variant = variants[k];
        for (int i = 0; i < FORMS && !failed; i++) {
            char *file = path_of(&other, &forms[i]);
            failed = !file;
            if (file && access(file, F_OK) == 0) {
                il_text_add(&there, "%s%s%s", there.data ? " or " : "; the files that are there need variant: ",
                            *variants[k] ? variants[k] : "\"\"", *variants[k] ? "" : " (none)");
                i = FORMS;
            }
            free(file);
        }
    }
    int rc = failed || there.failed
                 ? il_fail_oom(e)
                 : il_fail(e, IL_EIO, "%s: the file does not exist, nor its shards, nor a .bin in its place%s", path,
                           there.data ? there.data : "");
    il_text_free(&there);
    free(path);
    return rc;
}

/* The first form that exists: *out its path, NULL when there is none; *index whether it lists shards. */
static int try_forms(char **out, bool *index, const il_weights_spec *w, il_err *e)
{
    for (int i = 0; i < FORMS; i++) {
        char *path = path_of(w, &forms[i]);
        if (!path)
            return il_fail_oom(e);
        if (access(path, F_OK) == 0) {
            *out = path;
            *index = forms[i].index;
            return IL_OK;
        }
        free(path);
    }
    return IL_OK;
}

/* Where no variant is asked for and the usual files are not there, those in half precision are taken: the same weights, rounded.
 * Others (non_ema) are other weights. */
static int find_file(char **out, bool *index, const il_weights_spec *w, il_err *e)
{
    static const char *const rounded[] = { "fp16", "bf16" };
    int rc = try_forms(out, index, w, e);
    for (size_t i = 0; i < 2 && !rc && !*out && !(w->variant && w->variant[0]); i++) {
        il_weights_spec other = *w;
        other.variant = rounded[i];
        rc = try_forms(out, index, &other, e);
    }
    return rc || *out ? rc : no_file(w, e);
}

/* ---- one file ---- */

/* State while loading: the il_state, and the names of its tensors that were set. */
struct load {
    il_state *st;
    const il_weights_spec *spec;
    json_t *seen;
};

static bool ignored(const il_weights_spec *w, const char *name)
{
    for (const char *const *p = w->ignored; p && *p; p++)
        if (il_text_match(*p, name))
            return true;
    return false;
}

/* The state's tensor for a name in the file; *own is its name in the state. */
static il_tensor *find_tensor(const struct load *l, const char *name, char *own, size_t size)
{
    snprintf(own, size, "%s", name);
    il_tensor *t = il_state_find(l->st, own);
    for (const il_weights_rename *r = l->spec->renames; !t && r && r->from; r++) {
        const char *at = strstr(name, r->from);
        if (!at)
            continue;
        snprintf(own, size, "%.*s%s%s", (int)(at - name), name, r->to, at + strlen(r->from));
        t = il_state_find(l->st, own);
    }
    if (!t && l->spec->prefix) {
        snprintf(own, size, "%s%s", l->spec->prefix, name);
        t = il_state_find(l->st, own);
    }
    return t;
}

static bool fits(const il_tensor *to, const il_tensor *from)
{
    int n = il_ndim(to) > il_ndim(from) ? il_ndim(to) : il_ndim(from);
    for (int i = 0; i < n; i++)
        if (il_dim(to, i) != il_dim(from, i)) /* 1 past the end */
            return false;
    return true;
}

static void shape_text(char *out, size_t size, const il_tensor *t)
{
    size_t used = (size_t)snprintf(out, size, "(");
    for (int i = 0; i < il_ndim(t) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? "," : "", (long long)il_dim(t, i));
    if (used < size)
        snprintf(out + used, size - used, ")");
}

static int load_tensor(struct load *l, const char *name, const il_tensor *from, il_err *e)
{
    char own[300];
    if (ignored(l->spec, name))
        return IL_OK;
    il_tensor *to = find_tensor(l, name, own, sizeof own);
    if (!to)
        return il_fail(e, IL_EFORMAT, "tensor %.150s: the network %s has no tensor of this name", name,
                       l->spec->folder ? "described by config.json" : "that the others describe");
    if (json_object_get(l->seen, own))
        return il_fail(e, IL_EFORMAT, "tensor %.150s occurs twice", name);
    if (!fits(to, from)) {
        char has[200], wants[200];
        shape_text(has, sizeof has, from);
        shape_text(wants, sizeof wants, to);
        return il_fail(e, IL_EFORMAT, "tensor %.150s has shape %s; expected %s", name, has, wants);
    }
    if (json_object_set_new(l->seen, own, json_true()) != 0)
        return il_fail_oom(e);
    int rc = il_assign(to, from, e);
    return rc ? il_fail_in(e, "tensor %.150s", name) : IL_OK;
}

static int load_file(struct load *l, const char *path, il_err *e)
{
    il_bundle *b = NULL;
    int rc = il_bundle_read(&b, path, e);
    if (rc)
        return rc;
    for (size_t i = 0; i < il_bundle_count(b) && !rc; i++)
        rc = load_tensor(l, il_bundle_name(b, i), il_bundle_at(b, i), e);
    if (rc)
        il_fail_in(e, "%s", path);
    il_bundle_free(b);
    return rc;
}

/* ---- shards ---- */

static int load_shard(struct load *l, const char *index, const char *file, il_err *e)
{
    if (!file || !*file || strchr(file, '/'))
        return il_fail(e, IL_EFORMAT, "%s: 'weight_map' contains %.100s; expected names of files beside it", index,
                       file ? file : "a value that is not a string");
    il_text path = { 0 };
    il_text_add(&path, "%s/%s", l->spec->folder, file);
    int rc = path.failed ? il_fail_oom(e) : load_file(l, path.data, e);
    il_text_free(&path);
    return rc;
}

/* index: {"weight_map": {tensor: file}} */
static int load_shards(struct load *l, const char *index, il_err *e)
{
    json_t *root = NULL, *done = json_object(), *file;
    int rc = done ? il_json_read(&root, index, IL_FILE_LIST, 0, e) : il_fail_oom(e);
    json_t *map = json_object_get(root, "weight_map");
    const char *tensor;
    if (!rc && !json_is_object(map))
        rc = il_fail(e, IL_EFORMAT, "%s: 'weight_map' must be an object of tensor names and their files", index);
    json_object_foreach(map, tensor, file)
    {
        const char *name = json_string_value(file);
        if (rc)
            break;
        if (name && json_object_get(done, name))
            continue;
        rc = load_shard(l, index, name, e);
        if (!rc && json_object_set_new(done, name, json_true()) != 0)
            rc = il_fail_oom(e);
    }
    json_decref(done);
    json_decref(root);
    return rc;
}

static int check_complete(const struct load *l, il_err *e)
{
    for (size_t i = 0; i < il_state_count(l->st); i++) {
        const char *name = il_state_at(l->st, i).name;
        if (!json_object_get(l->seen, name))
            return il_fail(e, IL_EFORMAT, "tensor %s is missing", name);
    }
    return IL_OK;
}

int il_weights_set(il_state *st, il_named *n, const il_weights_rename *renames, il_err *e)
{
    const il_weights_spec w = { .renames = renames };
    struct load l = { st, &w, json_object() };
    int rc = l.seen ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < il_named_count(n) && !rc; i++)
        rc = load_tensor(&l, il_named_at(n, i)->name, il_named_at(n, i)->tensor, e);
    if (!rc)
        rc = check_complete(&l, e);
    json_decref(l.seen);
    return rc;
}

int il_weights_load(il_state *st, il_weights_spec w, il_err *e)
{
    char *path = NULL;
    bool index = false;
    struct load l = { st, &w, json_object() };
    int rc = l.seen ? find_file(&path, &index, &w, e) : il_fail_oom(e);
    if (!rc)
        rc = index ? load_shards(&l, path, e) : load_file(&l, path, e);
    if (!rc && (rc = check_complete(&l, e)) != IL_OK)
        il_fail_in(e, "%s", path);
    json_decref(l.seen);
    free(path);
    return rc;
}

int il_weights_uses(il_uses *out, il_weights_spec w, il_err *e)
{
    char *path = NULL;
    bool index = false;
    json_t *root = NULL, *seen = json_object(), *file;
    const char *tensor;
    int rc = seen ? find_file(&path, &index, &w, e) : il_fail_oom(e);
    if (!rc)
        rc = il_uses_add(out, path, e);
    if (!rc && index && il_json_read(&root, path, IL_FILE_LIST, 0, NULL) == IL_ENOMEM)
        rc = il_fail_oom(e); /* another failure is reported when it is read */
    json_object_foreach(json_object_get(root, "weight_map"), tensor, file)
    {
        const char *name = json_string_value(file);
        il_text shard = { 0 };
        if (rc || !name || strchr(name, '/') || json_object_get(seen, name))
            continue;
        il_text_add(&shard, "%s/%s", w.folder, name);
        if (shard.failed || json_object_set_new(seen, name, json_true()) != 0)
            rc = il_fail_oom(e);
        else
            rc = il_uses_add(out, shard.data, e);
        il_text_free(&shard);
    }
    json_decref(root);
    json_decref(seen);
    free(path);
    return rc;
}
