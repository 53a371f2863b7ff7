/* mixture_list.h - the list of `train.on` as written -> the text of a mixture. */
#ifndef IL_PLAN_MIXTURE_LIST_H
#define IL_PLAN_MIXTURE_LIST_H

#include "base/yaml.h"

/* Appends the text (mixture.h) of a list of image kinds: words, or mappings of images, truth and share. Errors give the position
 * of the wrong value, if they shall: not of what the command line says. */
int il_mixture_join(il_text *out, const il_yaml *from, const il_node *list, bool placed, il_err *e);

#endif
