/* calibration.c - chooses, measures and keeps the score above which a picture is no longer taken for authentic. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "whole.h"
#include "detect/calibration.h"

const char *il_calibration_name(il_compression c)
{
    static const char *const names[] = { "lossless", "lossy" };
    return names[c];
}

/* ---- choosing ---- */

/* What a picture shows: nothing without a region. */
static double evidence(const il_authentic *a)
{
    return a->marked ? a->score : 0;
}

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static void measure(il_false_alarms *out, double bar, const il_authentic *list, size_t count)
{
    *out = (il_false_alarms){ .pictures = (int64_t)count, .measure = IL_CALIBRATION_MEASURE };
    for (size_t i = 0; i < count; i++) {
        out->alarms += evidence(&list[i]) > bar;
        out->marked += list[i].share;
    }
    if (count)
        out->marked /= (double)count;
}

/* Those of one compression; the caller frees them. */
static il_authentic *those_of(size_t *n, const il_authentic *list, size_t count, il_compression c)
{
    il_authentic *fit = malloc((count + 1) * sizeof *fit);
    *n = 0;
    for (size_t i = 0; fit && i < count; i++)
        if (list[i].compression == c)
            fit[(*n)++] = list[i];
    return fit;
}

int il_calibration_measure(il_bar *out, const il_authentic *list, size_t count, il_compression c, il_err *e)
{
    size_t n;
    il_authentic *fit = those_of(&n, list, count, c);
    if (!fit)
        return il_fail_oom(e);
    *out = (il_bar){ 0 };
    measure(&out->measured, 0, fit, n);
    free(fit);
    return IL_OK;
}

int il_calibration_choose(il_bar *out, const il_authentic *list, size_t count, il_compression c, il_err *e)
{
    size_t n;
    il_authentic *fit = those_of(&n, list, count, c);
    if (!fit)
        return il_fail_oom(e);
    size_t half = n / 2;
    double *scores = malloc((half + 1) * sizeof *scores);
    int rc = !scores ? il_fail_oom(e) : n < IL_CALIBRATION_PICTURES ? il_calibration_measure(out, list, count, c, e) : IL_OK;
    if (rc == IL_OK && n >= IL_CALIBRATION_PICTURES) {
        for (size_t i = 0; i < half; i++)
            scores[i] = evidence(&fit[i]);
        qsort(scores, half, sizeof *scores, falling);
        il_bar bar = { .chosen_on = (int64_t)half, .score = scores[(size_t)(IL_CALIBRATION_RATE * (double)half)] };
        measure(&bar.measured, bar.score, fit + half, n - half);
        *out = bar;
    }
    free(scores);
    free(fit);
    return rc;
}

/* ---- judging ---- */

il_verdict il_calibration_judge(const il_calibration *k, il_verdict marks, double score, il_compression c)
{
    const il_bar *bar = &k->bars[c];
    if (k->none)
        return marks;
    if (!bar->chosen_on)
        return c == IL_LOSSY ? IL_VERDICT_UNCERTAIN : marks;
    if (marks == IL_VERDICT_NOTHING || score > bar->score)
        return marks;
    return bar->score < 1 ? IL_VERDICT_NOTHING : IL_VERDICT_UNCERTAIN; /* 1: authentic ones score as high as can be */
}

/* ---- the file ---- */

enum { DIGITS = 17 };

static json_t *json_of_bar(const il_bar *b)
{
    return json_pack("{s:I, s:f, s:I, s:I, s:f}", "chosen_on", (json_int_t)b->chosen_on, "score_above", b->score,
                     "measured_on", (json_int_t)b->measured.pictures, "false_alarms", (json_int_t)b->measured.alarms,
                     "mean_share_marked", b->measured.marked);
}

static json_t *json_of_owner(il_calibration_of of)
{
    return json_pack("{s:s, s:i, s:i, s:f, s:f}", "weights_sha256", of.weights_sha256, "tile", of.tile, "overlap", of.overlap,
                     "threshold", of.threshold, "least_region", of.least);
}

int il_calibration_write(const il_calibration *k, const char *path, il_calibration_of of, il_err *e)
{
    json_t *root = json_object();
    json_object_set_new(root, "of", json_of_owner(of));
    for (int c = 0; c < IL_COMPRESSIONS; c++)
        if (k->bars[c].measured.pictures)
            json_object_set_new(root, il_calibration_name((il_compression)c), json_of_bar(&k->bars[c]));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(DIGITS));
    json_decref(root);
    int rc = text ? il_whole_write(path, text, strlen(text), e) : il_fail_oom(e);
    free(text);
    return rc;
}

static bool read_bar(il_bar *out, const json_t *o)
{
    json_int_t chosen, measured, alarms;
    double score, marked;
    if (json_unpack((json_t *)o, "{s:I, s:F, s:I, s:I, s:F}", "chosen_on", &chosen, "score_above", &score, "measured_on",
                    &measured, "false_alarms", &alarms, "mean_share_marked", &marked) != 0)
        return false;
    if (chosen < 0 || measured < 1 || alarms < 0 || alarms > measured || !(score >= 0 && score <= 1) ||
        !(marked >= 0 && marked <= 1))
        return false;
    *out = (il_bar){ chosen, score, { measured, alarms, marked, IL_CALIBRATION_MEASURE } };
    return true;
}

int il_calibration_read(il_calibration *k, bool *fits, const char *path, il_calibration_of of, il_err *e)
{
    json_error_t why;
    il_calibration read = *k;
    *fits = true;
    if (access(path, F_OK) != 0)
        return errno == ENOENT ? IL_OK : il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why), *owner = json_of_owner(of);
    int rc = root && owner ? IL_OK : il_fail(e, IL_EFORMAT, "%s:%d: %s", path, why.line, why.text);
    const json_t *of_file = json_object_get(root, "of");
    if (rc == IL_OK && !of_file)
        rc = il_fail(e, IL_EFORMAT, "%s: is no calibration; 'inpaintlab detect --calibrate FOLDER' makes one", path);
    for (int c = 0; c < IL_COMPRESSIONS && rc == IL_OK; c++) {
        const json_t *bar = json_object_get(root, il_calibration_name((il_compression)c));
        if (bar && !read_bar(&read.bars[c], bar))
            rc = il_fail(e, IL_EFORMAT, "%s: '%s' is damaged; make it anew with 'inpaintlab detect --calibrate FOLDER'", path,
                         il_calibration_name((il_compression)c));
    }
    if (rc == IL_OK && json_equal(of_file, owner))
        *k = read;
    else
        *fits = false;
    json_decref(owner);
    json_decref(root);
    return rc;
}
