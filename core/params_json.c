/* params_json.c - settings as a JSON object. */
#include "params_json.h"

void il_params_json_put(json_t *object, const char *key, json_t *value, bool *bad)
{
    if (json_object_set_new(object, key, value) != 0)
        *bad = true;
}

json_t *il_params_json(const il_params *p, bool *bad)
{
    json_t *all = json_object();
    for (const il_param_spec *s = il_params_specs(p); s->name; s++) {
        if (s->type == IL_BOOL)
            il_params_json_put(all, s->name, json_boolean(il_params_bool(p, s->name)), bad);
        else if (s->type == IL_INT)
            il_params_json_put(all, s->name, json_integer(il_params_int(p, s->name)), bad);
        else if (s->type != IL_PATH)
            il_params_json_put(all, s->name, json_string(il_params_canonical(p, s->name)), bad);
    }
    return all;
}
