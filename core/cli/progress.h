/* progress.h - an il_observer that draws a bar on a terminal and plain lines elsewhere. */
#ifndef IL_CLI_PROGRESS_H
#define IL_CLI_PROGRESS_H

#include <stdbool.h>
#include "base/observer.h"

typedef struct il_progress_bar {
    bool terminal; /* stderr is one */
    bool quiet;    /* print only failures */
    bool drawn;    /* the line under the cursor is a bar */
    double told;   /* clock of the last plain progress line */
} il_progress_bar;

/* From now on Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) set the returned flag; the second one ends the
 * program. */
const volatile int *il_progress_bar_signals(void);

/* Also SIGUSR1, by which batch systems warn before they end a job; any number of times. batch: and so SIGTERM, which they send to
 * every process of a job, while its script passes it on to the same. */
void il_progress_bar_heed_warning(bool batch);
/* Whether that, or SIGTERM, asked to stop, rather than the user at a terminal. */
bool il_progress_bar_was_warned(void);

/* stop: returned by il_progress_bar_signals; NULL: never. */
il_observer il_progress_bar_observer(il_progress_bar *bar, bool quiet, const volatile int *stop);

/* Removes the bar before something else is printed. */
void il_progress_bar_clear(il_progress_bar *bar);

#endif
