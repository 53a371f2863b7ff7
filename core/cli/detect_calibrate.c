/* detect_calibrate.c - measures a detector on authentic images, and stores the calibration beside its weights. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "cli/detect.h"
#include "dataset/manifest.h"
#include "detect/input_image.h"
#include "detect/input_list.h"
#include "plugin/made_by.h"
#include "store/run_files.h"

static il_calibration_of owner(const il_detector *d, const il_detect_line *line)
{
    return (il_calibration_of){ .weights_sha256 = d->card.sha256,
                                .tile = line->how.tile,
                                .overlap = line->how.overlap,
                                .threshold = line->how.threshold,
                                .least = line->how.least };
}

/* Says why the calibration in the file is not used; an error where it would have to be replaced. */
static int tell_unfit(il_calibration_fit fit, const char *path, const il_detect_line *line, il_err *e)
{
    if (fit == IL_CALIBRATION_OTHER && line->calibrate && !line->replace)
        return il_fail(e, IL_EUSAGE, "%s: is for other weights or settings; use --replace to replace it", path);
    if (line->quiet || line->calibrate)
        return IL_OK;
    if (fit == IL_CALIBRATION_OLD)
        fprintf(stderr,
                "inpaintlab: warning: %s: was made by another version, which computed other scores; verdicts are "
                "uncertain until 'inpaintlab detect --calibrate FOLDER' is repeated\n",
                path);
    else
        fprintf(stderr, "inpaintlab: warning: %s: is for other weights or settings; not used\n", path);
    return IL_OK;
}

int il_detect_calibration_load(il_detector *d, const il_detect_line *line, il_err *e)
{
    il_text path = { 0 };
    il_calibration_fit fit = IL_CALIBRATION_FITS;
    il_calibration unused = { 0 };
    il_tested known = { .iou = NAN };
    int rc = il_calibration_path(&path, d->card.weights, e);
    if (!rc)
        rc = il_calibration_read(line->by_marks ? &unused : &d->calibration, d->card.run ? &known : &d->card.tested,
                                 &fit, path.data, owner(d, line), e);
    if (rc == IL_EFORMAT && (line->calibrate || line->by_marks))
        rc = IL_OK; /* a damaged one is replaced */
    if (!rc && fit != IL_CALIBRATION_FITS && !line->by_marks)
        rc = tell_unfit(fit, path.data, line, e);
    il_text_free(&path);
    return rc;
}

/* ---- images ---- */

struct sitting {
    il_detector *detector;
    const il_detect_line *line;
    il_authentic *list;
    size_t count, failed;
    char folder[PATH_MAX]; /* the last one looked at by is_trained_on */
    bool trained_on;
    size_t known; /* images of the detector's own training */
};

static void complain(struct sitting *s, const char *message)
{
    s->failed++;
    fflush(stdout);
    fprintf(stderr, "inpaintlab: %s\n", message);
}

/* Whether the folder is the train or validation split of the data set that the detector was trained on. */
static int is_split(bool *out, const char *folder, const il_card *c, il_err *e)
{
    char above[PATH_MAX];
    il_made_by made = { 0 };
    snprintf(above, sizeof above, "%s", folder);
    char *slash = strrchr(above, '/');
    *out = false;
    if (!c->recipe || !slash || (strcmp(slash, "/train") != 0 && strcmp(slash, "/validation") != 0))
        return IL_OK;
    *slash = '\0';
    int rc = il_made_by_read(&made, above, "", e);
    *out = !rc && strcmp(made.identity, c->recipe) == 0;
    il_made_by_free(&made);
    return rc;
}

static int note_trained_on(struct sitting *s, const char *path, il_err *e)
{
    char real[PATH_MAX];
    char *slash = realpath(path, real) ? strrchr(real, '/') : NULL;
    if (!slash)
        return IL_OK;
    *slash = '\0';
    int rc = strcmp(real, s->folder) == 0 ? IL_OK : is_split(&s->trained_on, real, &s->detector->card, e);
    snprintf(s->folder, sizeof s->folder, "%s", real);
    s->known += s->trained_on;
    return rc;
}

static int examine(struct sitting *s, const il_input *g, il_err *e)
{
    il_err why = { 0 };
    il_finding f = { 0 };
    il_authentic *list = il_array_grow(s->list, s->count, sizeof *list);
    if (!list)
        return il_fail_oom(e);
    s->list = list;
    int rc = g->why ? il_fail(&why, IL_EIO, "%s: %s", g->path, g->why)
                    : il_detect_watched(&f, s->detector, g->path, NULL, s->line, &why);
    if (rc) {
        complain(s, why.message);
        return IL_OK;
    }
    list[s->count++] = (il_authentic){ .compression = il_detect_compression(&f),
                                       .score = f.score,
                                       .share = f.share,
                                       .pixels = il_detect_pixels(&f),
                                       .marked = f.marks != IL_VERDICT_NOTHING };
    il_detect_free(&f);
    return note_trained_on(s, g->path, e);
}

/* Whether the name is <id>.mask.png or the like, as data sets name the files made from <id>.original.png. */
static bool is_made(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.'), *from = dot;
    do
        from = from && from > name ? from - 1 : NULL;
    while (from && *from != '.');
    for (int i = 0; from && from > name && i < IL_PICTURE_KINDS; i++) {
        const char *kind = il_picture_kinds[i];
        if (i != IL_ORIGINAL && strlen(kind) == (size_t)(dot - from - 1) && strncmp(from + 1, kind, strlen(kind)) == 0)
            return true;
    }
    return false;
}

