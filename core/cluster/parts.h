/* parts.h - a job file: what each task of an array has to do, one JSON object a line:
 * {"experiment":"array","runs":["seed=1","seed=2"]}. Written once, before the tasks are submitted, so that all of them divide the grid alike. */
#ifndef IL_CLUSTER_PARTS_H
#define IL_CLUSTER_PARTS_H

#include <stdio.h>
#include "cluster/shard.h"

typedef struct il_part {
    char **runs; /* names in the grid */
    size_t count;
} il_part;

/* Start with {0}. */
typedef struct il_parts {
    il_part *list;
    size_t count;
    char *experiment; /* whose runs they are; NULL: not said, as in files of earlier versions */
} il_parts;

/* Appends a run to the task of that number, from 1; tasks before it may be empty. */
int il_parts_add(il_parts *t, int number, const char *run, il_err *e);
void il_parts_free(il_parts *t);

/* Appears complete or not at all. */
int il_parts_write(const il_parts *t, const char *path, il_err *e);
int il_parts_print(FILE *to, const il_parts *t, il_err *e);
/* Errors name the file and the line. */
int il_parts_read(il_parts *out, const char *path, il_err *e);

/* "DIR/1-0003.sqlite" for task 3 of "DIR/1.tasks". */
int il_parts_database(char out[IL_SHARD_PATH], const char *path, int number, il_err *e);

#endif
