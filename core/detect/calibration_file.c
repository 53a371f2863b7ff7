/* calibration_file.c - reads and writes the calibration beside the weights, and copies it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "detect/calibration.h"
#include "store/run_files.h"

enum { DIGITS = 17 };

/* ---- to JSON ---- */

static json_t *json_of_bar(const il_threshold *b)
{
    return json_pack("{s:I, s:f, s:I, s:I, s:I, s:f}", "chosen_on", (json_int_t)b->chosen_on, "score_above", b->score,
                     "measured_on", (json_int_t)b->measured.pictures, "measured_pixels", (json_int_t)b->measured.pixels,
                     "false_alarms", (json_int_t)b->measured.alarms, "mean_share_marked", b->measured.marked);
}

static json_t *json_of_owner(il_calibration_of of)
{
    return json_pack("{s:s, s:i, s:i, s:f, s:i, s:s}", "weights_sha256", of.weights_sha256, "tile", of.tile, "overlap",
                     of.overlap, "threshold", of.threshold, "least_pixels", of.least, "score", IL_VERDICT_CONVENTION);
}

static json_t *json_of_tested(const il_tested *t)
{
    json_t *o = json_object();
    if (isfinite(t->iou))
        json_object_set_new(o, "iou", json_real(t->iou));
    if (t->alarms.pictures)
        json_object_set_new(o, "authentic",
                            json_pack("{s:I, s:I, s:I, s:f}", "pictures", (json_int_t)t->alarms.pictures, "pixels",
                                      (json_int_t)t->alarms.pixels, "false_alarms", (json_int_t)t->alarms.alarms,
                                      "mean_share_marked", t->alarms.marked));
    return o;
}

/* All since il_json_begin belongs to it. */
static int write_root(json_t *root, const char *path, il_err *e)
{
    il_digest digest;
    if (!il_json_short() && il_json_digest(&digest, root))
        json_object_set_new(root, "sha256", json_string(digest.hex));
    else
        il_json_lacks();
    char *text = il_json_short()
                     ? NULL
                     : il_json_text(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(DIGITS));
    int rc = text ? il_atomic_file_write(path, text, strlen(text), e) : il_fail_oom(e);
    free(text);
    return rc;
}

int il_calibration_write(const il_calibration *k, const il_tested *t, const char *path, il_calibration_of of, il_err *e)
{
    il_json_begin();
    json_t *root = json_object();
    json_object_set_new(root, "of", json_of_owner(of));
    json_object_set_new(root, "tested", json_of_tested(t));
    for (int c = 0; c < IL_COMPRESSIONS; c++)
        if (k->bars[c].measured.pictures)
            json_object_set_new(root, il_calibration_name((il_compression)c), json_of_bar(&k->bars[c]));
    int rc = write_root(root, path, e);
    json_decref(root);
    return rc;
}

/* ---- from JSON ---- */

static bool read_bar(il_threshold *out, const json_t *o)
{
    json_int_t chosen, measured, pixels, alarms;
    double score, marked;
    if (json_unpack((json_t *)o, "{s:I, s:F, s:I, s:I, s:I, s:F}", "chosen_on", &chosen, "score_above", &score,
                    "measured_on", &measured, "measured_pixels", &pixels, "false_alarms", &alarms, "mean_share_marked",
                    &marked) != 0)
        return false;
    if (chosen < 0 || pixels < measured || measured < 1 || alarms < 0 || alarms > measured ||
        !(score >= 0 && score <= 1) || !(marked >= 0 && marked <= 1))
        return false;
    *out = (il_threshold){ chosen, score, { measured, alarms, pixels, marked, IL_CALIBRATION_MEASURE } };
    return true;
}

