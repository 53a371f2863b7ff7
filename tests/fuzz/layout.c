/* layout.c - single files of weights, whose tensors' names and shapes tell the network: an autoencoder, TAESD's pair (the length of
 * its encoder first), a U-Net, a text encoder, by the first byte. It is built and loaded. */
#include <inpaintlab/diffusion.h>
#include "fuzz.h"

/* The folder with both halves. */
static const char *split(const uint8_t *data, size_t size)
{
    const size_t head = size < 2 ? size : 2, rest = size - head;
    const size_t wanted = head == 2 ? (size_t)data[0] << 8 | data[1] : 0, first = wanted < rest ? wanted : rest;
    fuzz_file("a_encoder.pth", data + head, first);
    fuzz_file("a_decoder.pth", data + head + first, rest - first);
    return fuzz_folder();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const il_network_opts cpu = { .size = sizeof cpu, .dtype = IL_DTYPE_F32 };
    il_err e = { 0 };
    il_vae *v = NULL;
    il_text_encoder *t = NULL;
    il_unet *u = NULL;
    if (size == 0)
        return 0;
    const uint8_t what = *data++ % 4;
    size--;
    const char *path = what == 1 ? split(data, size) : fuzz_file("a.safetensors", data, size);
    switch (what) {
    case 0:
    case 1: fuzz_told(il_vae_open(&v, path, &cpu, &e), &e); break;
    case 2: fuzz_told(il_unet_open(&u, path, &cpu, &e), &e); break;
    default: fuzz_told(il_text_encoder_open(&t, path, &cpu, &e), &e); break;
    }
    il_unet_free(u);
    il_text_encoder_free(t);
    il_vae_free(v);
    return 0;
}
