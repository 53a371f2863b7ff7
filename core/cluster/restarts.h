/* restarts.h - whether starting a task again and again brings it on. */
#ifndef IL_CLUSTER_RESTARTS_H
#define IL_CLUSTER_RESTARTS_H

#include <stdbool.h>
#include <inpaintlab/error.h>

enum { IL_RESTARTS_FRUITLESS = 2 };

/* progress: what is done, as a text that differs when more is. The file remembers that of the last start, and how many restarts
 * in a row found nothing more. *give_up: that many. again: this is a restart, by a scheduler; else counting begins anew. */
int il_restarts_note(bool *give_up, const char *file, const char *progress, bool again, il_err *e);

/* Whether a scheduler has started this task before: SLURM_RESTART_COUNT. */
bool il_restarts_again(void);

#endif
