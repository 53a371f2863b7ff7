/* study.h - a file that lists grids, which are done one after the other. */
#ifndef IL_PLAN_STUDY_H
#define IL_PLAN_STUDY_H

#include <stddef.h>
#include <inpaintlab/error.h>

typedef struct il_study {
    char **grids; /* paths */
    size_t count;
} il_study;

/* Of a file with the key `grids`: the files of that list, which are named relative to the folder that it lies in. Of any other
 * file: itself. The grids are not read. */
int il_study_read(il_study *out, const char *path, il_err *e);
void il_study_free(il_study *s);

#endif
