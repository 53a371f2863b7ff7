/* compare_print.h - a comparison as tables. */
#ifndef IL_REPORT_COMPARE_PRINT_H
#define IL_REPORT_COMPARE_PRINT_H

#include "report/compare.h"
#include "report/format.h"

/* csv has the pairs alone; the others also the cells and, where there are any, the seeds. */
int il_compare_print(FILE *to, const il_comparison *c, il_format format, il_err *e);

/* The pairs, as people read them. names: of the cells, in place of their numbers; those that differ are marked then. NULL:
 * numbers. */
void il_compare_pairs(il_table *t, const il_comparison *c, const char *const *names);

#define IL_COMPARE_TRAININGS                                                                                           \
    "Each pair is of two trainings: a difference between them is no difference between methods until several seeds show it."

/* "36 tiles of 6 photos: …", and where there are few photos, what that means; nothing where there is nothing to say. */
void il_compare_note_photos(il_text *to, size_t pictures, size_t photos);

#endif
