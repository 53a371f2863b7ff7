/* cmd_detect.c - inpaintlab detect: runs a trained detector on the user's images. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/atomic_file.h"
#include "base/atomic_folder.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/detect.h"
#include "detect/finding_json.h"
#include "detect/input_list.h"

enum { DEFAULT_TILE = 512, LEAST_TILE = 8, MOST_TILE = 4096, FOUND = 0, NOT_FOUND = 1, TROUBLE = 2 };

struct work {
    il_detect_line line;
    const char *const *words; /* images, folders, patterns */
    il_detector detector;
    il_result_names names;
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
    int rc = il_cli_device(&device, o->device, e);
    if (!rc && o->weights)
        return il_detector_from_file(&w->detector, registry, o->weights, o->model, device, e);
    if (!rc)
        rc = il_store_open_readonly(&store, o->database, e);
    if (!rc)
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
        return il_fail(e, IL_EUSAGE, "--overlap: %d must be less than the tile size %d", how->overlap, how->tile);
    return il_detector_try(&w->detector, how->tile, e);
}

/* ---- images ---- */

static void complain(struct work *w, const char *message)
{
    w->failed++;
    fflush(stdout);
    fprintf(stderr, "inpaintlab: %s\n", message);
}

static int write_json(const struct work *w, const il_finding *f, const char *stem, const char *draft, il_err *e)
{
    char *text = NULL;
    il_text path = { 0 };
    int rc = il_finding_json(&text, f, &w->detector, w->line.how, stem, true, e);
    if (!rc) {
        il_text_add(&path, "%s.json", draft);
        rc = path.failed ? il_fail_oom(e) : il_atomic_file_write(path.data, text, strlen(text), e);
    }
    il_text_free(&path);
    free(text);
    return rc;
}

static int tell(struct work *w, const il_finding *f, const char *stem, il_err *e)
{
    char *text = NULL;
    int rc = w->line.json ? il_finding_json(&text, f, &w->detector, w->line.how, stem, false, e) : IL_OK;
    if (rc)
        return rc;
    if (!w->line.quiet)
        il_detect_print_warnings(&w->said, f, &w->detector);
    if (text) {
        fputs(text, stdout);
        fflush(stdout);
    } else {
        il_detect_print(f, &w->detector);
    }
    free(text);
    return IL_OK;
}

/* The files of an image appear together, or none of them does. */
static int find_and_write(il_finding *f, struct work *w, const char *path, const char *stem, il_err *e)
{
    const char *folder = w->line.output, *name = strrchr(stem, '/') + 1;
    il_atomic_folder set = { 0 };
    il_text place = { 0 };
    il_text_add(&place, "%s.set", stem);
    int rc = place.failed ? il_fail_oom(e) : il_atomic_folder_begin(&set, place.data, e);
    char *draft = rc ? NULL : il_text_path(set.draft, name);
    if (!rc && !draft)
        rc = il_fail_oom(e);
    if (!rc)
        rc = il_detect_watched(f, &w->detector, path, draft, &w->line, e);
    if (!rc)
        rc = write_json(w, f, stem, draft, e);
    free(draft);
    il_text_free(&place);
    return il_atomic_folder_pour(&set, folder, rc, e);
}

static void examine(struct work *w, const char *path)
{
    il_err e = { 0 };
    il_finding f = { 0 };
    char *stem = NULL;
    int rc = w->line.output ? il_result_names_next(&stem, &w->names, w->line.output, path, &e) : IL_OK;
    if (!rc && stem)
        rc = find_and_write(&f, w, path, stem, &e);
    else if (!rc)
        rc = il_detect_watched(&f, &w->detector, path, NULL, &w->line, &e);
    if (!rc)
        rc = tell(w, &f, stem, &e);
    if (!rc)
        w->found += il_verdict_found(f.verdict);
    else
        complain(w, e.message);
    il_detect_free(&f);
    free(stem);
}

static int examine_all(struct work *w, il_err *e)
{
    il_input_list g = { 0 };
    int rc = IL_OK;
    for (const char *const *word = w->words; *word && !rc; word++)
        rc = il_input_list_add(&g, *word, w->line.output, e);
    for (size_t i = 0; i < g.count && !rc; i++) {
        il_err why = { 0 };
        if (g.list[i].why) {
            il_fail(&why, IL_EIO, "%s: %s", g.list[i].path, g.list[i].why);
            complain(w, why.message);
        } else {
            examine(w, g.list[i].path);
        }
    }
    il_input_list_free(&g);
    return rc;
}

/* ---- the command ---- */

static int work(struct work *w, il_err *e)
{
    il_registry *registry = NULL;
    if (w->line.trust)
        il_registry_trust();
    int rc = il_registry_open(&registry, e);
    if (!rc)
        rc = open_detector(w, registry, e);
    if (!rc && !w->line.quiet)
        il_detect_print_namesakes(&w->detector.card);
    if (!rc)
        rc = settle_tiles(w, e);
    if (!rc && w->line.output)
        rc = il_file_make_folders(w->line.output, e);
    if (!rc)
        rc = il_detect_calibration_load(&w->detector, &w->line, e);
    if (!rc && w->line.calibrate)
        rc = il_detect_calibrate(&w->detector, &w->failed, &w->line, e);
    w->detector.calibration.none = w->line.by_marks;
    if (!rc && !w->line.quiet)
        il_detect_print_card(&w->detector);
    if (!rc)
        rc = examine_all(w, e);
    il_detector_close(&w->detector);
    il_result_names_free(&w->names);
    il_registry_free(registry);
    return rc;
}

