/* html.h - texts and pictures of pages that need nothing else. */
#ifndef IL_HTML_H
#define IL_HTML_H

#include "base/text.h"

/* Escaped for content and attributes; line ends become blanks, what is no UTF-8 '?'. NULL is nothing. */
void il_html_text(il_text *t, const char *text);

/* A data: URI; the type is one's own, as "image/png". */
void il_html_data(il_text *t, const char *type, const void *data, size_t size);

#endif
