/* notes.h - a growing list of the lines under a table. */
#ifndef IL_NOTES_H
#define IL_NOTES_H

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

#endif
