/* mixture.h - the kinds of pictures that one split is made of, each with its truth and share. As one text, which is what
 * configurations and tables hold: "inpainted+reconstructed:nothing+original:0.25". */
#ifndef IL_PLAN_MIXTURE_H
#define IL_PLAN_MIXTURE_H

#include <inpaintlab/params.h>
#include "base/text.h"

/* What of a picture counts as inpainted. */
typedef enum il_truth {
    IL_TRUTH_MASK,    /* what its mask says; without a mask, nothing */
    IL_TRUTH_NOTHING, /* whatever its mask says */
    IL_TRUTH_EVERYTHING
} il_truth;

extern const char *const il_truth_names[]; /* in that order; ends with NULL */

typedef struct il_ingredient {
    char *images; /* image kind */
    il_truth truth;
    double share; /* of its pictures, above 0, at most 1 */
} il_ingredient;

typedef struct il_mixture {
    il_ingredient *list;
    size_t count;
} il_mixture;

/* KIND[:TRUTH][:SHARE], several joined by '+'. IL_EPARAM for another text, or a kind that is named twice. */
int il_mixture_read(il_mixture *out, const char *text, il_err *e);
void il_mixture_free(il_mixture *m);

/* Appends one to a text that may hold others. */
void il_mixture_write(il_text *to, const il_ingredient *one);

/* The settings of an ingredient, as a grid names them: images, truth, share. */
extern const il_param_spec il_mixture_keys[];
/* p: a table of them. */
int il_mixture_take(il_ingredient *out, const il_params *p, il_err *e);

#endif
