/* detect.h - the parts of inpaintlab detect. */
#ifndef IL_CLI_DETECT_H
#define IL_CLI_DETECT_H

#include "detect/detect.h"

typedef struct il_detect_line {
    il_detect_opts how; /* tile 0, overlap -1: not given */
    const char *run, *weights, *model, *database, *device, *output, *calibrate;
    int threads, memory_mib;
    bool by_marks; /* --threshold: ignore the calibration */
    bool replace;  /* an existing calibration */
    bool trust;    /* the files that weights or a database name for the model */
    bool json, quiet;
} il_detect_line;

/* "photo.png: region, 12.3 % marked, 2 regions, score 0.998 (found above 0.557), largest 120x80 at 40,16, false alarms on
 * 2.0 % of 50; knows only: small (generator-a.safetensors)" */
void il_detect_print(const il_finding *f, const il_detector *d);
/* To stderr, each kind once: *said remembers which. */
void il_detect_print_warnings(unsigned *said, const il_finding *f, const il_detector *d);
void il_detect_print_card(const il_detector *d);
/* To stderr, if other runs have the same name. */
void il_detect_print_namesakes(const il_card *c);
void il_detect_print_bar(const char *folder, const il_threshold *b, il_compression c);

/* il_detect_picture with a line of progress, which is gone afterwards. */
int il_detect_watched(il_finding *f, const il_detector *d, const char *path, const char *stem,
                      const il_detect_line *line, il_err *e);

/* Reads an earlier calibration from beside the weights; how.tile and how.overlap must be final. */
int il_detect_calibration_load(il_detector *d, const il_detect_line *line, il_err *e);
/* Measures the images of --calibrate and stores the calibration. *failed is increased by the number that could not
 * be examined. */
int il_detect_calibrate(il_detector *d, size_t *failed, const il_detect_line *line, il_err *e);

#endif
