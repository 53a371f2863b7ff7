/* test_mask_policies.c - all 256 grey levels of each policy against data/mask_policies/make.py. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "open.h"

/* key: the policy's name, or "threshold LEVEL" */
static void check_table(const char *key, const json_t *table)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(key, " "), key);
    const char *level = strchr(key, ' ') ? strchr(key, ' ') + 1 : NULL;
    const char *settings[] = { level ? "level" : NULL, level, NULL };
    struct opened o = open_plugin(IL_KIND_MASK_POLICY, name, settings);
    cr_assert_eq(json_array_size(table), 256);
    for (size_t grey = 0; grey < 256; grey++) {
        float expected = (float)json_number_value(json_array_get(table, grey));
        float got = o.plugin->mask_policy->label(o.self, (uint8_t)grey);
        cr_assert_eq(got, expected, "%s of grey %zu is %g, expected %g", key, grey, (double)got, (double)expected);
    }
    close_plugin(&o);
}

Test(mask_policies, label_every_grey_level)
{
    json_error_t why;
    json_t *tables = json_load_file(TEST_DATA "/mask_policies/labels.json", 0, &why), *table;
    const char *key;
    cr_assert(tables, "%s", why.text);
    cr_assert_eq(json_object_size(tables), 7);
    json_object_foreach(tables, key, table) check_table(key, table);
    json_decref(tables);
}

Test(mask_policies, threshold_has_bounds)
{
    static const char *const wrong[] = { "0", "256", "-1", "12.5", "half" };
    struct opened o = open_plugin(IL_KIND_MASK_POLICY, "threshold", NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        il_params *p = NULL;
        il_err e = { 0 };
        cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK);
        cr_expect_eq(il_params_set(p, "level", wrong[i], &e), IL_EPARAM, "level %s", wrong[i]);
        cr_expect(strstr(e.message, "level"), "%s", e.message);
        il_params_free(p);
    }
    close_plugin(&o);
}
