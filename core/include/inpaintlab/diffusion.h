/* diffusion.h - the parts of a latent diffusion pipeline (Rombach et al. 2022), read from the folders that diffusers
 * writes (config.json and safetensors) or from one file in the original layout. Networks run in evaluation mode, without
 * gradients, in the type they were opened with; inputs and outputs are float32 unless said otherwise. Options NULL: float32
 * on the CPU. */
#ifndef IL_DIFFUSION_H
#define IL_DIFFUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <inpaintlab/device.h>
#include <inpaintlab/error.h>
#include <inpaintlab/inpaint.h>
#include <inpaintlab/options.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/tensor.h>
#include <inpaintlab/uses.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_network_opts {
    size_t size; /* sizeof(il_network_opts); IL_OPTS sets it */
    il_device device;
    il_dtype dtype; /* IL_DTYPE_F32, IL_DTYPE_F16, IL_DTYPE_BF16 */
    /* "fp16" reads NAME.fp16.safetensors; NULL or "": NAME.safetensors, or fp16 or bf16 where that is missing */
    const char *variant;
    bool no_weights; /* only the architecture: the weights stay unset (tests of parameter counts) */
} il_network_opts;

/* ---- autoencoders: AutoencoderKL, AutoencoderKLFlux2, AsymmetricAutoencoderKL, AutoencoderTiny ---- */

typedef struct il_vae il_vae;

/* path: a folder in diffusers' layout, …/vae; a single file with the tensors' names of CompVis or Black Forest Labs (as part of a
 * checkpoint too) or of diffusers; a folder with TAESD's NAME_encoder.pth and NAME_decoder.pth, or one of the two. IL_EFORMAT naming
 * the file and the option of config.json, or the tensor, that is not supported. */
int il_vae_open(il_vae **out, const char *path, const il_network_opts *o, il_err *e);
void il_vae_free(il_vae *v);
int64_t il_vae_params(const il_vae *v);
int il_vae_factor(const il_vae *v);     /* sides shrink by it: 8 */
int il_vae_channels(const il_vae *v);   /* of the latents: 4 */
double il_vae_scaling(const il_vae *v); /* the diffusion model sees latents times this: 0.18215 */

/* image (N,3,H,W) in [-1,1] -> mean of the latents (N,channels,H/factor,W/factor), unscaled: the mode. *std (NULL: not
 * wanted) is their standard deviation, 0 for AutoencoderTiny. */
il_tensor *il_vae_encode(il_scope *s, const il_vae *v, il_tensor *image, il_tensor **std);
/* latents, unscaled -> (N,3,H,W) about [-1,1], not clamped */
il_tensor *il_vae_decode(il_scope *s, const il_vae *v, il_tensor *latents);
/* The same where mask (N,1,H,W) is 1; AsymmetricAutoencoderKL is shown image (N,3,H,W) in [-1,1] elsewhere, the others are not. */
il_tensor *il_vae_decode_around(il_scope *s, const il_vae *v, il_tensor *latents, il_tensor *image, il_tensor *mask);
/* image (N,3,H,W) in [0,1] -> its reconstruction by way of the mode, in [0,1]. published: the VAE sees [0,1] instead of
 * [-1,1], and what it decodes is clamped without being rescaled and cut, not rounded, to 8 bits, as the paper's code did. */
il_tensor *il_vae_reconstruct(il_scope *s, const il_vae *v, il_tensor *image, bool published);

/* ---- CLIP's tokenizer and text encoder ---- */

typedef struct il_tokenizer il_tokenizer;

enum { IL_TOKENIZER_LENGTH = 77 };

/* folder: …/tokenizer with vocab.json, merges.txt, and special_tokens_map.json or tokenizer_config.json for the padding
 * token. */
int il_tokenizer_open(il_tokenizer **out, const char *folder, il_err *e);
void il_tokenizer_free(il_tokenizer *t);
/* UTF-8 text -> ids with start, end and padding. *cut (NULL: not wanted): how many tokens did not fit. Bytes that are no
 * UTF-8 count as U+FFFD. Any thread. */
int il_tokenizer_encode(int64_t ids[IL_TOKENIZER_LENGTH], int *cut, const il_tokenizer *t, const char *text, il_err *e);

typedef struct il_text_encoder il_text_encoder;

