/* experiment_notes.h - the lines under a table of an experiment's cells. */
#ifndef IL_REPORT_EXPERIMENT_NOTES_H
#define IL_REPORT_EXPERIMENT_NOTES_H

#include "report/matrix.h"
#include "report/table.h"

/* What holds for all runs, which measure is printed, and every mishap. On a page some once, under the last part, and the mishaps
 * in a section of their own. any_best: some cell is marked so. */
void il_experiment_notes(il_table *t, const il_matrix *m, size_t part, il_medium medium, bool any_best);

#endif
