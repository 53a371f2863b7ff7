/* file.h - reading files, creating and listing folders. */
#ifndef IL_BASE_FILE_H
#define IL_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of a file as long as its size and time of change stay. */
enum { IL_LEVELS_TEXT = 66 };
typedef struct il_file_facts {
    char sha256[65];
    int width, height;           /* of an image; 0: not known */
    char levels[IL_LEVELS_TEXT]; /* of a mask, as loader/source_digest.c writes them; "": not known */
} il_file_facts;

/* What a failed call on a file comes to, by errno: IL_ENOMEM for want of memory, else IL_EIO. */
int il_file_code(int why);

/* Reads `count` bytes at offset `at`. Messages do not include the path; IL_EFORMAT when the file ends before. */
int il_file_pread(int fd, void *out, size_t count, uint64_t at, il_err *e);

/* Creates the folder and its parents; existing ones are fine. IL_EIO when something else has that name. */
int il_file_make_folders(const char *path, il_err *e);

/* Creates the parent folders of a file to be written. */
int il_file_make_parents(const char *path, il_err *e);

/* The names in a folder in byte order, without hidden ones, which begin with a dot. Start with {0}. */
typedef struct il_file_names {
    char **list;
    size_t count;
} il_file_names;

int il_file_list(il_file_names *out, const char *folder, il_err *e);
void il_file_names_free(il_file_names *n);

#ifdef __cplusplus
}
#endif
#endif
