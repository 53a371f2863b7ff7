/* model_choice.h - a detector's model and settings: as its run's configuration has them, or as the user typed them. */
#ifndef IL_DETECT_MODEL_CHOICE_H
#define IL_DETECT_MODEL_CHOICE_H

#include "detect/card.h"
#include "plugin/instance.h"
#include "plugin/registry.h"

/* By the configuration of a run (JSON), in a database or in the notes of a weights file; what is known of its training joins the
 * card. params: path settings, which a configuration omits, as JSON; NULL: none. IL_ETRUST: it names a plugin or a file by
 * path, and il_registry_trust was not called. On failure the choice holds what was read, to be freed. */
int il_model_choice_noted(il_choice *out, il_card *card, il_registry *registry, const char *config, const char *params,
                          il_err *e);

/* By what the user typed, a plugin's name or path, or "{name: unet, fine: 16}". config: for the card; NULL: none. */
int il_model_choice_typed(il_choice *out, il_card *card, il_registry *registry, const char *model, const char *config,
                          il_err *e);

#endif
