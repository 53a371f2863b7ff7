/* cmd_weights.c - inpaintlab weights: lists the contents of a run's weights or of a weights file, and copies them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/sha256.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/detect.h"
#include "detect/select_run.h"
#include "store/run_files.h"
#include "torch/bundle.h"

struct options {
    const char *database, *output;
    bool quiet;
};

/* Finds the weights. *card describes the run; its number is 0 when a file is named. */
static int find(il_card *card, const struct options *o, const char *what, il_err *e)
{
    struct stat st;
    il_store *store = NULL;
    char *config = NULL, *params = NULL;
    bool path = strchr(what, '/') != NULL;
    if (path || (stat(what, &st) == 0 && S_ISREG(st.st_mode))) {
        card->weights = il_text_copy(what);
        return card->weights ? IL_OK : il_fail_oom(e);
    }
    int rc = il_store_open_readonly(&store, o->database, e);
    if (!rc)
        rc = il_select_run(card, &config, &params, store, what, e);
    if (!rc)
        rc = il_detector_check_hash(card, e);
    free(config);
    free(params);
    il_store_close(store);
    return rc;
}

static const char *type_name(il_dtype dtype)
{
    static const char *const names[] = { [IL_DTYPE_F32] = "F32",   [IL_DTYPE_F64] = "F64", [IL_DTYPE_F16] = "F16",
                                         [IL_DTYPE_BF16] = "BF16", [IL_DTYPE_I64] = "I64", [IL_DTYPE_U8] = "U8" };
    return names[dtype];
}

/* Names and notes come from the file or the database; at most `most` bytes are shown. */
static void print_text(const char *text, size_t most)
{
    size_t size = strlen(text);
    char shown[IL_UTF8_SHOWN];
    for (size_t i = 0; i < size && i < most;) {
        i += il_utf8_show(shown, text + i, size - i);
        fputs(shown, stdout);
    }
    fputs(size > most ? "…" : "", stdout);
}

/* The beginning of a note, on one line. */
static void print_note(il_bundle_text note)
{
    print_text(note.key, 200);
    fputs(": ", stdout);
    print_text(note.text, 200);
    putchar('\n');
}

static void print_weights(const il_bundle *b, const il_card *card, const char *hex)
{
    int64_t all = 0;
    if (card->run)
        printf("run %lld: %s, model %s\n", (long long)card->run, card->name, card->model);
    fputs("file: ", stdout);
    print_text(card->weights, SIZE_MAX);
    printf("\nsha256: %s%s\n", hex, card->run ? " (same as in the database)" : "");
    for (size_t i = 0; i < il_bundle_notes(b); i++)
        print_note(il_bundle_note_at(b, i));
    for (size_t i = 0; i < il_bundle_count(b); i++) {
        const il_tensor *t = il_bundle_at(b, i);
        printf("%-4s  [", type_name(il_dtype_of(t)));
        for (int k = 0; k < il_ndim(t); k++)
            printf("%s%lld", k ? ", " : "", (long long)il_dim(t, k));
        fputs("]  ", stdout);
        print_text(il_bundle_name(b, i), SIZE_MAX);
        putchar('\n');
        all += il_numel(t);
    }
    printf("%zu tensors, %lld values\n", il_bundle_count(b), (long long)all);
}

static int carry_calibration(const struct options *o, const il_card *card, const char *sha256, il_err *e)
{
    bool done = false;
    il_digest copy;
    int rc = il_sha256_file(&copy, o->output, e);
    if (!rc)
        rc = il_calibration_carry(&done, card->weights, sha256, o->output, copy.hex, &card->tested, e);
    if (!rc && done && !o->quiet)
        printf("calibration: %s" IL_RUN_CALIBRATION ", keep it beside the weights\n", o->output);
    return rc;
}

static int weights(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    il_detector d = { .card = { .tested = { .iou = NAN } } };
    il_bundle *b = NULL;
    il_digest digest;
    int rc = find(&d.card, o, words[0], e);
    if (!rc && !o->quiet)
        il_detect_print_namesakes(&d.card);
    if (!rc)
        rc = il_sha256_file(&digest, d.card.weights, e);
    if (!rc)
        rc = il_bundle_read(&b, d.card.weights, e);
    if (!rc && o->output)
        rc = il_bundle_write(b, o->output, e);
    if (!rc && o->output)
        rc = carry_calibration(o, &d.card, digest.hex, e);
    if (!rc && !o->quiet)
        print_weights(b, &d.card, digest.hex);
    il_bundle_free(b);
    il_detector_close(&d);
    return rc;
}

static const il_option table[] = {
    { "-o, --output FILE", "write them to FILE, completely or not at all", IL_INTO(struct options, output) },
    IL_CLI_DB(struct options, database),
    { "-q, --quiet", "list nothing", IL_INTO(struct options, quiet) },
    { 0 },
};

const il_command il_cmd_weights = {
    .name = "weights",
    .summary = "list or copy the weights of a run",
    .usage = "[options] RUN|FILE",
    .about =
        "Lists the tensors and notes of the weights that a run was tested with, after comparing their hash with the\n"
        "database, or of a weights file (safetensors, or a PyTorch state dict). RUN is a run's number, its name (the\n"
        "newest run of that name) or a glob that matches one run.\n"
        "With -o the weights are written as safetensors, under their state-dict names. In Python, load them with\n"
        "model.load_state_dict(safetensors.torch.load_file(FILE)). Their calibration as a detector, and the false\n"
        "alarms of the run's tests, are written beside them to FILE" IL_RUN_CALIBRATION ":\n"
        "'inpaintlab detect --weights FILE' then gives the same verdicts as --run.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the weights do not exist or are damaged, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .database = IL_CLI_DATABASE },
    .least = 1,
    .most = 1,
    .expected = "one run or file; see 'inpaintlab weights --help'",
    .run = weights,
};
