/* input_image.c - an image file from disk or standard input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/sha256.h"
#include "detect/input_image.h"
#include "image/image_file.h"

enum { MOST_BYTES = 1 << 30, CHUNK = 1 << 16 };

static int read_stdin(uint8_t **out, size_t *size, il_err *e)
{
    uint8_t *data = NULL;
    size_t room = 0, got = 0;
    for (;;) {
        if (room - got < CHUNK) {
            room = room ? 2 * room : 2 * (size_t)CHUNK;
            uint8_t *more = room <= 2 * (size_t)MOST_BYTES ? realloc(data, room) : NULL;
            if (!more) {
                free(data);
                return il_fail_oom(e);
            }
            data = more;
        }
        ssize_t n = read(STDIN_FILENO, data + got, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0 && got > 0 && got <= MOST_BYTES) {
                *out = data;
                *size = got;
                return IL_OK;
            }
            int why = errno;
            free(data);
            return n < 0 ? il_fail(e, IL_EIO, "cannot read standard input: %s", strerror(why))
                         : il_fail(e, IL_EFORMAT, "standard input is empty; expected an image");
        }
        got += (size_t)n;
        if (got > MOST_BYTES) {
            free(data);
            return il_fail(e, IL_EFORMAT, "standard input has more than %d bytes, the most that an image may have",
                           MOST_BYTES);
        }
    }
}

const char *il_input_image_name(const char *path)
{
    return strcmp(path, IL_SUBJECT_STDIN) == 0 ? "standard input" : path;
}

int il_input_image_open(il_input_image *out, const char *path, il_err *e)
{
    il_input_image s = { .path = path };
    il_image size = { 0 };
    int rc = strcmp(path, IL_SUBJECT_STDIN) == 0 ? read_stdin(&s.data, &s.size, e)
                                                 : il_image_file_load(&s.data, &s.size, path, e);
    if (rc)
        return rc;
    il_image_file in = { .path = il_input_image_name(path), .data = s.data, .size = s.size, .header_only = true };
    const char *foreign = il_metadata_foreign(s.data, s.size);
    rc = !foreign ? il_image_file_decode_upright(&size, &in, e)
                  : il_fail(e, IL_EFORMAT,
                            "%s: is a %s file; expected PNG, JPEG, WebP or TIFF: convert it to "
                            "PNG at full size (JPEG would remove part of the trace)",
                            in.path, foreign);
    if (rc) {
        il_input_image_close(&s);
        return rc;
    }
    s.header = il_metadata_read(s.data, s.size);
    s.sha256 = il_sha256(s.data, s.size);
    s.width = size.width;
    s.height = size.height;
    *out = s;
    return IL_OK;
}

int il_input_image_decode(il_input_image *s, il_err *e)
{
    il_image_file in = { .path = il_input_image_name(s->path), .data = s->data, .size = s->size };
    int rc = il_image_file_decode_upright(&s->image, &in, e);
    free(s->data);
    s->data = NULL;
    return rc ? rc : il_image_file_make_rgb(&s->image, e);
}

void il_input_image_close(il_input_image *s)
{
    free(s->data);
    il_image_free(&s->image);
    *s = (il_input_image){ 0 };
}
