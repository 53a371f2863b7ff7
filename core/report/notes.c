/* notes.c - a growing list of the lines under a table. */
#include <stdlib.h>
#include "report/notes.h"

void il_footnotes_take(il_footnotes *n, il_text *text)
{
    char **more = text->failed || !text->data ? NULL : realloc(n->lines, (n->count + 2) * sizeof *more);
    if (more) {
        n->lines = more;
        n->lines[n->count++] = text->data;
        n->lines[n->count] = NULL;
    } else {
        n->failed = n->failed || text->failed || text->data;
        il_text_free(text);
    }
    *text = (il_text){ 0 };
}

void il_footnotes_add(il_footnotes *n, const char *line)
{
    il_text text = { 0 };
    il_text_add(&text, "%s", line);
    il_footnotes_take(n, &text);
}

void il_footnotes_free(il_footnotes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->lines[i]);
    free(n->lines);
    *n = (il_footnotes){ 0 };
}
