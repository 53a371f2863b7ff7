/* patterns.c - train.freeze and train.lr_of on the tensors of a model. */
#include <stdlib.h>
#include <string.h>
#include "base/suggest.h"
#include "base/text.h"
#include "train/patterns.h"

/* A tensor's name, cut where the pattern's wildcards begin and continued by them: "backbone.*" of backbone.conv1.weight for
 * "backbon.*". */
static char *as_pattern(const char *name, const char *pattern)
{
    size_t head = strcspn(pattern, "*?["), cut = 0, after = 0;
    if (!pattern[head])
        return il_text_copy(name);
    for (size_t i = 0; i < head; i++)
        after = pattern[i] == '.' ? 0 : after + 1;
    for (size_t i = 0; i < head; i++)
        if (pattern[i] == '.')
            cut += strcspn(name + cut, ".") + (strchr(name + cut, '.') != NULL);
    size_t rest = strcspn(name + cut, ".");
    cut += after < rest ? after : rest;
    il_text t = { 0 };
    il_text_add(&t, "%.*s%s", (int)cut, name, pattern + head);
    return t.data;
}

/* learns: among parameters alone. */
static int matches_nothing(const il_model *m, const char *key, const char *pattern, bool learns, il_err *e)
{
    size_t count = il_state_count(m->state), made = 0;
    char **texts = calloc(count + 1, sizeof *texts);
    bool failed = !texts;
    for (size_t i = 0; i < count && !failed; i++) {
        il_state_entry x = il_state_at(m->state, i);
        if (learns && !x.trainable)
            continue;
        failed = !(texts[made] = as_pattern(x.name, pattern));
        made += !failed;
    }
    const char *nearest = failed ? NULL : il_suggest_nearest(pattern, (const char *const *)texts, made);
    const char *what = learns ? "parameter" : "tensor", *first = count ? il_state_at(m->state, 0).name : "";
    int rc = failed    ? il_fail_oom(e)
             : nearest ? il_fail(e, IL_EPARAM, "%s: '%s' matches no %s of model %s; did you mean '%s'?", key, pattern,
                                 what, m->plugin->name, nearest)
                       : il_fail(e, IL_EPARAM, "%s: '%s' matches no %s of model %s; the first is '%s'", key, pattern,
                                 what, m->plugin->name, first);
    for (size_t i = 0; i < made; i++)
        free(texts[i]);
    free(texts);
    return rc;
}

static bool any_left(const il_model *m)
{
    for (size_t i = 0; i < il_state_count(m->state); i++)
        if (il_state_at(m->state, i).trainable && !il_state_frozen(m->state, i))
            return true;
    return false;
}

int il_patterns_apply(il_model *m, il_adam *a, const il_training *t, il_err *e)
{
    size_t matched = 0;
    int rc = IL_OK;
    for (char **p = t->freeze; p && *p && !rc; p++) {
        rc = il_state_freeze(&matched, m->state, *p, e);
        if (!rc && !matched)
            rc = matches_nothing(m, "train.freeze", *p, false, e);
    }
    for (size_t i = 0; i < t->nlr_of && !rc; i++) {
        rc = il_adam_factor(&matched, a, t->lr_of[i].pattern, t->lr_of[i].factor, e);
        if (!rc && !matched)
            rc = matches_nothing(m, "train.lr_of", t->lr_of[i].pattern, true, e);
    }
    if (!rc && t->freeze && !any_left(m))
        rc = il_fail(e, IL_EPARAM, "train.freeze: all parameters of model %s are frozen, so nothing is left to train",
                     m->plugin->name);
    return rc;
}