static int settle(il_detect_line *o, bool words, il_err *e)
{
    if (!words && !o->calibrate)
        return il_command_expected(&il_cmd_detect, e);
    if (o->weights && o->run)
        return il_fail(e, IL_EUSAGE, "detect: --run and --weights cannot be used together");
    if (o->model && !o->weights)
        return il_fail(e, IL_EUSAGE, "detect: --model describes --weights; a run has its own model");
    if (o->replace && !o->calibrate)
        return il_fail(e, IL_EUSAGE, "detect: --replace needs --calibrate");
    o->by_marks = o->how.threshold >= 0;
    if (!o->by_marks)
        o->how.threshold = 0.5;
    if (o->how.threshold <= 0 || o->how.threshold >= 1)
        return il_fail(e, IL_EUSAGE, "--threshold: expected a number between 0 and 1");
    o->how.memory = (int64_t)o->memory_mib << 20;
    return IL_OK;
}

static int detect(void *options, const char *const *words, il_err *e)
{
    struct work w = { .line = *(il_detect_line *)options, .words = words };
    int rc = settle(&w.line, words[0], e);
    if (!rc)
        rc = work(&w, e);
    return rc ? rc : w.failed ? TROUBLE : w.found || !words[0] ? FOUND : NOT_FOUND;
}

#define INTO(member) IL_INTO(il_detect_line, member)

static const il_option table[] = {
    { "--run RUN",
      "a finished run: its number, its name (the newest of that name) or a glob (default: the "
      "run with the best IoU on the kind of images it was trained on; runs that were also trained on "
      "authentic images come first)",
      INTO(run) },
    { "--db FILE", "database with the runs (default " IL_CLI_DATABASE ")", INTO(database) },
    { "--weights FILE", "use these weights instead of a run's; --model is not needed if the file names its model",
      INTO(weights) },
    { "--model MODEL", "model of --weights: a plugin's name or settings, as in '{name: unet, fine: 16}'", INTO(model) },
    { "--trust",
      "let the weights or the database name files for their model, which may be code: a plugin by its path, a TorchScript "
      "module",
      INTO(trust) },
    { "-o, --output DIR", "write NAME.mask.png, NAME.heat.png, NAME.overlay.png and NAME.json to this folder",
      INTO(output) },
    { "--json", "print one JSON object per image, each on one line, instead of text", INTO(json) },
    { "--threshold P", "mark pixels above this probability (default 0.5), and decide by the marked pixels alone",
      INTO(how.threshold), .most = 1 },
    { "--min-pixels N",
      "area of the smallest region that counts, in pixels (default 64, 8x8: what one value of Stable Diffusion's latent "
      "image becomes)",
      INTO(how.least), .least = 1, .most = 1 << 28 },
    { "--tile N", "side of the tiles in pixels (default: side of the training images, else 512)", INTO(how.tile),
      .least = LEAST_TILE, .most = MOST_TILE },
    { "--overlap N", "overlap of the tiles in pixels (default: an eighth of the tile)", INTO(how.overlap),
      .most = MOST_TILE },
    { "--memory MIB", "memory limit (default 2048)", INTO(memory_mib), .least = 1, .most = 1 << 22 },
    { "--calibrate FOLDER",
      "first choose the score that counts as found, with half of the authentic images in "
      "FOLDER, and measure false alarms on the other half; the result is stored beside the weights. It needs 40 "
      "lossless images for verdicts on lossless files, and 40 JPEG or lossy WebP images for lossy files. In a data "
      "set only the originals are used: masks and all other kinds (<id>.mask.*, .realfake.*, .reconstructed.* and so on) "
      "are skipped",
      INTO(calibrate) },
    { "--replace", "let --calibrate replace an existing calibration", INTO(replace) },
    IL_CLI_DEVICE(il_detect_line, device),
    IL_CLI_THREADS(il_detect_line, threads),
    { "-q, --quiet", "print no warnings", INTO(quiet) },
    { 0 },
};

const il_command il_cmd_detect = {
    .name = "detect",
    .summary = "find inpainted regions in your own images",
    .usage = "[options] IMAGE|FOLDER|PATTERN|- ...",
    .about =
        "Finds the pixels of PNG, JPEG, WebP and TIFF images that an inpainting pipeline wrote. Images are rotated as EXIF\n"
        "says and examined at full size in overlapping tiles; - reads an image from standard input.\n",
    .options = table,
    .notes =
        "A result is a measurement by one detector, not proof: read the warnings, and the false alarms in the JSON.\n"
        "A detector knows only the generators that made its training images; the line names them.\n"
        "The verdict is 'uncertain' for a lossy image if the detector was not calibrated on authentic lossy images,\n"
        "and for a region if there are false alarms on more than a fifth of the authentic images, or would be on as\n"
        "many of the image's size. Calibrate with images of like size: elsewhere false alarms are told per megapixel.\n"
        "Exit status: 0 something was found in an image, 1 in none (or it is uncertain), 2 an error (the other\n"
        "images are still examined).\n",
    .size = sizeof(il_detect_line),
    .defaults = &(const il_detect_line){ .how = { .overlap = -1, .threshold = -1, .least = IL_VERDICT_LEAST },
                                         .memory_mib = 2048,
                                         .database = IL_CLI_DATABASE,
                                         .device = "auto" },
    .most = IL_COMMAND_ANY,
    .expected = "images, as in 'inpaintlab detect photo.jpg -o found'",
    .trouble = TROUBLE,
    .computes = true,
    .run = detect,
};
