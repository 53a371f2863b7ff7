/* utf8.h - UTF-8: characters of texts, and texts from outside (file names, prompts) made fit for terminals, JSON and HTML. */
#ifndef IL_UTF8_H
#define IL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One character (a code point) of `size` > 0 bytes; *used: its bytes. -1 where none begins: *used is then what one
 * replacement character stands for, the longest beginning of a character that is there, or one byte. */
int32_t il_utf8_next(const char *text, size_t size, size_t *used);

/* In place: control characters and what is not UTF-8 become '?'. */
void il_plain_text(char *text);

/* Whether a text is one line that a terminal can show: no control characters. */
bool il_plain_line(const char *text);

#endif
