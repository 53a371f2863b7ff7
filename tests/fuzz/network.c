/* network.c - config.json of a text encoder, a U-Net, an autoencoder, by the first byte; the network that it describes is built. */
#include <inpaintlab/diffusion.h>
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const il_network_opts no_weights = { .size = sizeof no_weights, .dtype = IL_DTYPE_F32, .no_weights = true };
    il_err e = { 0 };
    il_vae *v = NULL;
    il_text_encoder *t = NULL;
    il_unet *u = NULL;
    if (size == 0)
        return 0;
    fuzz_file("config.json", data + 1, size - 1);
    switch (data[0] % 3) {
    case 0: fuzz_told(il_text_encoder_open(&t, fuzz_folder(), &no_weights, &e), &e); break;
    case 1: fuzz_told(il_unet_open(&u, fuzz_folder(), &no_weights, &e), &e); break;
    default: fuzz_told(il_vae_open(&v, fuzz_folder(), &no_weights, &e), &e); break;
    }
    il_unet_free(u);
    il_text_encoder_free(t);
    il_vae_free(v);
    return 0;
}
