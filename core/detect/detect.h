/* detect.h - runs a detector on one image file and writes what it found. */
#ifndef IL_DETECT_DETECT_H
#define IL_DETECT_DETECT_H

#include "detect/detector.h"
#include "detect/regions.h"
#include "detect/verdict.h"
#include "image/metadata.h"

typedef struct il_detect_opts {
    int tile, overlap;                                   /* pixels */
    double threshold;                                    /* in (0, 1) */
    int least;                                           /* pixels of the smallest region */
    int64_t memory;                                      /* bytes that the process may use */
    void (*progress)(void *context, int done, int rows); /* after each row of tiles; NULL: none */
    void *context;
} il_detect_opts;

/* Reasons why a result may be less reliable than the card says. */
typedef enum il_warning {
    IL_WARN_WEAK,
    IL_WARN_LOSSY,
    IL_WARN_SIZE,
    IL_WARN_SMALL,
    IL_WARN_ALPHA,
    IL_WARN_DEEP,
    IL_WARN_ANIMATED,
    IL_WARN_CMYK,
    IL_WARN_REVISION,
    IL_WARN_UNCERTAIN,
    IL_WARN_AREA,
    IL_WARNINGS
} il_warning;

typedef struct il_finding {
    const char *path; /* lent; "-": standard input */
    il_metadata header;
    char sha256[65]; /* of the file */
    int width, height;
    int tile;           /* pixels; smaller on sides that are smaller */
    int64_t marked;     /* pixels */
    double share;       /* of marked pixels */
    double score;       /* IL_VERDICT_CONVENTION */
    il_verdict marks;   /* by the marked pixels alone */
    il_verdict verdict; /* after calibration */
    il_regions regions;
    unsigned warnings; /* bit 1 << il_warning */
} il_finding;

/* stem: NULL, or the path prefix of STEM.mask.png, STEM.heat.png and STEM.overlay.png. il_detector_try must have
 * been called with o.tile. IL_EPARAM when memory does not suffice. */
int il_detect_picture(il_finding *out, const il_detector *d, const char *path, const char *stem, il_detect_opts o,
                      il_err *e);
void il_detect_free(il_finding *f);

il_compression il_detect_compression(const il_finding *f);
/* What is known about false alarms on images like it, and the bar that its score is compared with; NULL: none. */
const il_false_alarms *il_detect_alarms(const il_finding *f, const il_detector *d);
const il_threshold *il_detect_bar(const il_finding *f, const il_detector *d);
int64_t il_detect_pixels(const il_finding *f);
/* "366 times larger" */
void il_detect_times(char *to, size_t size, double times);

/* The generators that made the detector's training pictures, or "unknown generators (data set NAME)". */
void il_detect_knows(char *to, size_t size, const il_card *c);

/* A detector is weak below this IoU, or with il_calibration_high. */
#define IL_DETECT_WEAK_IOU 0.3

enum { IL_DETECT_TEXT = 500 }; /* bytes that hold any of the texts below */

/* "lossy", "size", …, and a sentence about this image. */
const char *il_detect_warning_name(il_warning w);
void il_detect_warning_text(char *to, size_t size, const il_finding *f, const il_detector *d, il_warning w);

#endif