static void pass_over_made(il_input_list *g, const il_detect_line *line)
{
    size_t kept = 0, all = g->count;
    for (size_t i = 0; i < all; i++) {
        il_input one = g->list[i];
        if (is_made(one.path))
            continue;
        g->list[i] = g->list[kept]; /* one of the made files, if there were any */
        g->list[kept++] = one;
    }
    g->count = kept;
    for (size_t i = kept; i < all; i++) {
        free(g->list[i].path);
        free(g->list[i].why);
    }
    if (kept < all)
        fprintf(line->json ? stderr : stdout, "%s: skipping %zu masks and forgeries of a data set\n", line->calibrate,
                all - kept);
}

/* Before hours are spent: are there enough images to replace an existing choice? */
static int protect(const struct sitting *s, const il_input_list *g, il_err *e)
{
    const il_threshold *bars = s->detector->calibration.bars;
    size_t counts[IL_COMPRESSIONS] = { 0 };
    if (s->line->replace || s->line->by_marks || (!bars[IL_LOSSLESS].chosen_on && !bars[IL_LOSSY].chosen_on))
        return IL_OK;
    for (size_t i = 0; i < g->count; i++) {
        il_err why = { 0 };
        il_input_image picture = { 0 };
        if (!g->list[i].why && strcmp(g->list[i].path, IL_SUBJECT_STDIN) != 0 &&
            il_input_image_open(&picture, g->list[i].path, &why) == IL_OK)
            counts[picture.header.lossy ? IL_LOSSY : IL_LOSSLESS]++;
        il_input_image_close(&picture);
    }
    for (int c = 0; c < IL_COMPRESSIONS; c++)
        if (bars[c].chosen_on && counts[c] >= IL_CALIBRATION_PICTURES)
            return il_fail(e, IL_EUSAGE,
                           "%s" IL_RUN_CALIBRATION ": the score that counts as found was "
                           "already chosen on %lld authentic %s images; use --replace to replace it",
                           s->detector->card.weights, (long long)(bars[c].chosen_on + bars[c].measured.pictures),
                           il_calibration_name((il_compression)c));
    return IL_OK;
}

static int examine_all(struct sitting *s, il_err *e)
{
    il_input_list g = { 0 };
    int rc = il_input_list_add(&g, s->line->calibrate, s->line->output, e);
    pass_over_made(&g, s->line);
    if (!rc)
        rc = protect(s, &g, e);
    for (size_t i = 0; i < g.count && !rc; i++)
        rc = examine(s, &g.list[i], e);
    il_input_list_free(&g);
    if (!rc && !s->count)
        rc = il_fail(e, IL_EDATA, "--calibrate %s: no image could be examined", s->line->calibrate);
    return rc;
}

/* ---- results ---- */

/* Images of which one calibration can say little. */
static void warn(const struct sitting *s)
{
    int64_t least = INT64_MAX, most = 0;
    for (size_t i = 0; i < s->count; i++) {
        least = s->list[i].pixels < least ? s->list[i].pixels : least;
        most = s->list[i].pixels > most ? s->list[i].pixels : most;
    }
    if (s->line->quiet)
        return;
    if (s->known)
        fprintf(stderr,
                "inpaintlab: warning: %s: %zu of %zu images are those that the detector was trained or validated on; "
                "others will alarm more often\n",
                s->line->calibrate, s->known, s->count);
    if ((double)most > IL_CALIBRATION_LIKE * IL_CALIBRATION_LIKE * (double)least)
        fprintf(stderr,
                "inpaintlab: warning: %s: images of %.3g to %.3g megapixels; false alarms grow with the area, so "
                "calibrate on images of like size\n",
                s->line->calibrate, 1e-6 * (double)least, 1e-6 * (double)most);
}

/* Thresholds for the compressions that have images; the others stay. */
static int choose(struct sitting *s, il_err *e)
{
    il_calibration *k = &s->detector->calibration;
    for (int c = 0; c < IL_COMPRESSIONS; c++) {
        il_threshold bar;
        int rc = (s->line->by_marks ? il_calibration_measure : il_calibration_choose)(&bar, s->list, s->count,
                                                                                      (il_compression)c, e);
        if (rc)
            return rc;
        if (!bar.measured.pictures)
            continue;
        if (bar.chosen_on || !k->bars[c].chosen_on) /* a few images do not undo a choice made on many */
            k->bars[c] = bar;
        k->old = k->old && !bar.chosen_on;
        if (!s->line->json)
            il_detect_print_bar(s->line->calibrate, &bar, (il_compression)c);
    }
    return IL_OK;
}

/* A calibration that cannot be stored is used in this call, which then ends as one that failed. */
static int keep(struct sitting *s, il_err *e)
{
    il_text path = { 0 };
    il_err why = { 0 };
    if (s->detector->calibration.old) /* too few images to replace it */
        return IL_OK;
    int rc = il_calibration_path(&path, s->detector->card.weights, e);
    if (!rc && il_calibration_write(&s->detector->calibration, &s->detector->card.tested, path.data,
                                    owner(s->detector, s->line), &why) != IL_OK) {
        fprintf(stderr, "inpaintlab: the calibration is not stored: %s\n", why.message);
        s->failed++;
    }
    il_text_free(&path);
    return rc;
}

int il_detect_calibrate(il_detector *d, size_t *failed, const il_detect_line *line, il_err *e)
{
    struct sitting s = { .detector = d, .line = line };
    int rc = examine_all(&s, e);
    if (!rc)
        warn(&s);
    if (!rc)
        rc = choose(&s, e);
    if (!rc && !line->by_marks)
        rc = keep(&s, e);
    *failed += s.failed;
    free(s.list);
    return rc;
}