static bool read_tested(il_tested *out, const json_t *o)
{
    const json_t *iou = json_object_get(o, "iou"), *authentic = json_object_get(o, "authentic");
    il_tested t = { NAN, { .measure = IL_CALIBRATION_TESTS } };
    json_int_t pictures = 0, alarms = 0, pixels = 0;
    if (!json_is_object(o) || (iou && !json_is_number(iou)))
        return false;
    if (iou)
        t.iou = json_number_value(iou);
    if (authentic && json_unpack((json_t *)authentic, "{s:I, s?I, s:I, s:F}", "pictures", &pictures, "pixels", &pixels,
                                 "false_alarms", &alarms, "mean_share_marked", &t.alarms.marked) != 0)
        return false;
    if (alarms < 0 || alarms > pictures || pixels < 0)
        return false;
    if (pixels) { /* earlier versions counted by a share of the picture, and did not note how large it was */
        t.alarms.pictures = pictures;
        t.alarms.alarms = alarms;
        t.alarms.pixels = pixels;
    } else {
        t.alarms.marked = 0;
    }
    *out = t;
    return true;
}

/* Files of earlier versions have no SHA-256. */
static int check(const json_t *root, const char *path, il_err *e)
{
    il_digest digest;
    const json_t *noted = json_object_get(root, "sha256");
    if (!json_is_object(json_object_get(root, "of")))
        return il_fail(e, IL_EFORMAT, "%s: is not a calibration; 'inpaintlab detect --calibrate FOLDER' makes one",
                       path);
    if (!noted)
        return IL_OK;
    if (!il_json_digest(&digest, root))
        return il_fail_oom(e);
    return json_is_string(noted) && strcmp(json_string_value(noted), digest.hex) == 0
               ? IL_OK
               : il_fail(e, IL_EFORMAT,
                         "%s: has changed since it was written; repeat 'inpaintlab detect --calibrate FOLDER'", path);
}

static int parse(json_t **root, const char *path, il_err *e)
{
    json_t *o = NULL;
    if (access(path, F_OK) != 0)
        return errno == ENOENT ? IL_OK : il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    int rc = il_json_read(&o, path, IL_FILE_SETTINGS, JSON_REJECT_DUPLICATES, e);
    if (rc)
        return rc;
    *root = o;
    return IL_OK;
}

/* *root stays NULL when there is no file. */
static int load(json_t **root, const char *path, il_err *e)
{
    json_t *o = NULL;
    int rc = parse(&o, path, e);
    if (!rc && o)
        rc = check(o, path, e);
    if (rc)
        json_decref(o);
    else
        *root = o;
    return rc;
}

/* json_unpack allocates, too. */
static int fail_damaged(const char *path, const char *part, il_err *e)
{
    if (il_json_short())
        return il_fail_oom(e);
    return il_fail(e, IL_EFORMAT, "%s: '%s' is damaged; repeat 'inpaintlab detect --calibrate FOLDER'", path, part);
}

static bool is_of(const json_t *root, const char *sha256)
{
    const char *found = json_string_value(json_object_get(json_object_get(root, "of"), "weights_sha256"));
    return found && strcmp(found, sha256) == 0;
}

/* IL_ENOMEM when it cannot be told. */
static int compare_owner(bool *same, const json_t *root, il_calibration_of of, il_err *e)
{
    il_json_begin();
    json_t *owner = json_of_owner(of);
    *same = json_equal(json_object_get(root, "of"), owner);
    json_decref(owner);
    return il_json_short() ? il_fail_oom(e) : IL_OK;
}

/* Whether the scores in it are those of another version; false when it holds none. */
static bool is_old(const json_t *root)
{
    const char *score = json_string_value(json_object_get(json_object_get(root, "of"), "score"));
    bool bars = false;
    for (int c = 0; c < IL_COMPRESSIONS; c++)
        bars = bars || json_object_get(root, il_calibration_name((il_compression)c));
    return bars && !(score && strcmp(score, IL_VERDICT_CONVENTION) == 0);
}

