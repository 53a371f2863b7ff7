/* plain.h - texts from outside (file names, prompts) made fit for terminals, JSON and HTML. */
#ifndef IL_PLAIN_H
#define IL_PLAIN_H

#include <stdbool.h>

/* In place: control characters and what is no UTF-8 become '?'. */
void il_plain_text(char *text);

/* Whether a text is one line that a terminal can show: no control characters. */
bool il_plain_line(const char *text);

#endif
