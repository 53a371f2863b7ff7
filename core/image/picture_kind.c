/* picture_kind.c - the names of a sample's images. */
#include <string.h>
#include "image/picture_kind.h"

const char *const il_picture_kinds[IL_PICTURE_KINDS] = { "original", "mask",          "inpainted",       "realfake",
                                                         "fakefake", "reconstructed", "selfconditioned", "exchanged" };

il_picture_kind il_picture_kind_find(const char *name, size_t length)
{
    int kind = 0;
    while (kind < IL_PICTURE_KINDS &&
           (strlen(il_picture_kinds[kind]) != length || memcmp(il_picture_kinds[kind], name, length) != 0))
        kind++;
    return (il_picture_kind)kind;
}

bool il_picture_kind_masked(il_picture_kind kind)
{
    return kind == IL_INPAINTED || kind == IL_REALFAKE || kind == IL_FAKEFAKE || kind == IL_EXCHANGED;
}

bool il_picture_kind_sharp(il_picture_kind kind)
{
    return kind == IL_EXCHANGED;
}
