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
    int64_t pixels;      /* of all of them */
    double marked;       /* mean share of marked pixels */
    const char *measure; /* what counts as found */
} il_false_alarms;

/* Lossless and lossy files are judged separately: compression changes the trace, and leaves patterns that resemble
 * it. */
typedef enum il_compression { IL_LOSSLESS, IL_LOSSY, IL_COMPRESSIONS } il_compression;
/* "lossless", "lossy" */
const char *il_calibration_name(il_compression c);

#define IL_CALIBRATION_MEASURE "a region whose picture scores above found_above, by --calibrate"
#define IL_CALIBRATION_TESTS "64 or more pixels marked at 0.5, in the run's tests on authentic pictures"
#define IL_CALIBRATION_RATE 0.05       /* false alarms allowed among the pictures that choose */
enum { IL_CALIBRATION_PICTURES = 40 }; /* with fewer, nothing is chosen */

/* Above this share of false alarms a finding means nothing. */
#define IL_CALIBRATION_HIGH 0.2
bool il_calibration_high(const il_false_alarms *a);

/* A larger picture has more places for a false alarm. A rate holds for pictures that have between half and twice the mean
 * area of those that it was measured on. */
#define IL_CALIBRATION_LIKE 2.0
double il_calibration_times(const il_false_alarms *a, int64_t pixels); /* the picture's area / their mean area */
bool il_calibration_like(const il_false_alarms *a, int64_t pixels);
/* The share of authentic pictures of that area in which something is found: the measured one where it holds; elsewhere
 * as if false alarms came independently, area by area. 0 when nothing was measured. */
double il_calibration_expected(const il_false_alarms *a, int64_t pixels);
/* Pictures with a false alarm per million pixels, with Wilson's interval of the pictures in the same unit. */
typedef struct il_alarm_density {
    double value, low, high;
} il_alarm_density;
il_alarm_density il_calibration_density(const il_false_alarms *a);

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
    bool old;  /* that of these weights was made by another version: verdicts are uncertain until it is made anew */
    il_threshold bars[IL_COMPRESSIONS];
} il_calibration;

/* An authentic picture: what the marks alone say of it. */
typedef struct il_authentic {
    il_compression compression;
    double score, share;
    int64_t pixels;
    bool marked; /* has a region */
} il_authentic;

/* Images of one compression, all by the marks alone. */
int il_calibration_measure(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e);

/* The first half of the list chooses, the other half measures: neighbours, such as the tiles of one photo, stay
 * together. */
int il_calibration_choose(il_threshold *out, const il_authentic *list, size_t count, il_compression c, il_err *e);

/* What is known about false alarms on images of one compression; pictures 0: nothing. */
const il_false_alarms *il_calibration_alarms(const il_calibration *k, const il_tested *t, il_compression c);

/* What an image's marks alone say. */
typedef struct il_marks {
    il_verdict verdict;
    double score;
    int64_t pixels; /* of the image */
    il_compression compression;
} il_marks;

/* The verdict on an image. */
il_verdict il_calibration_judge(const il_calibration *k, const il_tested *t, il_marks m);

/* The weights and settings that a calibration holds for. */
typedef struct il_calibration_of {
    const char *weights_sha256;
    int tile, overlap;
    double threshold;
    int least; /* pixels */
} il_calibration_of;

typedef enum il_calibration_fit {
    IL_CALIBRATION_FITS,  /* or there is none */
    IL_CALIBRATION_OTHER, /* for other weights or settings */
    IL_CALIBRATION_OLD    /* for these weights, by another version's score: k->old is set */
} il_calibration_fit;

/* Path of the calibration file beside the weights. */
int il_calibration_path(il_text *path, const char *weights, il_err *e);

/* If the file does not exist, *k and *t stay as they are. The bars of *k are set only when the calibration fits, *t when the
 * file is for these weights. */
int il_calibration_read(il_calibration *k, il_tested *t, il_calibration_fit *fit, const char *path,
                        il_calibration_of of, il_err *e);
int il_calibration_write(const il_calibration *k, const il_tested *t, const char *path, il_calibration_of of,
                         il_err *e);

/* Copies the calibration beside the weights, and the results of the run's tests, beside a copy of the weights.
 * *done: there was something to copy, and it was for these weights. IL_EDATA when the copy has another calibration,
 * which stays. */
int il_calibration_carry(bool *done, const char *from_weights, const char *from_sha256, const char *to_weights,
                         const char *to_sha256, const il_tested *t, il_err *e);

#endif
