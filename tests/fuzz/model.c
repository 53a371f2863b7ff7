/* model.c - by the first byte: --model as it is typed, or the configuration of a run as a database and the notes of weights have
 * it, with the settings that are paths after a NUL. The configuration loads no plugin by path and names no file. */
#include "detect/model_choice.h"
#include "fuzz.h"

static il_registry *registry;

static void noted(il_choice *c, il_card *card, const char *config, const char *params, il_err *e)
{
    size_t before = il_registry_count(registry);
    int rc = il_model_choice_noted(c, card, registry, config, params, e);
    fuzz_told(rc, e);
    if (il_registry_count(registry) != before)
        abort();
    for (const il_param_spec *s = rc ? NULL : il_params_specs(c->params); s && s->name; s++)
        if (s->type == IL_PARAM_PATH && il_params_text(c->params, s->name) && *il_params_text(c->params, s->name))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_choice choice = { 0 };
    il_card card = { 0 };
    if (!registry && il_registry_open(&registry, &e) != IL_OK)
        abort();
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (!text)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    const char *rest = text + strlen(text);
    if (data[0] % 2)
        noted(&choice, &card, text, rest < text + size - 1 ? rest + 1 : NULL, &e);
    else if (!strchr(text, '/')) /* the user's own files are not to be loaded here */
        fuzz_told(il_model_choice_typed(&choice, &card, registry, text, NULL, &e), &e);
    il_choice_free(&choice);
    il_card_free(&card);
    free(text);
    return 0;
}
