/* checkpoint.h - Stable Diffusion as one file in the layout of CompVis and Stability: its networks' tensors under diffusers' names,
 * and their options, which follow from the shapes. The autoencoder: vae.h. */
#ifndef IL_DIFFUSION_CHECKPOINT_H
#define IL_DIFFUSION_CHECKPOINT_H

#include "diffusion/named.h"
#include "diffusion/text_options.h"
#include "diffusion/unet_options.h"

/* Whether path is a file and no folder. */
bool il_checkpoint_is(const char *path);

/* The caller frees *out. Messages name the file. */
int il_checkpoint_unet(il_named **out, il_unet_options *o, const char *path, il_err *e);
int il_checkpoint_text(il_named **out, il_text_options *o, const char *path, il_err *e);

/* The folder beside the file, FOLDER/tokenizer, that must hold the tokenizer, which no such file has. NULL: out of memory. */
char *il_checkpoint_tokenizer(const char *path);

#endif
