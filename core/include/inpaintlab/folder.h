/* folder.h - lists pictures on disk. The paper's layout: ROOT/<split>/<id>.<kind>.(webp|png|jpg|jpeg), with the mask of
 * each id in <id>.mask.*; the folder of the validation split may be called validation, val or valid. And IMDL-BenCo's. */
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

/* Adds every id that has a picture of the kind what.images (inpainted, realfake, fakefake, exchanged) and a mask; of the kinds
 * original, reconstructed and selfconditioned without a mask, as nothing of them was painted. Rejects an id that lacks one of them, or has two files of one kind. IL_EDATA when the
 * folder, the split or the kind is absent. */
int il_folder_scan(il_items *out, il_folder folder, il_scan what, il_err *e);

/* The two layouts of IMDL-BenCo, which know no splits. images: "tampered" (each with its mask), "original" (authentic, no
 * mask) or "all". IL_EDATA when there is none of them, IL_EPARAM when images is another word. */

/* ROOT/Tp holds the tampered pictures, ROOT/Gt their masks. A picture and its mask have the same name but for the ending;
 * a mask's may have _gt or _mask behind it. What has no partner is rejected. No picture is authentic. */
int il_folder_pairs(il_items *out, const char *root, const char *images, il_err *e);

/* A JSON file: [["picture", "mask"], ["picture", "Negative"], …]; Negative marks authentic pictures. Paths are relative to
 * the file's folder; a picture's path as written, without "./", is its id. Rejects what is absent or named twice. */
int il_folder_list(il_items *out, const char *path, const char *images, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
