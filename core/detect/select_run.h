/* select_run.h - selects the stored run to detect with. */
#ifndef IL_DETECT_SELECT_RUN_H
#define IL_DETECT_SELECT_RUN_H

#include "detect/card.h"
#include "store/store.h"

/* Fills the card. *config and *params (JSON; params may become NULL) belong to the caller. See il_detector_from_store. */
int il_select_run(il_card *card, char **config, char **params, il_store *store, const char *wanted, il_err *e);

#endif
