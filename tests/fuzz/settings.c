/* settings.c - settings as text: the first byte chooses one. A value that was taken is taken again as it is shown. */
#include <inpaintlab/params.h>
#include "fuzz.h"

static const il_param_spec specs[] = {
    { "flag", IL_PARAM_BOOL, "false", 0, 0, NULL, "" },
    { "count", IL_PARAM_INT, "1", -5, 1e9, NULL, "" },
    { "any", IL_PARAM_INT, "1", 0, 0, NULL, "" },
    { "rate", IL_PARAM_REAL, "0.5", 0, 1, NULL, "" },
    { "real", IL_PARAM_REAL, "0", 0, 0, NULL, "" },
    { "word", IL_PARAM_TEXT, "one", 0, 0, "one|two", "" },
    { "text", IL_PARAM_TEXT, "", 0, 0, NULL, "" },
    { "path", IL_PARAM_PATH, "", 0, 0, NULL, "" },
    { 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    il_err e = { 0 };
    il_params *p = NULL;
    if (size == 0 || size > 4000)
        return 0;
    const char *name = specs[data[0] % (sizeof specs / sizeof *specs - 1)].name;
    char text[4001];
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (il_params_new(&p, specs, &e) != IL_OK)
        abort();
    int rc = il_params_set(p, name, text, &e);
    fuzz_told(rc, &e);
    if (!rc) {
        char *shown = strdup(il_params_canonical(p, name));
        if (il_params_set(p, name, shown, &e) != IL_OK || strcmp(shown, il_params_canonical(p, name)) != 0)
            abort();
        free(shown);
    }
    il_params_free(p);
    return 0;
}
