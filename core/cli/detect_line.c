/* detect_line.c - the options of inpaintlab detect. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "cli/detect.h"

static const char help[] =
    "usage: inpaintlab detect [options] PICTURE|FOLDER|PATTERN|- ...\n"
    "Says which pixels of PNG, JPEG and WebP pictures an inpainting pipeline wrote. Pictures are examined at full size in\n"
    "overlapping tiles, turned as EXIF says; - is one on standard input.\n"
    "\n"
    "  --run RUN            a finished run: its number, its name or a glob (default: the one with the best IoU on the\n"
    "                       kind of pictures it was trained on; those trained on authentic pictures too come first)\n"
    "  --db FILE            database of the runs (default " IL_CLI_DATABASE ")\n"
    "  --weights FILE       these weights instead of a run's; they may tell their model themselves\n"
    "  --model MODEL        of --weights: a plugin's name or settings, as in '{name: unet, fine: 16}'\n"
    "  -o, --output DIR     write NAME.mask.png, NAME.heat.png, NAME.overlay.png and NAME.json there\n"
    "  --json               one JSON object per picture and line instead of text\n"
    "  --threshold P        a pixel is marked above this probability (default 0.5); the marks alone then decide\n"
    "  --min-area PERCENT   smallest region, in percent of the picture (default 0.1)\n"
    "  --tile N             side of the tiles (default: of the training pictures, else 512)\n"
    "  --overlap N          by which tiles overlap (default an eighth of the tile)\n"
    "  --memory MIB         most memory to take (default 2048)\n"
    "  --calibrate FOLDER   first choose, by half of the authentic pictures there, the score that counts as found, and\n"
    "                       measure false alarms on the other half; kept beside the weights. It takes 40 lossless\n"
    "                       pictures for verdicts on such ones, 40 JPEG or lossy WebP ones likewise\n"
    "  --device DEVICE      auto, cpu, cuda or cuda:N (default auto)\n"
    "  --threads N          threads inside one operation (default: libtorch's choice)\n"
    "  -q, --quiet          no warnings\n"
    "  -h, --help           this text\n"
    "A result is a measurement of one detector, no proof: see the warnings, and the false alarms in the JSON.\n"
    "The verdict is 'uncertain' where the detector was not calibrated on authentic pictures of that kind of compression.\n"
    "Exit status: 0 something was found in a picture, 1 in none (or it is uncertain), 2 an error (the other pictures are\n"
    "still examined).\n";

void il_detect_line_help(void)
{
    fputs(help, stdout);
}

enum {
    OPT_RUN = 256, OPT_DB, OPT_WEIGHTS, OPT_MODEL, OPT_JSON, OPT_THRESHOLD, OPT_AREA, OPT_TILE, OPT_OVERLAP, OPT_MEMORY,
    OPT_CALIBRATE, OPT_DEVICE, OPT_THREADS
};

static const struct option longs[] = {
    { "run", required_argument, NULL, OPT_RUN },
    { "db", required_argument, NULL, OPT_DB },
    { "weights", required_argument, NULL, OPT_WEIGHTS },
    { "model", required_argument, NULL, OPT_MODEL },
    { "output", required_argument, NULL, 'o' },
    { "json", no_argument, NULL, OPT_JSON },
    { "threshold", required_argument, NULL, OPT_THRESHOLD },
    { "min-area", required_argument, NULL, OPT_AREA },
    { "tile", required_argument, NULL, OPT_TILE },
    { "overlap", required_argument, NULL, OPT_OVERLAP },
    { "memory", required_argument, NULL, OPT_MEMORY },
    { "calibrate", required_argument, NULL, OPT_CALIBRATE },
    { "device", required_argument, NULL, OPT_DEVICE },
    { "threads", required_argument, NULL, OPT_THREADS },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_real(double *out, const char *option, const char *text, double most, il_err *e)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v) || v < 0 || v > most)
        return il_fail(e, IL_EUSAGE, "%s: '%s' is no number from 0 to %g", option, text, most);
    *out = v;
    return IL_OK;
}

enum { LEAST_TILE = 32, MOST_TILE = 4096, MOST_MEMORY = 1 << 22, MOST_THREADS = 1024 };

static int read_option(il_detect_line *o, int c, il_err *e)
{
    int memory = 0, rc = IL_OK;
    switch (c) {
    case OPT_RUN: o->run = optarg; break;
    case OPT_DB: o->database = optarg; break;
    case OPT_WEIGHTS: o->weights = optarg; break;
    case OPT_MODEL: o->model = optarg; break;
    case 'o': o->output = optarg; break;
    case OPT_JSON: o->json = true; break;
    case OPT_THRESHOLD:
        rc = read_real(&o->how.threshold, "--threshold", optarg, 1, e);
        o->by_marks = true;
        break;
    case OPT_AREA:
        rc = read_real(&o->how.least, "--min-area", optarg, 100, e);
        o->how.least /= 100;
        break;
    case OPT_TILE: rc = il_cli_whole(&o->how.tile, "--tile", optarg, LEAST_TILE, MOST_TILE, e); break;
    case OPT_OVERLAP: rc = il_cli_whole(&o->how.overlap, "--overlap", optarg, 0, MOST_TILE, e); break;
    case OPT_MEMORY:
        rc = il_cli_whole(&memory, "--memory", optarg, 1, MOST_MEMORY, e);
        o->how.memory = (int64_t)memory << 20;
        break;
    case OPT_CALIBRATE: o->calibrate = optarg; break;
    case OPT_DEVICE: o->device = optarg; break;
    case OPT_THREADS: rc = il_cli_whole(&o->threads, "--threads", optarg, 0, MOST_THREADS, e); break;
    case 'q': o->quiet = true; break;
    default: o->help = true;
    }
    return rc;
}

static int check(const il_detect_line *o, il_err *e)
{
    if (o->nwords < 1 && !o->calibrate)
        return il_fail(e, IL_EUSAGE, "detect: expected pictures, as in 'inpaintlab detect photo.jpg -o found'");
    if (o->weights && o->run)
        return il_fail(e, IL_EUSAGE, "detect: --run and --weights exclude each other");
    if (o->model && !o->weights)
        return il_fail(e, IL_EUSAGE, "detect: --model says what --weights belong to; a run knows its model");
    if (o->how.threshold <= 0 || o->how.threshold >= 1)
        return il_fail(e, IL_EUSAGE, "--threshold: expected a number between 0 and 1");
    return IL_OK;
}

int il_detect_line_read(il_detect_line *out, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    il_detect_line o = { .how = { .overlap = -1, .threshold = 0.5, .least = 0.001, .memory = INT64_C(2048) << 20 },
                         .database = IL_CLI_DATABASE, .device = "auto" };
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && !o.help && (c = getopt_long(argc, argv, ":o:qh", longs, NULL)) != -1) {
        if (c == ':')
            return il_fail(e, IL_EUSAGE, "detect: %s: a value is missing", argv[optind - 1]);
        if (c == '?')
            return il_fail(e, IL_EUSAGE, "detect: unknown option '%s'; see 'inpaintlab detect --help'", argv[optind - 1]);
        rc = read_option(&o, c, e);
    }
    o.words = argv + optind;
    o.nwords = argc - optind;
    if (rc == IL_OK && !o.help)
        rc = check(&o, e);
    if (rc == IL_OK)
        *out = o;
    return rc;
}