static int read_bars(il_calibration *k, il_calibration_fit *fit, const json_t *root, const char *path,
                     il_calibration_of of, il_err *e)
{
    il_calibration read = *k;
    bool bars = false, same = false;
    for (int c = 0; c < IL_COMPRESSIONS; c++) {
        const json_t *bar = json_object_get(root, il_calibration_name((il_compression)c));
        bars = bars || bar;
        if (bar && !read_bar(&read.bars[c], bar))
            return fail_damaged(path, il_calibration_name((il_compression)c), e);
    }
    int rc = compare_owner(&same, root, of, e);
    if (rc)
        return rc;
    if (same)
        *k = read;
    *fit = same || !bars ? IL_CALIBRATION_FITS : IL_CALIBRATION_OTHER;
    return IL_OK;
}

static int read_root(il_calibration *k, il_tested *t, il_calibration_fit *fit, const json_t *root, const char *path,
                     il_calibration_of of, il_err *e)
{
    il_tested tests = *t;
    const json_t *tested = json_object_get(root, "tested");
    bool mine = is_of(root, of.weights_sha256), old = is_old(root);
    il_json_begin();
    if (tested && !read_tested(&tests, tested))
        return fail_damaged(path, "tested", e);
    int rc = old ? IL_OK : read_bars(k, fit, root, path, of, e);
    if (rc)
        return rc;
    if (old) {
        *fit = mine ? IL_CALIBRATION_OLD : IL_CALIBRATION_OTHER;
        k->old = mine;
    }
    if (mine)
        *t = tests;
    return IL_OK;
}

int il_calibration_read(il_calibration *k, il_tested *t, il_calibration_fit *fit, const char *path,
                        il_calibration_of of, il_err *e)
{
    json_t *root = NULL;
    int rc = load(&root, path, e);
    *fit = IL_CALIBRATION_FITS;
    if (!rc && root)
        rc = read_root(k, t, fit, root, path, of, e);
    json_decref(root);
    return rc;
}

/* ---- beside a copy ---- */

int il_calibration_path(il_text *path, const char *weights, il_err *e)
{
    il_text_add(path, "%s" IL_RUN_CALIBRATION, weights);
    return path->failed ? il_fail_oom(e) : IL_OK;
}

/* A different calibration of the same weights stays: the user may have made it with images of their own, or changed it.
 * One of another version is of no use any more. */
static int check_target(const json_t *root, const char *path, const char *sha256, il_err *e)
{
    json_t *there = NULL;
    il_err why = { 0 };
    int rc = parse(&there, path, &why) == IL_ENOMEM ? il_fail_oom(e) : IL_OK;
    bool same = there && is_of(there, sha256) && !is_old(there);
    for (int c = 0; c < IL_COMPRESSIONS && same && !rc; c++) {
        const char *name = il_calibration_name((il_compression)c);
        const json_t *bar = json_object_get(there, name);
        if (bar && !json_equal(bar, json_object_get(root, name)))
            rc = il_fail(e, IL_EDATA,
                         "%s: is a different calibration of these weights and is kept; move it away to "
                         "copy the other one",
                         path);
    }
    json_decref(there);
    return rc;
}

int il_calibration_carry(bool *done, const char *from_weights, const char *from_sha256, const char *to_weights,
                         const char *to_sha256, const il_tested *t, il_err *e)
{
    il_text from = { 0 }, to = { 0 };
    json_t *root = NULL;
    bool tested = isfinite(t->iou) || t->alarms.pictures;
    int rc = il_calibration_path(&from, from_weights, e);
    *done = false;
    if (!rc)
        rc = il_calibration_path(&to, to_weights, e);
    if (!rc)
        rc = load(&root, from.data, e);
    if (rc || (root ? !is_of(root, from_sha256) : !tested))
        goto done;
    il_json_begin();
    if (!root)
        root = json_pack("{s:{}}", "of");
    json_object_set_new(json_object_get(root, "of"), "weights_sha256", json_string(to_sha256));
    if (tested)
        json_object_set_new(root, "tested", json_of_tested(t));
    rc = check_target(root, to.data, to_sha256, e);
    if (!rc)
        rc = write_root(root, to.data, e);
    *done = !rc;
done:
    json_decref(root);
    il_text_free(&to);
    il_text_free(&from);
    return rc;
}
