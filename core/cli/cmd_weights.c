/* cmd_weights.c - inpaintlab weights: what is in the weights of a run, or in a weights file; and a copy of them. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "bundle.h"
#include "cli.h"
#include "detect/pick.h"

static const char help[] =
    "usage: inpaintlab weights [options] RUN|FILE\n"
    "Lists the tensors and notes of the weights that a run was tested with, after their hash was compared with the database's;\n"
    "or of a weights file (safetensors, or a PyTorch state dict). RUN is a run's number, its name or a glob that fits one.\n"
    "With -o they are written as safetensors, under their state-dict names: in Python,\n"
    "model.load_state_dict(safetensors.torch.load_file(FILE)).\n"
    "\n"
    "  -o, --output FILE  write them there; the file appears whole or not at all\n"
    "  --db FILE          database (default " IL_CLI_DATABASE ")\n"
    "  -q, --quiet        list nothing\n"
    "  -h, --help         this text\n"
    "Exit status: 0 good, 1 there are no such weights, or they are damaged, 2 wrong usage.\n";

struct options {
    const char *database, *output, *what;
    bool quiet, help;
};

static const struct option longs[] = {
    { "output", required_argument, NULL, 'o' },
    { "db", required_argument, NULL, 'd' },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c;
    optind = 1;
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":o:qh", longs, NULL)) != -1) {
        switch (c) {
        case 'o': o->output = optarg; break;
        case 'd': o->database = optarg; break;
        case 'q': o->quiet = true; break;
        case 'h': o->help = true; return IL_OK;
        case ':': return il_fail(e, IL_EUSAGE, "weights: %s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "weights: unknown option '%s'; see 'inpaintlab weights --help'", argv[optind - 1]);
        }
    }
    if (optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "weights: expected one run or file; see 'inpaintlab weights --help'");
    o->what = argv[optind];
    return IL_OK;
}

/* Where the weights are. *card tells of the run; its number is 0 where a file is named. */
static int find(il_card *card, const struct options *o, il_err *e)
{
    struct stat st;
    il_store *store = NULL;
    char *config = NULL, *params = NULL;
    if (stat(o->what, &st) == 0 && S_ISREG(st.st_mode)) {
        card->weights = il_words_copy(o->what);
        return card->weights ? IL_OK : il_fail_oom(e);
    }
    if (strchr(o->what, '/'))
        return il_fail(e, IL_EIO, "%s: no such file", o->what);
    int rc = il_store_open_readonly(&store, o->database, e);
    if (rc == IL_OK)
        rc = il_pick_run(card, &config, &params, store, o->what, e);
    if (rc == IL_OK)
        rc = il_detector_check_hash(card, e);
    free(config);
    free(params);
    il_store_close(store);
    return rc;
}

static const char *type_name(il_dtype dtype)
{
    static const char *const names[] = { [IL_F32] = "F32", [IL_F64] = "F64", [IL_F16] = "F16", [IL_BF16] = "BF16",
                                         [IL_I64] = "I64", [IL_U8] = "U8" };
    return names[dtype];
}

/* A note's start, on one line. */
static void print_note(il_bundle_text note)
{
    enum { SHOWN = 200 };
    printf("%s: ", note.key);
    for (int i = 0; i < SHOWN && note.text[i]; i++)
        putchar((unsigned char)note.text[i] < 0x20 ? ' ' : note.text[i]);
    printf("%s\n", strlen(note.text) > SHOWN ? "…" : "");
}

static void print_weights(const il_bundle *b, const il_card *card, const char *hex)
{
    int64_t all = 0;
    if (card->run)
        printf("run %lld: %s, model %s\n", (long long)card->run, card->name, card->model);
    printf("file: %s\nsha256: %s%s\n", card->weights, hex, card->run ? " (as the database says)" : "");
    for (size_t i = 0; i < il_bundle_notes(b); i++)
        print_note(il_bundle_note_at(b, i));
    for (size_t i = 0; i < il_bundle_count(b); i++) {
        const il_tensor *t = il_bundle_at(b, i);
        printf("%-4s  [", type_name(il_dtype_of(t)));
        for (int k = 0; k < il_ndim(t); k++)
            printf("%s%lld", k ? ", " : "", (long long)il_dim(t, k));
        printf("]  %s\n", il_bundle_name(b, i));
        all += il_numel(t);
    }
    printf("%zu tensors, %lld values\n", il_bundle_count(b), (long long)all);
}

static int show(const struct options *o, il_err *e)
{
    il_detector d = { 0 };
    il_bundle *b = NULL;
    il_digest digest;
    int rc = find(&d.card, o, e);
    if (rc == IL_OK)
        rc = il_words_sha256_file(&digest, d.card.weights, e);
    if (rc == IL_OK)
        rc = il_bundle_read(&b, d.card.weights, e);
    if (rc == IL_OK && o->output)
        rc = il_bundle_write(b, o->output, e);
    if (rc == IL_OK && !o->quiet)
        print_weights(b, &d.card, digest.hex);
    il_bundle_free(b);
    il_detector_close(&d);
    return rc;
}

int il_cmd_weights(int argc, char **argv)
{
    struct options o = { .database = IL_CLI_DATABASE };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = show(&o, &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
