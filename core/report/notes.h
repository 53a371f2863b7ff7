/* notes.h - a growing list of the lines under a table. */
#ifndef IL_REPORT_NOTES_H
#define IL_REPORT_NOTES_H

#include "base/text.h"

/* Start with {0}. lines ends with NULL once there is one. */
typedef struct il_footnotes {
    char **lines;
    size_t count;
    bool failed; /* memory ran out */
} il_footnotes;

void il_footnotes_add(il_footnotes *n, const char *line);
/* The text becomes the list's; one that is empty is no line. */
void il_footnotes_take(il_footnotes *n, il_text *text);
void il_footnotes_free(il_footnotes *n);

#endif
