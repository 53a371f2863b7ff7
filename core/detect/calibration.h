/* calibration.h - the score above which an image counts as found, chosen on authentic images, and its false alarms. */
#ifndef IL_DETECT_CALIBRATION_H
#define IL_DETECT_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>
#include "base/text.h"
#include "detect/verdict.h"

/* How often authentic images are taken for inpainted ones. */
typedef struct il_false_alarms {
    int64_t pictures;    /* 0: not measured */
    int64_t alarms;      /* pictures in which something was found */
    double marked;       /* mean share of marked pixels */
    const char *measure; /* what counts as found */
} il_false_alarms;

/* Lossless and lossy files are judged separately: compression changes the trace, and leaves patterns that resemble
 * it. */
typedef enum il_compression { IL_LOSSLESS, IL_LOSSY, IL_COMPRESSIONS } il_compression;
/* "lossless", "lossy" */
const char *il_calibration_name(il_compression c);

#define IL_CALIBRATION_MEASURE "a region whose picture scores above found_above, by --calibrate"
#define IL_CALIBRATION_TESTS "more than 0.1 % of the picture marked at 0.5, in the run's tests on authentic pictures"
#define IL_CALIBRATION_ENDING ".calibration.json" /* after the name of the weights */
#define IL_CALIBRATION_RATE 0.05                  /* false alarms allowed among the pictures that choose */
enum { IL_CALIBRATION_PICTURES = 40 };            /* with fewer, nothing is chosen */

/* Above this share of false alarms a finding means nothing. */
#define IL_CALIBRATION_HIGH 0.2
bool il_calibration_high(const il_false_alarms *a);

typedef struct il_threshold {
    int64_t chosen_on;        /* authentic pictures; 0: nothing was chosen */
    double score;             /* higher image scores count as found */
    il_false_alarms measured; /* on other images; where nothing was chosen, by the marks alone */
} il_threshold;

/* Results of the run's own tests, by the marks alone. */
typedef struct il_tested {
    double iou;             /* on the kind of pictures it was trained on, as published; NAN: not measured */
    il_false_alarms alarms; /* on authentic pictures */
} il_tested;

typedef struct il_calibration {
    bool none; /* ignore it: the verdict follows from the marks alone */
    il_threshold bars[IL_COMPRESSIONS];
} il_calibration;

/* An authentic picture: what the marks alone say of it. */
typedef struct il_authentic {
    il_compression compression;
    double score, share;
    bool marked; /* has a region */
} il_authentic;

/* Images of one compression, all by the marks alone. */
int il_calibration_measure(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e);

/* The first half of the list chooses, the other half measures: neighbours, such as the tiles of one photo, stay
 * together. */
int il_calibration_choose(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e);

/* What is known about false alarms on images of one compression; pictures 0: nothing. */
const il_false_alarms *il_calibration_alarms(const il_calibration *k, const il_tested *t, il_compression c);

/* The verdict on an image, given the verdict by its marks alone. */
il_verdict il_calibration_judge(const il_calibration *k, const il_tested *t, il_verdict marks, double score,
                                il_compression c);

/* The weights and settings that a calibration holds for. */
typedef struct il_calibration_of {
    const char *weights_sha256;
    int tile, overlap;
    double threshold, least;
} il_calibration_of;

/* Path of the calibration file beside the weights. */
int il_calibration_path(il_text *path, const char *weights, il_err *e);

/* If the file does not exist, *k and *t stay as they are. *fits is false when the calibration is for other weights
 * or settings; *k then stays. *t is set when the file is for these weights. */
int il_calibration_read(il_calibration *k, il_tested *t, bool *fits, const char *path, il_calibration_of of, il_err *e);
int il_calibration_write(const il_calibration *k, const il_tested *t, const char *path, il_calibration_of of,
                         il_err *e);

/* Copies the calibration beside the weights, and the results of the run's tests, beside a copy of the weights.
 * *done: there was something to copy, and it was for these weights. IL_EDATA when the copy has another calibration,
 * which stays. */
int il_calibration_carry(bool *done, const char *from_weights, const char *from_sha256, const char *to_weights,
                         const char *to_sha256, const il_tested *t, il_err *e);

#endif
