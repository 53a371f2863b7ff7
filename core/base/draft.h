/* draft.h - the temporary name under which a file or a folder is written until it is complete: NAME.inpaintlab-N.tmp.
 * Whoever writes holds a lock on it, which the kernel releases when the process ends. So the draft of a killed writer
 * can be told from one that is being written, on a disk shared with other computers too, and the next writer of NAME
 * removes it. Where there are no locks, it stays. */
#ifndef IL_BASE_DRAFT_H
#define IL_BASE_DRAFT_H

#include <stdbool.h>
#include <sys/types.h>
#include <inpaintlab/error.h>

/* Creates a file that *fd writes, or a folder for its owner alone; removes drafts of killed writers first. *fd holds
 * the lock. The caller frees *draft. */
int il_draft_file(char **draft, int *fd, const char *path, mode_t mode, il_err *e);
int il_draft_folder(char **draft, int *fd, const char *path, il_err *e);

/* Tells the name that the draft was to have, in the message that *e holds. */
void il_draft_rename(il_err *e, const char *draft, const char *path);

/* Removes the draft, a folder with everything in it. */
void il_draft_remove(const char *draft);

/* Removes all drafts of `name` (NULL: of any) in the folder that nobody is writing. */
void il_draft_sweep(const char *folder, const char *name);

/* Where a chain of symbolic links ends, whether something is there or not. The caller frees it. */
int il_draft_target(char **target, const char *path, il_err *e);

#endif
