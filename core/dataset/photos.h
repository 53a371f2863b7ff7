/* photos.h - the photos that a recipe works on: files, ids, captions. */
#ifndef IL_DATASET_PHOTOS_H
#define IL_DATASET_PHOTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/error.h>

typedef struct il_photo {
    char *id;      /* path below the root without its ending; '/' becomes '_' */
    char *path;    /* relative to the working folder */
    char *below;   /* path below the root */
    char *caption; /* "" when there is none */
    int64_t size;  /* bytes of the file */
} il_photo;

typedef struct il_photos {
    il_photo *list; /* by `below`, in byte order */
    size_t count;
} il_photos;

typedef struct il_photos_opts {
    const char *root;
    const char
        *captions; /* COCO captions file; "" or NULL: PHOTO.json ("caption") or PHOTO.txt beside the photo, if any */
    bool no_captions;
    int64_t limit; /* at most this many; 0: all */
} il_photos_opts;

/* Every JPEG, PNG and WebP (by extension) below the root; hidden files and folders are skipped, links to folders are
 * followed. IL_EDATA when there is none, two have the same id, or the captions file has no caption for any. */
int il_photos_list(il_photos *out, il_photos_opts o, il_err *e);
size_t il_photos_captioned(const il_photos *p); /* number of photos with a caption */
void il_photos_free(il_photos *p);

#endif
