/* html.h - escaped text and embedded images for self-contained HTML pages. */
#ifndef IL_BASE_HTML_H
#define IL_BASE_HTML_H

#include "base/text.h"

/* Appends text escaped for content and attributes; line breaks become spaces, invalid UTF-8 becomes '?'. NULL adds
 * nothing. */
void il_html_text(il_text *t, const char *text);

/* Appends a data: URI; `type` is a MIME type such as "image/png" and is not escaped. */
void il_html_data(il_text *t, const char *type, const void *data, size_t size);

#endif
