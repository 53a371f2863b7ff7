/* build_state.c - FOLDER/recipe.json, FOLDER/.build/{lock,journal.jsonl} and FOLDER/manifest.jsonl. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/build_seal.h"
#include "base/draft.h"
#include "base/file.h"
#include "base/json.h"
#include "base/network_disk.h"
#include "base/sha256.h"
#include "dataset/build_journal.h"
#include "dataset/build_state.h"

typedef struct place {
    char path[IL_BUILD_STATE_PATH];
} place;

static place in(const il_build_state *s, const char *name)
{
    place p;
    snprintf(p.path, sizeof p.path, "%s/%s", s->folder, name);
    return p;
}

/* ---- identity ---- */

static il_digest photos_digest(const il_photos *photos)
{
    il_text t = { 0 };
    for (size_t i = 0; i < photos->count; i++)
        il_text_add(&t, "%zu:%s %lld %zu:%s\n", strlen(photos->list[i].below), photos->list[i].below,
                    (long long)photos->list[i].size, strlen(photos->list[i].caption), photos->list[i].caption);
    il_digest d = il_sha256(t.data ? t.data : "", t.size);
    il_text_free(&t);
    return d;
}

/* *text: the file's content; *identity: a hash of everything that the images depend on. */
static int describe(char **text, il_digest *identity, const il_recipe *r, const il_photos *photos,
                    const il_digest *digests, il_err *e)
{
    char *config = il_recipe_config(r);
    il_text all = { 0 };
    il_text_add(&all, "%s\n%s\n", config ? config : "", photos_digest(photos).hex);
    size_t n = r->maskers.count + r->inpainters.count + r->reconstructors.count;
    for (size_t i = 0; i < n; i++)
        il_text_add(&all, "%s\n", digests[i].hex);
    *identity = il_sha256(all.data ? all.data : "", all.size);
    json_t *parsed = config ? il_json_loads(config, 0, NULL) : NULL;
    json_t *file = json_pack("{s:s, s:s, s:s, s:s, s:o?}", "recipe", r->name, "title", r->title, "identity",
                             identity->hex, "source", r->source, "config", parsed);
    *text = file && !all.failed ? il_json_text(file, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    json_decref(file);
    il_text_free(&all);
    free(config);
    return *text ? IL_OK : il_fail_oom(e);
}

/* But for the recipe, which another shard may be writing. */
static int is_empty(bool *empty, const char *folder, il_err *e)
{
    il_file_names names = { 0 };
    int rc = il_file_list(&names, folder, e);
    *empty = true;
    for (size_t i = 0; i < names.count; i++)
        *empty = *empty && strncmp(names.list[i], "recipe.json", strlen("recipe.json")) == 0;
    il_file_names_free(&names);
    return rc;
}

/* *none is cleared where the folder, or one below it, holds a file. */
static int find_files(bool *none, const char *folder, int depth, il_err *e)
{
    il_file_names names = { 0 };
    struct stat st;
    if (stat(folder, &st) != 0)
        return IL_OK;
    if (!S_ISDIR(st.st_mode) || depth == 0) {
        *none = false;
        return IL_OK;
    }
    int rc = il_file_list(&names, folder, e);
    for (size_t i = 0; i < names.count && *none && !rc; i++) {
        il_text path = { 0 };
        il_text_add(&path, "%s/%s", folder, names.list[i]);
        rc = path.failed ? il_fail_oom(e) : find_files(none, path.data, depth - 1, e);
        il_text_free(&path);
    }
    il_file_names_free(&names);
    return rc;
}

static bool is_journal(const char *name)
{
    size_t size = strlen(name), end = strlen(".jsonl");
    return strncmp(name, "journal", 7) == 0 && size > end && strcmp(name + size - end, ".jsonl") == 0;
}

/* *none is cleared where a journal, of any shard, holds a line. */
static int find_notes(bool *none, const il_build_state *s, il_err *e)
{
    il_file_names names = { 0 };
    struct stat st;
    place work = in(s, ".build");
    int rc = stat(work.path, &st) == 0 ? il_file_list(&names, work.path, e) : IL_OK;
    for (size_t i = 0; i < names.count && !rc; i++) {
        char *path = is_journal(names.list[i]) ? il_text_path(work.path, names.list[i]) : NULL;
        if (path && stat(path, &st) == 0 && st.st_size > 0)
            *none = false;
        free(path);
    }
    il_file_names_free(&names);
    return rc;
}

/* A build that failed before its first sample leaves its recipe and empty folders only: another may have the folder. */
static int is_unused(bool *unused, const il_build_state *s, il_err *e)
{
    bool none = access(s->manifest, F_OK) != 0;
    int rc = find_notes(&none, s, e);
    for (int i = 0; i < IL_SPLITS && none && !rc; i++)
        rc = find_files(&none, in(s, il_split_names[i]).path, 4, e);
    *unused = none;
    return rc;
}

/* The folder is new, or belongs to the same build. */
static int check(il_build_state *s, const char *text, const il_digest *identity, il_err *e)
{
    place p = in(s, "recipe.json");
    struct stat st;
    if (stat(p.path, &st) != 0) {
        bool empty = false;
        il_draft_sweep(s->folder, "recipe.json"); /* of a build that was killed right here */
        int rc = is_empty(&empty, s->folder, e);
        if (rc)
            return rc;
        if (!empty && s->shard.count && stat(p.path, &st) == 0) /* another shard was faster */
            return check(s, text, identity, e);
        if (!empty)
            return il_fail(e, IL_EDATA, "%s: contains files but no recipe.json of a build; choose a new folder",
                           s->folder);
        return il_atomic_file_write(p.path, text, strlen(text), e);
    }
    json_t *old = NULL;
    int rc = il_json_read(&old, p.path, IL_FILE_SETTINGS, 0, e);
    const char *is = json_string_value(json_object_get(old, "identity"));
    if (!rc && (!is || strcmp(is, identity->hex) != 0)) {
        bool unused = false;
        rc = is_unused(&unused, s, e);
        if (!rc && unused)
            rc = il_atomic_file_write(p.path, text, strlen(text), e);
        else if (!rc)
            rc = il_fail(e, IL_EDATA,
                         "%s: belongs to a build with another recipe, other photos or other "
                         "weights (see recipe.json); choose a new folder or remove it",
                         s->folder);
    }
    json_decref(old);
    return rc;
}

/* ---- journal ---- */

static place journal_of(const il_build_state *s)
{
    char name[60];
    snprintf(name, sizeof name, ".build/journal%s.jsonl", il_build_lock_ending(s->shard).text);
    return in(s, name);
}

/* Its own journal is written anew, without what is damaged or incomplete. */
static int read_own(il_build_state *s, const place *own, il_err *e)
{
    if (access(own->path, F_OK) != 0)
        return IL_OK;
    int rc = il_build_journal_read(&s->done, own->path, e);
    return rc ? rc : il_build_journal_write(&s->done, own->path, e);
}

/* What other shards have recorded, or an earlier build of fewer. One alone takes it into its own journal. */
static int read_others(il_build_state *s, const place *own, il_err *e)
{
    il_file_names names = { 0 };
    place work = in(s, ".build");
    size_t before = s->done.count;
    int rc = il_file_list(&names, work.path, e);
    for (size_t i = 0; i < names.count && !rc; i++) {
        il_manifest others = { 0 };
        char *path = is_journal(names.list[i]) ? il_text_path(work.path, names.list[i]) : NULL;
        if (path && strcmp(path, own->path) != 0)
            rc = il_build_journal_read(&others, path, e);
        for (size_t k = 0; k < others.count && !rc; k++)
            rc = il_manifest_add(&s->done, &others.list[k], e);
        il_manifest_free(&others);
        free(path);
    }
    il_file_names_free(&names);
    if (!rc && !s->shard.count && s->done.count > before)
        rc = il_build_journal_write(&s->done, own->path, e);
    return rc;
}

static int open_journal(il_build_state *s, il_err *e)
{
    place p = journal_of(s);
    int rc = read_own(s, &p, e);
    if (!rc)
        rc = read_others(s, &p, e);
    if (rc)
        return rc;
    s->journal = open(p.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    return s->journal >= 0 ? IL_OK : il_fail(e, IL_EIO, "%s: %s", p.path, strerror(errno));
}

static int take_lock(il_build_state *s, il_err *e)
{
    place work = in(s, ".build");
    int rc = il_file_make_folders(work.path, e);
    return rc ? rc : il_build_lock_take(&s->lock, work.path, s->shard, e);
}

/* The folders of the splits, without temporary files; other shards' may lie there on a disk where locks do not tell. */
static int make_room(const il_build_state *s, const il_recipe *r, il_err *e)
{
    int rc = IL_OK;
    bool sweep = !s->shard.count || !il_network_disk(s->folder);
    for (int i = 0; !rc && i < IL_SPLITS; i++)
        if (r->splits[i] > 0 && (rc = il_file_make_folders(in(s, il_split_names[i]).path, e)) == IL_OK && sweep)
            il_draft_sweep(in(s, il_split_names[i]).path, NULL);
    if (!rc && sweep)
        il_draft_sweep(s->folder, NULL);
    return rc;
}

bool il_build_state_begun(const char *folder)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/recipe.json", folder);
    bool begun = path.data && access(path.data, F_OK) == 0;
    il_text_free(&path);
    return begun;
}

static bool is_working_file(const char *name)
{
    return strncmp(name, "journal", 7) == 0 || strncmp(name, "lock", 4) == 0 || strncmp(name, "claim", 5) == 0;
}

/* What a build needs only until its manifest stands; a build killed right then leaves it behind. */
static void remove_working_files(const il_build_state *s)
{
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    place work = in(s, ".build");
    if (s->shard.count && s->lock.own < 0 && !s->lock.claim)
        return; /* of a finished folder, by one of several: another may be at it */
    il_draft_sweep(work.path, NULL);
    (void)il_file_list(&names, work.path, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        char *path = is_working_file(names.list[i]) ? il_text_path(work.path, names.list[i]) : NULL;
        if (path)
            unlink(path);
        free(path);
    }
    il_file_names_free(&names);
    rmdir(work.path);
}

int il_build_state_open(il_build_state *out, const il_recipe *r, const il_photos *photos, const il_digest *digests,
                        const char *folder, il_build_shard shard, il_err *e)
{
    il_build_state s = { .lock = IL_BUILD_UNLOCKED, .journal = -1, .shard = shard };
    il_digest identity;
    char *text = NULL;
    struct stat st;
    if (snprintf(s.folder, sizeof s.folder, "%s", folder) >= (int)sizeof s.folder)
        return il_fail(e, IL_EUSAGE, "the folder's path is too long");
    snprintf(s.manifest, sizeof s.manifest, "%s", in(&s, "manifest.jsonl").path);
    int rc = describe(&text, &identity, r, photos, digests, e);
    if (!rc)
        rc = il_file_make_folders(s.folder, e);
    if (!rc && (stat(s.manifest, &st) == 0 ? (s.complete = true) : false)) {
        rc = check(&s, text, &identity, e);
        if (!rc)
            rc = il_manifest_of(&s.done, s.folder, e);
        if (!rc)
            remove_working_files(&s);
    } else if (!rc && (rc = take_lock(&s, e)) == IL_OK && (rc = check(&s, text, &identity, e)) == IL_OK &&
               (rc = open_journal(&s, e)) == IL_OK) {
        rc = make_room(&s, r, e);
    }
    free(text);
    if (rc)
        il_build_state_close(&s);
    else
        *out = s;
    return rc;
}

int il_build_state_reopen(il_build_state *s, const il_recipe *r, il_err *e)
{
    int rc = take_lock(s, e);
    if (!rc)
        rc = il_build_journal_write(&s->done, journal_of(s).path, e);
    il_manifest_free(&s->done);
    if (!rc)
        rc = open_journal(s, e);
    if (!rc)
        rc = make_room(s, r, e);
    s->complete = false;
    return rc;
}

int il_build_state_note(il_build_state *s, const il_sample *sample, il_err *e)
{
    return il_build_journal_append(s->journal, journal_of(s).path, sample, e);
}

/* A batch that was interrupted is made and recorded again, with the same result. */
static void drop_repeated(il_manifest *m)
{
    size_t kept = 0;
    il_manifest_sort(m);
    for (size_t i = 0; i < m->count; i++) {
        if (kept && strcmp(m->list[kept - 1].split, m->list[i].split) == 0 &&
            strcmp(m->list[kept - 1].id, m->list[i].id) == 0)
            il_sample_free(&m->list[i]);
        else
            m->list[kept++] = m->list[i];
    }
    m->count = kept;
}

/* recipe.json first: the manifest stands for a finished build. */
static int write_manifest(const il_build_state *s, il_manifest *all, il_err *e)
{
    place recipe = in(s, "recipe.json");
    il_text lines = { 0 };
    char *text = NULL, *sealed = NULL;
    size_t size = 0;
    int rc = il_manifest_text(&lines, all, s->manifest, e);
    if (!rc)
        rc = il_file_read(&text, &size, recipe.path, IL_FILE_SETTINGS, e);
    if (!rc)
        rc = il_build_seal(&sealed, text, lines.data, lines.size, e);
    if (!rc)
        rc = il_atomic_file_write(recipe.path, sealed, strlen(sealed), e);
    if (!rc)
        rc = il_manifest_write(all, s->manifest, e);
    il_text_free(&lines);
    free(sealed);
    free(text);
    return rc;
}

int il_build_state_finish(il_build_state *s, size_t expected, il_err *e)
{
    il_manifest all = { 0 };
    place journal = in(s, ".build/journal.jsonl");
    int rc = il_build_journal_read(&all, journal.path, e);
    if (!rc)
        drop_repeated(&all);
    if (!rc && all.count != expected)
        rc = il_fail(e, IL_EDATA, "%s: lists %zu samples, expected %zu; run the same command again to make the others",
                     journal.path, all.count, expected);
    if (!rc)
        rc = write_manifest(s, &all, e);
    il_manifest_free(&all);
    if (rc)
        return rc;
    remove_working_files(s);
    return IL_OK;
}

void il_build_state_close(il_build_state *s)
{
    il_build_lock_release(&s->lock);
    if (s->journal >= 0)
        close(s->journal);
    il_manifest_free(&s->done);
    s->journal = -1;
}
