/* report_notes.h - the lines under a table: a list of texts, and what several tables say alike. */
#ifndef IL_REPORT_NOTES_H
#define IL_REPORT_NOTES_H

#include "report/matrix.h"
#include "base/text.h"

/* Start with {0}. lines ends with NULL once there is one. */
typedef struct il_notes {
    char **lines;
    size_t count;
    bool failed; /* memory ran out */
} il_notes;

void il_notes_add(il_notes *n, const char *line);
/* The text becomes the list's; one that is empty is no line. */
void il_notes_take(il_notes *n, il_text *text);
void il_notes_free(il_notes *n);

/* Which weights were tested; where runs differ, of which runs which. */
void il_notes_weights(il_notes *n, const il_matrix *m);
/* Of a grid that names a published table, none of whose cells has the labels of its own. */
void il_notes_unmatched(il_notes *n, const il_matrix *m);

#define IL_NOTE_WEIGHTS \
    "Weights tested: best, of the epoch with the lowest validation loss; last, those the training ended with, as the published" \
    " code tested (train.as_published)."

#define IL_NOTE_TRUTH \
    "A pixel is truly inpainted where its target is above 0 after the mask policy: with full only grey 255 of the blurred mask," \
    " with soft and any every grey above 0. Cells of different mask policies are measured against different truths."

#define IL_NOTE_AUTHENTIC \
    "Pictures with nothing to be found have no IoU: alarms is the share of them in which anything is marked, marked the share" \
    " of their pixels."

#endif