/* path: …/text_encoder, a CLIPTextModel: quick_gelu (SD 1.5) or gelu (SD 2); or a checkpoint with cond_stage_model. */
int il_text_encoder_open(il_text_encoder **out, const char *path, const il_network_opts *o, il_err *e);
void il_text_encoder_free(il_text_encoder *t);
int64_t il_text_encoder_params(const il_text_encoder *t);
/* ids (N,IL_TOKENIZER_LENGTH), IL_DTYPE_I64 -> the last layer's states after the final norm (N,IL_TOKENIZER_LENGTH,C) */
il_tensor *il_text_encoder_apply(il_scope *s, const il_text_encoder *t, il_tensor *ids);

/* ---- UNet2DConditionModel ---- */

typedef struct il_unet il_unet;

/* path: …/unet, or a checkpoint with model.diffusion_model. */
int il_unet_open(il_unet **out, const char *path, const il_network_opts *o, il_err *e);
void il_unet_free(il_unet *u);
int64_t il_unet_params(const il_unet *u);
int il_unet_inputs(const il_unet *u); /* channels: 4, or 9 for inpainting */
/* x (N,inputs,h,w), one timestep for all, text (N,tokens,C) -> (N,4,h,w) */
il_tensor *il_unet_apply(il_scope *s, const il_unet *u, il_tensor *x, double timestep, il_tensor *text);

/* ---- schedulers: PNDM (Liu et al. 2022) without Runge-Kutta steps, DDIM (Song et al. 2021) with eta 0 ---- */

typedef struct il_scheduler il_scheduler;

/* folder: …/scheduler. name: "pndm", "ddim", or "" for the one that scheduler_config.json names. */
int il_scheduler_open(il_scheduler **out, const char *folder, const char *name, il_err *e);
void il_scheduler_free(il_scheduler *d);
/* Begins a run of so many steps; *timesteps is lent until the next start. PNDM has one more entry than steps. */
int il_scheduler_start(il_scheduler *d, int steps, const int64_t **timesteps, size_t *count, il_err *e);
/* One step: what the network gave for `timestep` (epsilon or v, as the configuration says) and the latents it saw -> the
 * next latents, in s. PNDM keeps earlier outputs by itself until the next start. */
il_tensor *il_scheduler_step(il_scope *s, il_scheduler *d, il_tensor *output, int64_t timestep, il_tensor *latents);
double il_scheduler_sigma(const il_scheduler *d); /* the first latents are noise times this: 1 */

/* ---- the inpainting pipeline ---- */

typedef struct il_pipeline il_pipeline;

typedef struct il_pipeline_opts {
    size_t size;                    /* sizeof(il_pipeline_opts); IL_OPTS sets it */
    const il_network_opts *network; /* of all three networks; NULL: float32 on the CPU */
    const char *scheduler;          /* as il_scheduler_open; NULL or "": the one that the folder names */
    int steps;                      /* at least 1; 50 is usual */
    double guidance;                /* 7.5 is usual; at most 1: no classifier-free guidance */
    const char *negative;           /* negative prompt; NULL or "": none */
} il_pipeline_opts;

/* path: a folder with model_index.json, tokenizer, text_encoder, unet (9 inputs), scheduler, vae; or a checkpoint of all networks
 * beside the folder tokenizer, with the published folders' schedulers. There is no safety checker. */
int il_pipeline_open(il_pipeline **out, const char *path, const il_pipeline_opts *o, il_err *e);
void il_pipeline_free(il_pipeline *p);
const il_vae *il_pipeline_vae(const il_pipeline *p);
int il_pipeline_multiple(const il_pipeline *p); /* sides must be multiples of it */

/* -> (N,3,H,W) in [0,1]: diffusers' StableDiffusionInpaintPipeline at strength 1, each seed as a
 * torch.Generator().manual_seed. One thread at a time. */
il_tensor *il_pipeline_apply(il_scope *s, const il_pipeline *p, const il_inpaint *job);

/* ---- files ---- */

/* Adds the files that opening reads, in a fixed order: of an autoencoder, of a whole pipeline. */
int il_files_vae(il_uses *out, const char *path, const char *variant, il_err *e);
int il_files_pipeline(il_uses *out, const char *path, const char *variant, il_err *e);

/* Notes how published reconstructions (see il_vae_reconstruct) become bytes: pictures of a version that rounded them are others.
 * Nothing is noted of the rest, which is as it was. */
int il_files_published(il_uses *out, bool published, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
