/* file.h - reading files, creating and listing folders. */
#ifndef IL_BASE_FILE_H
#define IL_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
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

/* "file", "folder", "pipe", "socket" or "device", by st_mode. */
const char *il_file_kind(mode_t mode);

/* Reads `count` bytes at offset `at`. Messages do not include the path; IL_EFORMAT when the file ends before. */
int il_file_pread(int fd, void *out, size_t count, uint64_t at, il_err *e);

/* ---- files from outside ----
 * The one way to open them: regular files of a bounded size, whatever lies under the name. A folder, a pipe or a device is
 * IL_EIO, a larger file IL_EFORMAT; nothing of that waits. Links are followed. Messages name the path. */

/* What they may have at most: settings and descriptions; lists of a data set, one line or item per image. */
#define IL_FILE_SETTINGS (UINT64_C(16) << 20)
#define IL_FILE_LIST (UINT64_C(1) << 30)
#define IL_FILE_ANY UINT64_MAX

int il_file_open(int *fd, uint64_t *size, const char *path, uint64_t most, il_err *e);

/* read(2) of up to `room` bytes where `left` bytes are still expected: IL_EIO when there are fewer or more. 0: the end. */
int il_file_next(size_t *got, int fd, void *out, size_t room, uint64_t left, const char *path, il_err *e);

/* The whole content, and a NUL behind it; the caller frees *data. */
int il_file_read(char **data, size_t *size, const char *path, uint64_t most, il_err *e);
/* The same of what il_file_open opened. */
int il_file_read_open(char **data, int fd, size_t size, const char *path, il_err *e);

/* The same of a file that the user names and that may be a pipe, as /dev/stdin and <(…) are: it is read to its end, and
 * given up when nothing arrives for five seconds. */
int il_file_read_argument(char **data, size_t *size, const char *path, uint64_t most, il_err *e);

/* ---- folders ---- */

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
