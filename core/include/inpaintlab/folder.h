/* folder.h - lists the paper's folder layout: ROOT/<split>/<id>.<kind>.(webp|png|jpg|jpeg), with the mask of each id in
 * <id>.mask.*. The folder of the validation split may be called validation, val or valid. */
#ifndef IL_FOLDER_H
#define IL_FOLDER_H

#include <inpaintlab/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_folder {
    const char *root;
    const char *having; /* only ids that also have a file of this kind; NULL: all */
    bool optional;      /* a folder without any file of the asked kind adds nothing, instead of failing */
} il_folder;

/* Adds every id that has a picture of the kind what.images (original, inpainted, realfake, fakefake) and a mask;
 * original pictures have none. Rejects an id that lacks one of them, or has two files of one kind. IL_EDATA when the
 * folder, the split or the kind is absent. */
int il_folder_scan(il_items *out, il_folder folder, il_scan what, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
