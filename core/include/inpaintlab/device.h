/* device.h - where tensors live and operations run: the CPU or a CUDA device. */
#ifndef IL_DEVICE_H
#define IL_DEVICE_H

#include <stddef.h>
#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_device_kind { IL_DEVICE_CPU, IL_DEVICE_CUDA } il_device_kind;
typedef struct il_device {
    il_device_kind kind;
    int index; /* CUDA device number; 0 for the CPU */
} il_device;

/* "cpu", "cuda", "cuda:1", or "auto" (the first CUDA device if there is one, else the CPU) -> *out. IL_EUSAGE for any other
 * text, IL_EDEVICE when the device is absent. */
int il_device_parse(il_device *out, const char *text, il_err *e);

/* Why an NVIDIA driver that is installed gives no CUDA device, in words; NULL: there is no driver, or there is a device. Lent for
 * ever. */
const char *il_device_refusal(void);

/* "cpu" or "cuda:N", and a name for people ("NVIDIA H100 …", or the CPU's model), into out[size]; cut when too long. */
void il_device_text(il_device d, char *out, size_t size);
void il_device_title(il_device d, char *out, size_t size);

/* ---- libtorch in this process ---- */

/* Sets how many threads work inside one operation; 0 leaves the number as it is. Returns the number in force. */
int il_torch_threads(int threads);

/* The version of libtorch that this was built with ("2.11.0"), lent for ever. */
const char *il_torch_version(void);

#ifdef __cplusplus
}
#endif
#endif
