/* detector.h - a trained model ready for use, and its card. */
#ifndef IL_DETECT_DETECTOR_H
#define IL_DETECT_DETECTOR_H

#include "base/text.h"
#include "detect/card.h"
#include "plugin/model.h"
#include "plugin/registry.h"
#include "store/store.h"

typedef struct il_detector {
    il_choice choice;
    il_model model;
    il_card card;
    il_calibration calibration;
    int64_t base_bytes; /* of the process with the model loaded, before any image */
    int64_t tile_bytes; /* for one more tile of the last size passed to il_detector_try */
} il_detector;

/* wanted: a run's number, its name (the newest run of that name) or a glob that matches one finished run; NULL: the
 * run with the best IoU on the kind of images it was trained on. The weights' hash must match the stored one. */
int il_detector_from_store(il_detector *out, il_registry *registry, il_store *store, const char *wanted,
                           il_device device, il_err *e);

/* model: a plugin's name, or "{name: unet, fine: 16}"; NULL: as noted in the weights file. */
int il_detector_from_file(il_detector *out, il_registry *registry, const char *weights, const char *model,
                          il_device device, il_err *e);

/* IL_EFORMAT unless the weights are those that the stored run was tested with. */
int il_detector_check_hash(const il_card *c, il_err *e);

/* Runs one black tile, to see that the model accepts that size, and measures base_bytes and tile_bytes. */
int il_detector_try(il_detector *d, int tile, il_err *e);

void il_detector_close(il_detector *d);

#endif
