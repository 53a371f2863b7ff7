/* params_json.c - settings as a JSON object. */
#include <math.h>
#include "base/params_json.h"

void il_params_json_put(json_t *object, const char *key, json_t *value, bool *bad)
{
    if (json_object_set_new(object, key, value) != 0)
        *bad = true;
}

static void put_real(json_t *all, const il_params *p, const char *name, bool *bad)
{
    double x = il_params_real(p, name);
    il_params_json_put(all, name, isfinite(x) ? json_real(x) : json_string(il_params_canonical(p, name)), bad);
}

json_t *il_params_json_shown(const il_params *p, bool *bad)
{
    json_t *all = il_params_json(p, bad);
    for (const il_param_spec *s = il_params_specs(p); s->name; s++) {
        if (s->type == IL_PARAM_REAL)
            put_real(all, p, s->name, bad);
        else if (s->type == IL_PARAM_PATH)
            il_params_json_put(all, s->name, json_string(il_params_canonical(p, s->name)), bad);
    }
    return all;
}

json_t *il_params_json(const il_params *p, bool *bad)
{
    json_t *all = json_object();
    for (const il_param_spec *s = il_params_specs(p); s->name; s++) {
        if (s->type == IL_PARAM_BOOL)
            il_params_json_put(all, s->name, json_boolean(il_params_bool(p, s->name)), bad);
        else if (s->type == IL_PARAM_INT)
            il_params_json_put(all, s->name, json_integer(il_params_int(p, s->name)), bad);
        else if (s->type != IL_PARAM_PATH)
            il_params_json_put(all, s->name, json_string(il_params_canonical(p, s->name)), bad);
    }
    return all;
}
