/* finding_json.h - a finding as JSON. */
#ifndef IL_DETECT_TELL_H
#define IL_DETECT_TELL_H

#include "detect/detect.h"

/* *out is allocated and ends with a newline. pretty: on several lines. stem: path prefix of the written images, or
 * NULL. */
int il_tell_json(char **out, const il_finding *f, const il_detector *d, il_detect_opts o, const char *stem, bool pretty,
                 il_err *e);

#endif
