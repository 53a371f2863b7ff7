/* opts.h - options of a caller that was compiled against fewer members, or more: see <inpaintlab/options.h>. */
#ifndef IL_BASE_OPTS_H
#define IL_BASE_OPTS_H

#include <stddef.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fills out (known bytes, beginning with a size_t) from given, which may be NULL. Members that given lacks become 0; IL_EPARAM
 * when its size is not set, or a member is set that out does not have. */
int il_opts_read(void *out, size_t known, const void *given, il_err *e);

#ifdef __cplusplus
}
#endif

#endif
