/* device_name.h - what the option --device may say; whether there is such a device is libtorch's to know. */
#ifndef IL_BASE_DEVICE_NAME_H
#define IL_BASE_DEVICE_NAME_H

#include <inpaintlab/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum il_device_wanted { IL_WANTED_AUTO, IL_WANTED_CPU, IL_WANTED_CUDA } il_device_wanted;
typedef struct il_device_name {
    il_device_wanted kind;
    int index; /* of "cuda:N"; else 0 */
} il_device_name;

/* IL_EUSAGE, naming --device: the text is not auto, cpu, cuda or cuda:N. */
int il_device_name_parse(il_device_name *out, const char *text, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
