/* check_across.c - equal and similar images in different splits. */
#include <stdlib.h>
#include <string.h>
#include "dataset/check.h"
#include "image/perceptual_hash.h"

enum { NAMED = 10 /* of a group's samples */ };
static const size_t most_pairs = 1000000;

static const char *digest_of(const il_check *c, size_t i)
{
    const il_sample_stats *m = &c->measures[i];
    return m->look_kind >= 0 ? m->sha256[m->look_kind].hex : "";
}

static int split_of(const il_check *c, size_t i)
{
    return c->listing.list[i].split;
}

/* ---- equal files ---- */

struct print {
    const char *digest;
    size_t index;
};

static int by_digest(const void *a, const void *b)
{
    const struct print *x = a, *y = b;
    int order = strcmp(x->digest, y->digest);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Samples with the same image, by split and id. */
static int tell_group(il_check *c, const struct print *group, size_t n, il_err *e)
{
    il_text others = { 0 };
    size_t first = group[0].index;
    if (split_of(c, first) == split_of(c, group[n - 1].index))
        return IL_OK;
    for (size_t i = 1; i < n && i <= NAMED; i++) {
        char *name = il_listing_name(&c->listing, group[i].index);
        others.failed = others.failed || !name;
        if (name)
            il_text_add(&others, "%s%s", i > 1 ? ", " : "", name);
        free(name);
    }
    if (n > NAMED + 1)
        il_text_add(&others, " and %zu more", n - NAMED - 1);
    char *name = il_listing_name(&c->listing, first);
    int rc = others.failed || !name ? il_fail_oom(e)
                                    : il_findings_add(&c->findings, IL_FOUND_DUPLICATES, e, name, "same %s file as %s",
                                                      il_picture_kinds[c->measures[first].look_kind], others.data);
    free(name);
    il_text_free(&others);
    return rc;
}

static int find_equal(il_check *c, il_err *e)
{
    size_t n = 0;
    struct print *prints = malloc((c->listing.count + 1) * sizeof *prints);
    int rc = prints ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < c->listing.count && !rc; i++)
        if (*digest_of(c, i))
            prints[n++] = (struct print){ digest_of(c, i), i };
    if (n)
        qsort(prints, n, sizeof *prints, by_digest);
    for (size_t i = 0, end; i < n && !rc; i = end) {
        for (end = i + 1; end < n && strcmp(prints[end].digest, prints[i].digest) == 0; end++)
            ;
        if (end > i + 1)
            rc = tell_group(c, prints + i, end - i, e);
    }
    free(prints);
    return rc;
}

/* ---- similar images ---- */

static int tell_pair(il_check *c, size_t a, size_t b, int distance, il_err *e)
{
    char *name = il_listing_name(&c->listing, a), *other = il_listing_name(&c->listing, b);
    int rc = !name || !other ? il_fail_oom(e)
                             : il_findings_add(&c->findings, IL_FOUND_NEAR, e, name,
                                               "looks like %s (%d of 64 bits differ)", other, distance);
    free(name);
    free(other);
    return rc;
}

/* looks[i] belongs to sample of[i]. Equal files were reported before. */
static int tell_pairs(il_check *c, const uint64_t *looks, const size_t *of, size_t n, il_err *e)
{
    il_perceptual_hash_pair *pairs = NULL;
    size_t count = 0;
    int more = 0;
    int rc = il_perceptual_hash_pairs(&pairs, &count, &more, looks, n, IL_TWINS_NEAR, most_pairs, e);
    for (size_t i = 0; i < count && !rc; i++) {
        size_t a = of[pairs[i].a], b = of[pairs[i].b];
        if (split_of(c, a) != split_of(c, b) && strcmp(digest_of(c, a), digest_of(c, b)) != 0)
            rc = tell_pair(c, a, b, pairs[i].distance, e);
    }
    if (!rc && more)
        rc = il_findings_add(&c->findings, IL_FOUND_NEAR, e, c->opts.path,
                             "more than %zu pairs look alike (pairs within a split included); the others "
                             "were not compared",
                             most_pairs);
    free(pairs);
    return rc;
}

static int find_similar(il_check *c, il_err *e)
{
    size_t n = 0;
    uint64_t *looks = malloc((c->listing.count + 1) * sizeof *looks);
    size_t *of = malloc((c->listing.count + 1) * sizeof *of);
    int rc = looks && of ? IL_OK : il_fail_oom(e);
    for (size_t i = 0; i < c->listing.count && !rc; i++)
        if (c->measures[i].has_look) {
            looks[n] = c->measures[i].look;
            of[n++] = i;
        }
    if (!rc)
        rc = tell_pairs(c, looks, of, n, e);
    free(looks);
    free(of);
    return rc;
}

int il_check_across(il_check *c, il_err *e)
{
    int rc = find_equal(c, e);
    return rc ? rc : find_similar(c, e);
}
