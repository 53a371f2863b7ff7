/* check_manifest.c - compares the manifest with the files, and finds photos used in two splits. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dataset/check.h"

enum { NAMED = 3 /* of a photo's samples in one split */ };

/* ---- lines against files ---- */

static int check_files(il_check *c, size_t i, const il_sample *line, const char *name, il_err *e)
{
    const il_sample_stats *m = &c->measures[i];
    int rc = IL_OK;
    for (int k = 0; k < IL_PICTURE_KINDS && !rc; k++) {
        bool there = c->listing.list[i].path[k] != NULL;
        const char *kind = il_picture_kinds[k], *expected = line->sha256[k];
        if (there && !expected)
            rc = il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, name,
                                 "its manifest line does not list "
                                 "the %s file",
                                 kind);
        else if (!there && expected)
            rc = il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, name, "its manifest line lists a missing %s file",
                                 kind);
        else if (there && *m->sha256[k].hex && strcmp(m->sha256[k].hex, expected) != 0)
            rc = il_findings_add(&c->findings, IL_FOUND_HASHES, e, name,
                                 "%s: the file changed since the manifest was written", kind);
    }
    return rc;
}

static int check_listed(il_check *c, il_err *e)
{
    int rc = IL_OK;
    for (size_t i = 0; i < c->listing.count && !rc; i++) {
        const il_listed *s = &c->listing.list[i];
        char *name = il_listing_name(&c->listing, i);
        const il_sample *line = il_manifest_find(&c->manifest, il_listing_groups[s->split], s->id);
        if (!name)
            rc = il_fail_oom(e);
        else if (line)
            rc = check_files(c, i, line, name, e);
        else
            rc = il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, name, "has no line in the manifest");
        free(name);
    }
    return rc;
}

/* Both lists are by split and id, so they are walked side by side. */
static int check_lines(il_check *c, il_err *e)
{
    size_t at = 0;
    int rc = IL_OK;
    for (size_t i = 0; i < c->manifest.count && !rc; i++) {
        const il_sample *line = &c->manifest.list[i];
        il_text name = { 0 };
        il_text_add(&name, "%s/%s", line->split, line->id);
        if (name.failed)
            return il_fail_oom(e);
        int split = 0;
        while (strcmp(il_listing_groups[split], line->split) != 0)
            split++;
        const il_listed *list = c->listing.list;
        while (at < c->listing.count &&
               (list[at].split < split || (list[at].split == split && strcmp(list[at].id, line->id) < 0)))
            at++;
        bool found = at < c->listing.count && list[at].split == split && strcmp(list[at].id, line->id) == 0;
        if (!found)
            rc = il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, name.data,
                                 "is listed in the manifest but has "
                                 "no files");
        if (!rc && i && strcmp(line->split, line[-1].split) == 0 && strcmp(line->id, line[-1].id) == 0)
            rc = il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, name.data, "has more than one manifest line");
        il_text_free(&name);
    }
    return rc;
}

/* ---- leaks ---- */

static const char *photo_of(const il_sample *s)
{
    return s->photo_sha256 ? s->photo_sha256 : s->photo;
}

/* A manifest line that names its photo. */
struct shown {
    const il_sample *line;
    size_t number;
};

static int by_photo(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    int order = strcmp(photo_of(x->line), photo_of(y->line));
    return order ? order : (x->number > y->number) - (x->number < y->number); /* then by split and id */
}

/* "train (a, b, c and 2 more), test (d)" */
static void add_splits(il_text *t, const struct shown *group, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && strcmp(group[end].line->split, group[i].line->split) == 0; end++)
            ;
        il_text_add(t, "%s%s (", i ? ", " : "", group[i].line->split);
        for (size_t k = i; k < end && k < i + NAMED; k++)
            il_text_add(t, "%s%s", k > i ? ", " : "", group[k].line->id);
        if (end - i > NAMED)
            il_text_add(t, " and %zu more", end - i - NAMED);
        il_text_add(t, ")");
    }
}

static int tell_leak(il_check *c, const struct shown *group, size_t n, il_err *e)
{
    il_text where = { 0 };
    const char *photo = group[0].line->photo;
    if (strcmp(group[0].line->split, group[n - 1].line->split) == 0)
        return IL_OK;
    add_splits(&where, group, n);
    int rc = where.failed ? il_fail_oom(e)
                          : il_findings_add(&c->findings, IL_FOUND_LEAKS, e, photo ? photo : photo_of(group[0].line),
                                            "in %s", where.data);
    il_text_free(&where);
    return rc;
}

static int find_leaks(il_check *c, il_err *e)
{
    size_t n = 0;
    struct shown *list = malloc((c->manifest.count + 1) * sizeof *list);
    int rc = list ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < c->manifest.count && !rc; i++)
        if (photo_of(&c->manifest.list[i]))
            list[n++] = (struct shown){ &c->manifest.list[i], i };
    if (n)
        qsort(list, n, sizeof *list, by_photo);
    for (size_t i = 0, end; i < n && !rc; i = end) {
        for (end = i + 1; end < n && strcmp(photo_of(list[end].line), photo_of(list[i].line)) == 0; end++)
            ;
        rc = tell_leak(c, list + i, end - i, e);
    }
    free(list);
    return rc;
}

/* Its lines are compared with the files all the same. */
static int check_seal(il_check *c, il_err *e)
{
    il_err why = { 0 };
    int rc = il_manifest_check(&c->sealed, c->listing.root, &why);
    if (rc == IL_ENOMEM)
        return il_fail_oom(e);
    return rc ? il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, "manifest.jsonl", "%s", why.message) : IL_OK;
}

int il_check_manifest(il_check *c, il_err *e)
{
    il_text path = { 0 };
    struct stat st;
    il_err why = { 0 };
    if (c->listing.layout != IL_LAYOUT_SPLITS)
        return IL_OK;
    il_text_add(&path, "%s/manifest.jsonl", c->listing.root);
    if (path.failed)
        return il_fail_oom(e);
    c->has_manifest = stat(path.data, &st) == 0;
    int rc = c->has_manifest ? il_manifest_read(&c->manifest, path.data, 1, &why) : IL_OK;
    if (!c->has_manifest || rc) {
        if (rc)
            rc = rc == IL_ENOMEM
                     ? il_fail_oom(e)
                     : il_findings_add(&c->findings, IL_FOUND_MANIFEST, e, "manifest.jsonl", "%s", why.message);
        il_text_free(&path);
        return rc;
    }
    rc = check_seal(c, e);
    il_text_free(&path);
    il_manifest_sort(&c->manifest);
    if (!rc)
        rc = check_listed(c, e);
    if (!rc)
        rc = check_lines(c, e);
    return rc ? rc : find_leaks(c, e);
}
