/* detect.h - the parts of inpaintlab detect. */
#ifndef IL_CLI_DETECT_H
#define IL_CLI_DETECT_H

#include "detect/detect.h"

typedef struct il_detect_line {
    il_detect_opts how;     /* tile 0, overlap -1: not given */
    const char *run, *weights, *model, *database, *device, *output, *calibrate;
    int threads;
    bool json, quiet, help;
    char **words;           /* pictures, folders, patterns */
    int nwords;
} il_detect_line;

/* IL_EUSAGE when the command line is wrong. */
int il_detect_line_read(il_detect_line *out, int argc, char **argv, il_err *e);
void il_detect_line_help(void);

/* "photo.png: region, 12.3 % marked, 2 regions, score 0.998" */
void il_detect_print(const il_finding *f);
/* To stderr, each kind once: *said remembers. */
void il_detect_print_warnings(unsigned *said, const il_finding *f, const il_detector *d);
void il_detect_print_card(const il_card *c);
void il_detect_print_alarms(const char *folder, const il_false_alarms *a, size_t failed);

#endif
