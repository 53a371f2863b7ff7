/* finding_json.h - a finding as JSON. */
#ifndef IL_DETECT_FINDING_JSON_H
#define IL_DETECT_FINDING_JSON_H

#include "detect/detect.h"

/* *out is allocated and ends with a newline. pretty: on several lines. stem: path prefix of the written images, or
 * NULL. */
int il_finding_json(char **out, const il_finding *f, const il_detector *d, il_detect_opts o, const char *stem,
                    bool pretty, il_err *e);

#endif
