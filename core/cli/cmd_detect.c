/* cmd_detect.c - inpaintlab detect: a trained detector on pictures of one's own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"
#include "cli/detect.h"
#include "whole.h"
#include "detect/gather.h"
#include "detect/tell.h"

enum { DEFAULT_TILE = 512, FOUND = 0, NOT_FOUND = 1, TROUBLE = 2 };

struct work {
    il_detect_line line;
    il_detector detector;
    il_names names;
    unsigned said;
    size_t found, failed;
};

/* ---- the detector ---- */

static int open_detector(struct work *w, il_registry *registry, il_err *e)
{
    const il_detect_line *o = &w->line;
    il_device device;
    il_store *store = NULL;
    il_torch_threads(o->threads);
    int rc = il_device_parse(&device, o->device, e);
    if (rc == IL_OK && o->weights)
        return il_detector_from_file(&w->detector, registry, o->weights, o->model, device, e);
    if (rc == IL_OK)
        rc = il_store_open_readonly(&store, o->database, e);
    if (rc == IL_OK)
        rc = il_detector_from_store(&w->detector, registry, store, o->run, device, e);
    il_store_close(store);
    return rc;
}

static int settle_tiles(struct work *w, il_err *e)
{
    il_detect_opts *how = &w->line.how;
    if (!how->tile)
        how->tile = w->detector.card.size ? w->detector.card.size : DEFAULT_TILE;
    if (how->overlap < 0)
        how->overlap = how->tile / 8;
    if (how->overlap >= how->tile)
        return il_fail(e, IL_EUSAGE, "--overlap: %d is not below the tile's %d", how->overlap, how->tile);
    return il_detector_try(&w->detector, how->tile, e);
}

/* ---- pictures ---- */

static void complain(struct work *w, const char *message)
{
    w->failed++;
    fflush(stdout);
    fprintf(stderr, "inpaintlab: %s\n", message);
}

static int write_json(const struct work *w, const il_finding *f, const char *stem, il_err *e)
{
    char *text = NULL;
    il_text path = { 0 };
    int rc = il_tell_json(&text, f, &w->detector, w->line.how, stem, true, e);
    if (rc == IL_OK) {
        il_words_add(&path, "%s.json", stem);
        rc = path.failed ? il_fail_oom(e) : il_whole_write(path.data, text, strlen(text), e);
    }
    il_words_free(&path);
    free(text);
    return rc;
}

static int tell(struct work *w, const il_finding *f, const char *stem, il_err *e)
{
    char *text = NULL;
    int rc = stem ? write_json(w, f, stem, e) : IL_OK;
    if (rc == IL_OK && w->line.json)
        rc = il_tell_json(&text, f, &w->detector, w->line.how, stem, false, e);
    if (rc != IL_OK)
        return rc;
    if (!w->line.quiet)
        il_detect_print_warnings(&w->said, f, &w->detector);
    if (text) {
        fputs(text, stdout);
        fflush(stdout);
    } else {
        il_detect_print(f);
    }
    free(text);
    return IL_OK;
}

static void examine(struct work *w, const char *path)
{
    il_err e = { 0 };
    il_finding f = { 0 };
    char *stem = NULL;
    int rc = w->line.output ? il_names_next(&stem, &w->names, w->line.output, path, &e) : IL_OK;
    if (rc == IL_OK)
        rc = il_detect_picture(&f, &w->detector, path, stem, w->line.how, &e);
    if (rc == IL_OK)
        rc = tell(w, &f, stem, &e);
    if (rc == IL_OK)
        w->found += il_verdict_found(f.verdict);
    else
        complain(w, e.message);
    il_detect_free(&f);
    free(stem);
}

static int examine_all(struct work *w, il_err *e)
{
    il_gather g = { 0 };
    int rc = IL_OK;
    for (int i = 0; i < w->line.nwords && rc == IL_OK; i++)
        rc = il_gather_add(&g, w->line.words[i], w->line.output, e);
    for (size_t i = 0; i < g.count && rc == IL_OK; i++) {
        il_err why = { 0 };
        if (g.list[i].why) {
            il_fail(&why, IL_EIO, "%s: %s", g.list[i].path, g.list[i].why);
            complain(w, why.message);
        } else {
            examine(w, g.list[i].path);
        }
    }
    il_gather_free(&g);
    return rc;
}

/* ---- the whole ---- */

static int make_folder(const char *path, il_err *e)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return IL_OK;
    int why = errno;
    if (why == EEXIST && stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? IL_OK : il_fail(e, IL_EIO, "%s: is no folder", path);
    return il_fail(e, IL_EIO, "%s: cannot be made: %s", path, strerror(why));
}

static int work(struct work *w, il_err *e)
{
    il_registry *registry = NULL;
    int rc = il_registry_open(&registry, e);
    if (rc == IL_OK)
        rc = open_detector(w, registry, e);
    if (rc == IL_OK)
        rc = settle_tiles(w, e);
    if (rc == IL_OK && w->line.output)
        rc = make_folder(w->line.output, e);
    if (rc == IL_OK)
        rc = il_detect_calibration_load(&w->detector, &w->line, e);
    if (rc == IL_OK && w->line.calibrate)
        rc = il_detect_calibrate(&w->detector, &w->failed, &w->line, e);
    w->detector.calibration.none = w->line.by_marks;
    if (rc == IL_OK && !w->line.quiet)
        il_detect_print_card(&w->detector);
    if (rc == IL_OK)
        rc = examine_all(w, e);
    il_detector_close(&w->detector);
    il_names_free(&w->names);
    il_registry_free(registry);
    return rc;
}

int il_cmd_detect(int argc, char **argv)
{
    il_err e = { 0 };
    struct work w = { 0 };
    int rc = il_detect_line_read(&w.line, argc, argv, &e);
    if (rc == IL_OK && w.line.help) {
        il_detect_line_help();
        return FOUND;
    }
    if (rc == IL_OK)
        rc = work(&w, &e);
    if (rc != IL_OK) {
        il_cli_fail(&e);
        return TROUBLE;
    }
    if (w.failed)
        return TROUBLE;
    return w.found || w.line.nwords < 1 ? FOUND : NOT_FOUND;
}
