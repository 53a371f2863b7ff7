/* check_json.c - a check's result as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/utf8.h"
#include "dataset/check.h"

/* Every json_*_set_new here takes its value and fails for NULL, so one missing piece makes the whole fail. */
static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value);
}

static json_t *plain(const char *text)
{
    char *copy = il_text_copy(text);
    if (copy)
        il_utf8_make_plain(copy);
    json_t *value = copy ? json_string(copy) : NULL;
    free(copy);
    return value;
}

static json_t *samples(const il_check *c)
{
    json_t *all = json_object();
    int bad = !all;
    for (int s = 0; s < IL_LISTING_GROUPS && !bad; s++) {
        if (!c->samples[s] && c->published[s] < 0)
            continue;
        json_t *split = json_object();
        bad |= put(split, "samples", json_integer((json_int_t)c->samples[s]));
        for (int k = 0; k < IL_PICTURE_KINDS && !bad; k++)
            bad |= c->has[k] && put(split, il_picture_kinds[k], json_integer((json_int_t)c->files[s][k]));
        if (c->published[s] >= 0) {
            bad |= put(split, "counted", json_integer(c->counted[s]));
            bad |= put(split, "published", json_integer(c->published[s]));
        }
        bad |= put(all, il_listing_groups[s], split);
    }
    if (!bad)
        return all;
    json_decref(all);
    return NULL;
}

static json_t *sizes(const il_check *c)
{
    json_t *list = json_array();
    int bad = !list;
    for (size_t i = 0; i < c->size_count && !bad; i++)
        bad |= json_array_append_new(list, json_pack("{s:i, s:i, s:I}", "width", c->sizes[i].width, "height",
                                                     c->sizes[i].height, "files", (json_int_t)c->sizes[i].count));
    if (!bad)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *share(il_check_share s)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "min", s.least, "median", s.median, "mean", s.mean, "max", s.most);
}

static json_t *masks(const il_check *c)
{
    if (!c->masks)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "read", (json_int_t)c->masks, "blurred", (json_int_t)c->blurred,
                     "reach_255", (json_int_t)c->touching_255, "area", share(c->area), "core", share(c->core));
}

static json_t *findings(const il_check *c, int first, int end)
{
    json_t *all = json_object();
    int bad = !all;
    for (int t = first; t < end && !bad; t++) {
        json_t *list = json_array();
        for (size_t i = 0; i < c->findings.of[t].count && !bad; i++)
            bad |= json_array_append_new(list, json_pack("{s:s, s:s}", "where", c->findings.of[t].list[i].where, "what",
                                                         c->findings.of[t].list[i].what));
        bad |= put(all, il_findings_titles[t].key, list);
    }
    if (!bad)
        return all;
    json_decref(all);
    return NULL;
}

static json_t *whole(const il_check *c)
{
    static const char *const layouts[] = { "splits", "pairs", "list" };
    json_t *root = json_object();
    size_t problems = il_findings_problems(&c->findings);
    int bad = !root;
    bad |= put(root, "path", plain(c->opts.path));
    bad |= put(root, "layout", json_string(layouts[c->listing.layout]));
    bad |= put(root, "as", c->opts.as ? plain(c->opts.as) : json_null());
    bad |= put(root, "fast", json_boolean(c->opts.fast));
    bad |= put(root, "good", json_boolean(problems == 0));
    bad |= put(root, "problem_count", json_integer((json_int_t)problems));
    bad |= put(root, "warning_count", json_integer((json_int_t)il_findings_warnings(&c->findings)));
    bad |= put(root, "samples", samples(c));
    bad |= put(root, "sizes", sizes(c));
    bad |= put(root, "masks", masks(c));
    bad |= put(root, "manifest_lines", c->has_manifest ? json_integer((json_int_t)c->manifest.count) : json_null());
    bad |= put(root, "manifest_sealed", c->has_manifest ? json_boolean(c->sealed) : json_null());
    bad |= put(root, "problems", findings(c, 0, IL_FOUND_PROBLEMS));
    bad |= put(root, "warnings", findings(c, IL_FOUND_PROBLEMS, IL_FOUND_TYPES));
    if (!bad)
        return root;
    json_decref(root);
    return NULL;
}

int il_check_json(FILE *to, const il_check *c, il_err *e)
{
    json_t *root = whole(c);
    char *text = root ? il_json_text(root, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    int rc = text ? IL_OK : il_fail_oom(e);
    if (text && (fputs(text, to) < 0 || fputc('\n', to) == EOF))
        rc = il_fail(e, IL_EIO, "cannot write the check: %s", strerror(errno));
    free(text);
    json_decref(root);
    return rc;
}
