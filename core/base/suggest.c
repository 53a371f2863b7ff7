/* suggest.c - "did you mean": edit distance over a list of words. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/suggest.h"

enum { LONGEST_WORD = 64 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Damerau-Levenshtein distance (optimal string alignment), ignoring case; both words have at most LONGEST_WORD
 * letters. */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST_WORD + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];
    int width = (int)strlen(b), height = (int)strlen(a);

    for (int x = 0; x <= width; x++)
        above[x] = x;
    for (int y = 1; y <= height; y++) {
        row[0] = y;
        for (int x = 1; x <= width; x++) {
            int change = above[x - 1] + !same_letter(a[y - 1], b[x - 1]);
            row[x] = least(change, 1 + least(above[x], row[x - 1]));
            if (y > 1 && x > 1 && same_letter(a[y - 1], b[x - 2]) && same_letter(a[y - 2], b[x - 1]))
                row[x] = least(row[x], before[x - 2] + 1);
        }
        int *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[width];
}

const char *il_suggest_nearest(const char *wrong, const char *const *candidates, size_t count)
{
    size_t length = strlen(wrong);
    if (length == 0 || length > LONGEST_WORD)
        return NULL;

    int limit = length == 1 ? 0 : length / 3 > 1 ? (int)(length / 3) : 1; /* any letter is near to another */
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > LONGEST_WORD)
            continue;
        int d = distance(wrong, candidates[i]);
        if (d > limit || (nearest && d == limit))
            continue;
        limit = d;
        nearest = candidates[i];
    }
    return nearest;
}

il_hint il_suggest_hint(const char *wrong, const char *const *candidates, size_t count)
{
    il_hint hint = { "" };
    const char *near = il_suggest_nearest(wrong, candidates, count);
    if (near)
        snprintf(hint.text, sizeof hint.text, "; did you mean '%s'?", near);
    return hint;
}

il_unknown il_suggest_key(const char *written, const char *const *names)
{
    size_t count = 0;
    while (names[count])
        count++;
    const char *nearest = il_suggest_nearest(written, names, count);

    il_unknown m;
    if (nearest) {
        snprintf(m.text, sizeof m.text, "unknown key '%s'; did you mean '%s'?", written, nearest);
        return m;
    }
    size_t used = (size_t)snprintf(m.text, sizeof m.text, "unknown key '%.100s'; expected one of ", written);
    for (size_t i = 0; i < count && used < sizeof m.text; i++)
        used += (size_t)snprintf(m.text + used, sizeof m.text - used, "%s%s", i ? ", " : "", names[i]);
    return m;
}
