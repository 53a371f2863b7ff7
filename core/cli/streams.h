/* streams.h - standard input, output and error, which may be closed, full, or without a reader. */
#ifndef IL_CLI_STREAMS_H
#define IL_CLI_STREAMS_H

#include <stdbool.h>
#include <inpaintlab/error.h>

/* Before any file is opened: the number of a closed stream is reserved, and writing where nobody reads, or beyond
 * the limit on the size of files, fails instead of ending the program. */
void il_streams_open(void);

/* Fails if some output was not written. */
int il_streams_check(il_err *e);
/* Whether standard output is a pipe whose reader, as `head`, has what it wants. */
bool il_streams_left(void);

/* To standard output; a terminal sees "\x1b" and the like in place of what could steer it. Returns whether it was written. */
bool il_streams_print(const char *text, size_t size);

/* The exit status if all output was written; else prints an error, unless the status already reports a failure, and
 * returns `failure`. */
int il_streams_end(int status, int failure);

#endif
