/* page.h - the text of a page, as tests look for it. */
#ifndef TEST_PAGE_H
#define TEST_PAGE_H

#include <string.h>

/* Takes out what only narrow screens show: each cell's column. */
static inline char *without_names(char *page)
{
    static const char name[] = " data-name=\"";
    char *to = page;
    for (char *from = page; *from;) {
        if (strncmp(from, name, sizeof name - 1) == 0) {
            from += sizeof name - 1;
            from += strcspn(from, "\"");
            from += *from != '\0';
        } else
            *to++ = *from++;
    }
    *to = '\0';
    return page;
}

#endif
