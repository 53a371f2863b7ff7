/* any_size.h - a model applied to pictures of any size, where it accepts only multiples of some number, or one size. */
#ifndef IL_PLUGIN_ANY_SIZE_H
#define IL_PLUGIN_ANY_SIZE_H

#include "plugin/model.h"

/* Finds out by small forward passes of which number, up to 64, both sides must be multiples, and sets m->multiple:
 * IL_MODEL_ONE_SIZE where the model accepts none of them. Does nothing where it is known. */
int il_any_size_probe(il_model *m, il_err *e);

/* pixels (n,height,width,3), interleaved, level -> table[level]; logits (n,1,height,width). Sides that do not suit the model are
 * continued at the right and below by their own mirror image, and the logits there are cut off. tile: the side that a model of
 * one size expects, or 0. On failure NULL, and the scope has the error. */
il_tensor *il_any_size_forward(const il_model *m, il_scope *s, const uint8_t *pixels, int n, int height, int width,
                               const float table[256], int tile);

#endif
