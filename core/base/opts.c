/* opts.c - reads structs of options, whatever version of them the caller knows. */
#include <string.h>
#include "base/opts.h"

int il_opts_read(void *out, size_t known, const void *given, il_err *e)
{
    size_t size = 0;
    if (given)
        memcpy(&size, given, sizeof size);
    if (given && size < sizeof size)
        return il_fail(e, IL_EPARAM, "the size of the options is %zu; expected sizeof the struct, as IL_OPTS sets it",
                       size);
    for (size_t i = known; i < size; i++)
        if (((const unsigned char *)given)[i])
            return il_fail(e, IL_EPARAM, "an option is set that this version does not know (byte %zu of %zu)", i, size);
    memset(out, 0, known);
    if (given)
        memcpy(out, given, size < known ? size : known);
    memcpy(out, &known, sizeof known);
    return IL_OK;
}
