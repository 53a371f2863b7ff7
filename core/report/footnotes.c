/* report_notes.c - the lines under a table. */
#include <stdlib.h>
#include <string.h>
#include "report/footnotes.h"

void il_notes_take(il_notes *n, il_text *text)
{
    char **more = text->failed || !text->data ? NULL : realloc(n->lines, (n->count + 2) * sizeof *more);
    if (more) {
        n->lines = more;
        n->lines[n->count++] = text->data;
        n->lines[n->count] = NULL;
    } else {
        n->failed = n->failed || text->failed || text->data;
        il_words_free(text);
    }
    *text = (il_text){ 0 };
}

void il_notes_add(il_notes *n, const char *line)
{
    il_text text = { 0 };
    il_words_add(&text, "%s", line);
    il_notes_take(n, &text);
}

void il_notes_free(il_notes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->lines[i]);
    free(n->lines);
    *n = (il_notes){ 0 };
}

void il_notes_weights(il_notes *n, const il_matrix *m)
{
    static const char *const words[] = { "best", "last" };
    il_text line = { 0 };
    size_t of[2] = { 0 }, told = 0;
    for (size_t run = 0; run < m->runs.count; run++)
        for (int w = 0; w < 2; w++)
            of[w] += strcmp(il_matrix_at(m, m->first[run], IL_WEIGHTS), words[w]) == 0;
    if (of[0] && of[1])
        il_words_add(&line, "Weights tested: of the best epoch;");
    else if (of[0] || of[1])
        il_words_add(&line, "Weights tested: of the %s epoch.", words[of[1] > 0]);
    for (size_t run = 0; of[0] && of[1] && run < m->runs.count; run++)
        if (strcmp(il_matrix_at(m, m->first[run], IL_WEIGHTS), words[1]) == 0)
            il_words_add(&line, "%s %s", told++ ? "," : " of the last epoch in", m->runs.items[run]);
    il_notes_take(n, &line);
}

void il_notes_unmatched(il_notes *n, const il_matrix *m)
{
    il_text line = { 0 };
    for (size_t i = 0; i < m->cells.count; i++)
        if (!*il_matrix_at(m, i, IL_UNMATCHED))
            return;
    if (m->cells.count)
        il_words_add(&line, "The grid names the published table %s, but no cell has the labels of one of its cells.",
                     il_matrix_at(m, 0, IL_UNMATCHED));
    il_notes_take(n, &line);
}
