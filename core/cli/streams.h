/* streams.h - standard input, output and error, which may be closed, full, or read by nobody. */
#ifndef IL_STREAMS_H
#define IL_STREAMS_H

#include <inpaintlab/error.h>

/* Before any file is opened: a closed stream's number stays taken, and a reader that has gone is no signal. */
void il_streams_open(void);

/* Fails when what was printed has not all arrived. */
int il_streams_check(il_err *e);

/* The exit status, when all that was printed has arrived; else one line on stderr, unless the status tells of a failure
 * already, and `failure`. */
int il_streams_end(int status, int failure);

#endif
