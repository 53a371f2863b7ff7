/* utf8.h - UTF-8: decoding, and making texts from outside (file names, prompts) safe for terminals, JSON and HTML. */
#ifndef IL_BASE_UTF8_H
#define IL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first code point of `size` > 0 bytes; *used is its length in bytes. -1 for an invalid sequence; *used is then
 * how many bytes one replacement character stands for: the longest valid beginning of a character, or one byte. */
int32_t il_utf8_next(const char *text, size_t size, size_t *used);

/* Characters of `size` bytes; what is not UTF-8 counts as the replacement characters that would stand for it. */
size_t il_utf8_count(const char *text, size_t size);

/* Bytes of the byte-order mark that a text begins with: 3 or 0; and what follows it. */
size_t il_utf8_mark(const char *text, size_t size);
const char *il_utf8_after_mark(const char *text);

/* Whether a terminal would do something else than show it: C0 and C1 controls, and the marks that turn the direction of
 * writing, so that a text reads as another. -1, for invalid bytes, is no character to show either. */
bool il_utf8_is_control(int32_t code);

/* The first character of `size` > 0 bytes as a terminal may show it: itself, or "\n", "\x1b", "\u202e", and "\xff"
 * for a byte that is not UTF-8. Returns how many bytes it stands for. */
enum { IL_UTF8_SHOWN = 12 };
size_t il_utf8_show(char out[IL_UTF8_SHOWN], const char *text, size_t size);

/* Replaces such characters and invalid UTF-8 by '?', in place. */
void il_utf8_make_plain(char *text);

/* Whether a text is one line without such characters, so that a terminal can show it. */
bool il_utf8_is_line(const char *text);

#endif
