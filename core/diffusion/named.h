/* named.h - the tensors of files in other layouts than that of diffusers' folders, by the names that diffusers gives them. */
#ifndef IL_DIFFUSION_NAMED_H
#define IL_DIFFUSION_NAMED_H

#include <stdbool.h>
#include <inpaintlab/weights.h>

enum { IL_NAMED_SIZE = 200 };

typedef struct il_named_item {
    char name[IL_NAMED_SIZE];
    il_tensor *tensor; /* lent by the list */
} il_named_item;

typedef struct il_named il_named;

/* diffusers' name for that of the file; false: a tensor of something else. */
typedef bool (*il_named_rename)(char out[IL_NAMED_SIZE], const char *name);

int il_named_new(il_named **out, il_err *e);
void il_named_free(il_named *n);
/* Reads those tensors of a file that `rename` knows. IL_EFORMAT when there is none: "WHAT". */
int il_named_add(il_named *n, const char *path, il_named_rename rename, const char *what, il_err *e);
/* Instead of an item, three: equal parts of its first dimension under these names. */
int il_named_split(il_named *n, size_t i, const char *const names[3], il_err *e);

void il_named_drop(il_named *n, size_t i); /* takes the item out; the last one gets its place */

size_t il_named_count(const il_named *n);
il_named_item *il_named_at(il_named *n, size_t i);
const char *il_named_path(const il_named *n); /* of the file that was read last */

/* NULL when absent. */
const il_tensor *il_named_find(const il_named *n, const char *format, ...) IL_PRINTF(2, 3);
/* A tensor's size along a dimension, 0 when it is absent or has no such dimension, or a larger one than IL_NAMED_MOST. */
enum { IL_NAMED_MOST = 65536 };
int il_named_dim(const il_named *n, int dim, const char *format, ...) IL_PRINTF(3, 4);

/* ---- names ---- */

typedef struct il_named_pair {
    const char *from, *to;
} il_named_pair;

/* Replaces the first occurrence of each `from`, in order; pairs end with NULL. False: the name became too long. */
bool il_named_replace(char name[IL_NAMED_SIZE], const il_named_pair *pairs);
/* Whether name begins with it; *rest what follows. */
bool il_named_after(const char **rest, const char *name, const char *prefix);

#endif
