/* resolve_training.h - how a run is trained, or which weights it tests without training. */
#ifndef IL_PLAN_RESOLVE_TRAINING_H
#define IL_PLAN_RESOLVE_TRAINING_H

#include "plan/keys.h"
#include "plan/resolver.h"
#include "plan/settings.h"

/* The settings under `train`. */
int il_resolve_training(il_run *run, const il_resolver *r, const il_settings *s, il_err *e);
/* `train: none` and `weights`; refuses what means something in a training only. */
int il_resolve_no_training(il_run *run, const il_resolver *r, const il_settings *s, il_err *e);
void il_resolve_free_training(il_training *t);

#endif
