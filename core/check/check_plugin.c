/* check_plugin.c - loads a plugin, applies its settings, and runs its checks. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "check/check_plugin.h"
#include "check/check_step.h"
#include "plugin/descriptor.h"

/* ---- requirements of every plugin ---- */

static int descriptor(il_plugin_check *c, il_err *e)
{
    const il_plugin *p = NULL;
    int rc = il_registry_find_file(&p, c->registry, c->job->path, e);
    if (rc)
        return rc;
    size_t settings = 0;
    while (p->params && p->params[settings].name)
        settings++;
    il_check_step_note(c, "%s '%s', revision %d, ABI %u, %zu setting%s", il_descriptor_kind(p->kind), p->name,
                       p->revision, (unsigned)p->abi, settings, settings == 1 ? "" : "s");
    c->plugin = p;
    return IL_OK;
}

static int set_one(il_params *p, const char *text, il_err *e)
{
    const char *sign = strchr(text, '=');
    if (!sign || sign == text)
        return il_fail(e, IL_EUSAGE, "--set %s: expected setting=value", text);
    char *name = il_text_copy(text);
    if (!name)
        return il_fail_oom(e);
    name[sign - text] = '\0';
    int rc = il_params_set(p, name, sign + 1, e);
    free(name);
    return rc ? il_fail_in(e, "--set %s", text) : IL_OK;
}

/* Defaults and what --set says; each value's canonical text must be read as the same value. */
static int settings(il_plugin_check *c, il_err *e)
{
    size_t given = 0;
    il_params *p = NULL;
    int rc = il_params_new(&p, c->plugin->params, e);
    for (const char *const *s = c->job->set; s && *s && !rc; s++, given++)
        rc = set_one(p, *s, e);
    if (!rc && il_params_check(p, e))
        rc = il_fail(e, IL_EPARAM, "%s; give it with --set", e->message);
    for (const il_param_spec *s = il_params_specs(p); !rc && s->name; s++) {
        char *once = il_text_copy(il_params_canonical(p, s->name));
        rc = once ? il_params_set(p, s->name, once, e) : il_fail_oom(e);
        if (!rc && strcmp(once, il_params_canonical(p, s->name)) != 0)
            rc = il_fail(e, IL_EPARAM, "%s: '%s' becomes '%s' when read again; expected the same text", s->name, once,
                         il_params_canonical(p, s->name));
        free(once);
    }
    if (rc) {
        il_params_free(p);
        return rc;
    }
    c->choice = (il_choice){ .plugin = c->plugin, .params = p, .label = (char *)c->plugin->name };
    il_check_step_note(c, "all defaults are valid, %zu set", given);
    return IL_OK;
}

/* A failed open must give a reason. Two instances may exist at once; close accepts NULL. */
static int open_close(il_plugin_check *c, il_err *e)
{
    void *one = NULL, *other = NULL;
    int rc = il_check_step_open(&one, c, e);
    if (rc && !e->message[0])
        return il_fail(e, IL_EPLUGIN, "open returned %d without a message; expected one from il_fail", rc);
    if (rc)
        return rc;
    rc = il_check_step_open(&other, c, e);
    c->plugin->close(one);
    if (rc)
        return rc;
    c->plugin->close(other);
    c->plugin->close(NULL);
    il_check_step_note(c, "two instances opened and closed; close accepts NULL");
    return IL_OK;
}

static const il_check_step *steps_of(const il_plugin_check *c)
{
    switch (c->plugin->kind) {
    case IL_KIND_MODEL: return il_check_step_model;
    case IL_KIND_LOSS: return il_check_step_loss;
    case IL_KIND_MASK_POLICY: return il_check_step_mask_policy;
    case IL_KIND_DATASET: return il_check_step_dataset;
    case IL_KIND_MASKER: return il_check_step_masker;
    case IL_KIND_GENERATOR: return il_check_step_generator;
    }
    return NULL;
}

/* One check. A usage error or lack of memory says nothing about the plugin and ends the checks. */
static int run_step(int *failed, il_plugin_check *c, const il_check_step *step,
                    const il_plugin_check_observer *observer, il_err *e)
{
    il_err why = { 0 };
    c->note[0] = '\0';
    c->skipped = false;
    observer->begin(observer->context, step->name);
    int rc = step->run(c, &why);
    if (rc == IL_EUSAGE || rc == IL_ENOMEM)
        return il_fail(e, rc, "%s", why.message);
    if (rc) {
        observer->end(observer->context, step->name, IL_PLUGIN_CHECK_BAD,
                      why.message[0] ? why.message : "failed without a message");
        ++*failed;
    } else {
        observer->end(observer->context, step->name, c->skipped ? IL_PLUGIN_CHECK_SKIPPED : IL_PLUGIN_CHECK_GOOD,
                      c->note);
    }
    return IL_OK;
}

/* A list of checks; *going becomes false when a vital one failed. */
static int run_steps(int *failed, bool *going, il_plugin_check *c, const il_check_step *step,
                     const il_plugin_check_observer *observer, il_err *e)
{
    int rc = IL_OK;
    for (; step->name && *going && !rc; step++) {
        int before = *failed;
        rc = run_step(failed, c, step, observer, e);
        *going = !step->vital || *failed == before;
        if (!rc && !*going && step[1].name)
            observer->end(observer->context, "others", IL_PLUGIN_CHECK_SKIPPED,
                          "not run: they depend on the failed check");
    }
    return rc;
}

int il_plugin_check_run(int *failed, const il_plugin_check_job *job, const il_plugin_check_observer *observer,
                        il_err *e)
{
    static const il_check_step first[] = { { "descriptor", descriptor, true },
                                           { "settings", settings, true },
                                           { "open", open_close, true },
                                           { NULL, NULL, true } };
    il_plugin_check c = { .job = job };
    int bad = 0;
    bool going = true;
    int rc = il_registry_open(&c.registry, e);
    if (!rc)
        rc = run_steps(&bad, &going, &c, first, observer, e);
    if (!rc && going)
        rc = run_steps(&bad, &going, &c, steps_of(&c), observer, e);
    il_params_free(c.choice.params);
    il_registry_free(c.registry);
    if (!rc)
        *failed = bad;
    return rc;
}
