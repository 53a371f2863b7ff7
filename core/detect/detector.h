/* detector.h - a trained model ready for use, with what is known of it. */
#ifndef IL_DETECT_DETECTOR_H
#define IL_DETECT_DETECTOR_H

#include "detect/card.h"
#include "plugin/model.h"
#include "store/store.h"
#include "base/text.h"
#include "plugin/registry.h"

typedef struct il_detector {
    il_choice choice;
    il_model model;
    il_card card;
    il_calibration calibration;
    int64_t base_bytes; /* of the process with the model in memory, before any picture */
    int64_t tile_bytes; /* that one more tile of the size last tried takes */
} il_detector;

/* wanted: a run's number, its name (of several so called, the newest is taken) or a glob that fits one done run; NULL: the
 * best one, by IoU on the kind of pictures it was trained on. The weights' hash must be the stored one. */
int il_detector_from_store(il_detector *out, il_registry *registry, il_store *store, const char *wanted,
                           il_device device, il_err *e);

/* model: a plugin's name, or "{name: unet, fine: 16}"; NULL: as the weights' file itself tells. */
int il_detector_from_file(il_detector *out, il_registry *registry, const char *weights, const char *model,
                          il_device device, il_err *e);

/* The weights of a stored run are those that it was tested with; IL_EFORMAT else. */
int il_detector_check_hash(const il_card *c, il_err *e);

/* Runs one black tile: the model takes that size, and base_bytes and tile_bytes are known. */
int il_detector_try(il_detector *d, int tile, il_err *e);

void il_detector_close(il_detector *d);

#endif
