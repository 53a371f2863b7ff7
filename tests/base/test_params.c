/* test_params.c - settings: defaults, types, ranges, canonical texts. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <inpaintlab/params.h>
#include "base/params_json.h"

static const il_param_spec specs[] = {
    { "root", IL_PARAM_PATH, NULL, 0, 0, NULL, "folder" },
    { "alpha", IL_PARAM_REAL, "0.25", 0, 1, NULL, "weight" },
    { "gamma", IL_PARAM_REAL, "2", 0, INFINITY, NULL, "focus" },
    { "shift", IL_PARAM_REAL, "0", 0, 0, NULL, "any" },
    { "size", IL_PARAM_INT, "40", 1, 100, NULL, "size" },
    { "seed", IL_PARAM_INT, "1", 0, 0, NULL, "any integer" },
    { "exact", IL_PARAM_INT, "1", 0, 9007199254740992.0, NULL, "exact in a double" },
    { "deep", IL_PARAM_BOOL, "False", 0, 0, NULL, "switch" },
    { "subset", IL_PARAM_TEXT, "all", 0, 0, "all|inpainted", "which" },
    { "note", IL_PARAM_TEXT, "", 0, 0, NULL, "any text" },
    { 0 },
};

static il_params *fresh(void)
{
    il_params *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_params_new(&p, specs, &e), IL_OK, "%s", e.message);
    return p;
}

Test(params, defaults)
{
    il_params *p = fresh();
    cr_assert_eq(il_params_real(p, "alpha"), 0.25);
    cr_assert_eq(il_params_real(p, "gamma"), 2.0);
    cr_assert_eq(il_params_int(p, "size"), 40);
    cr_assert_not(il_params_bool(p, "deep"));
    cr_assert_str_eq(il_params_text(p, "subset"), "all");
    cr_assert_str_eq(il_params_text(p, "note"), "");
    cr_assert_null(il_params_canonical(p, "root"));
    cr_assert_eq(il_params_specs(p), specs);
    il_params_free(p);
}

static const struct {
    const char *name, *text, *canonical; /* canonical NULL: refused */
    const char *message;
} sets[] = {
    { "alpha", "1", "1", NULL },
    { "alpha", "1e-4", "0.0001", NULL },
    { "alpha", ".1", "0.1", NULL },
    { "alpha", "0.30000000000000004", "0.30000000000000004", NULL },
    { "alpha", "+0.50", "0.5", NULL },
    { "alpha", "-0.0", "0", NULL },
    { "gamma", "1.", "1", NULL },
    { "gamma", "12E1", "120", NULL },
    { "shift", "-1e300", "-1e+300", NULL },
    { "size", "0x10", "16", NULL },
    { "size", "0o17", "15", NULL },
    { "size", "+7", "7", NULL },
    { "size", "007", "7", NULL },
    { "seed", "-9223372036854775808", "-9223372036854775808", NULL },
    { "deep", "true", "true", NULL },
    { "deep", "FALSE", "false", NULL },
    { "subset", "inpainted", "inpainted", NULL },
    { "note", "two words", "two words", NULL },
    { "root", "data/dataset1", "data/dataset1", NULL },

    { "alpha", "", NULL, "alpha: '' is not a number" },
    { "alpha", ".", NULL, "alpha: '.' is not a number" },
    { "alpha", "1e", NULL, "alpha: '1e' is not a number" },
    { "alpha", "0x1", NULL, "alpha: '0x1' is not a number" },
    { "alpha", "nan", NULL, "alpha: 'nan' is not a number" },
    { "alpha", "1e999", NULL, "alpha: 1e999 is out of range; expected 0 to 1" },
    { "alpha", "0.5 ", NULL, "alpha: '0.5 ' is not a number" },
    { "alpha", "1.5", NULL, "alpha: 1.5 is out of range; expected 0 to 1" },
    { "gamma", "-1", NULL, "gamma: -1 is out of range; expected 0 or more" },
    { "size", "2.0", NULL, "size: '2.0' is not an integer" },
    { "size", "0x0x1", NULL, "size: '0x0x1' is not an integer" },
    { "size", "0o8", NULL, "size: '0o8' is not an integer" },
    { "size", "forty", NULL, "size: 'forty' is not an integer" },
    { "size", "0", NULL, "size: 0 is out of range; expected 1 to 100" },
    { "seed", "9223372036854775808", NULL,
      "seed: 9223372036854775808 is out of range; expected -9223372036854775808 to 9223372036854775807" },
    { "exact", "9223372036854775807", NULL,
      "exact: 9223372036854775807 is out of range; expected 0 to 9007199254740992" },
    { "exact", "9007199254740993", NULL, "exact: 9007199254740993 is out of range; expected 0 to 9007199254740992" },
    { "exact", "99999999999999999999", NULL,
      "exact: 99999999999999999999 is out of range; expected 0 to 9007199254740992" },
    { "shift", "1e400", NULL, "shift: 1e400 is out of range; expected a finite number" },
    { "gamma", "1e400", NULL, "gamma: 1e400 is out of range; expected 0 or more" },
    { "deep", "yes", NULL, "deep: 'yes' is not true or false" },
    { "deep", "1", NULL, "deep: '1' is not true or false" },
    { "subset", "some", NULL, "subset: 'some' is unknown; expected one of all, inpainted" },
    { "subset", "all|inpainted", NULL, "subset: 'all|inpainted' is unknown; expected one of all, inpainted" },
    { "gama", "1", NULL, "unknown setting 'gama'; did you mean 'gamma'?" },
    { "width", "1", NULL,
      "unknown setting 'width'; expected one of root, alpha, gamma, shift, size, seed, exact, deep, subset, note" },
};

Test(params, set)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        il_params *p = fresh();
        il_err e = { 0 };
        int rc = il_params_set(p, sets[i].name, sets[i].text, &e);
        if (sets[i].canonical) {
            cr_assert_eq(rc, IL_OK, "%s", e.message);
            cr_assert_str_eq(il_params_canonical(p, sets[i].name), sets[i].canonical);
        } else {
            cr_assert_eq(rc, IL_EPARAM, "%s = '%s' was taken", sets[i].name, sets[i].text);
            cr_assert_str_eq(e.message, sets[i].message);
        }
        il_params_free(p);
    }
}

Test(params, refused_value_changes_nothing)
{
    il_params *p = fresh();
    cr_assert_eq(il_params_set(p, "size", "60", NULL), IL_OK);
    cr_assert_eq(il_params_set(p, "size", "600", NULL), IL_EPARAM);
    cr_assert_eq(il_params_int(p, "size"), 60);
    cr_assert_str_eq(il_params_canonical(p, "size"), "60");
    il_params_free(p);
}

Test(params, check_names_what_is_missing)
{
    il_params *p = fresh();
    il_err e = { 0 };
    cr_assert_eq(il_params_check(p, &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "setting 'root' is missing (a path)");
    cr_assert_eq(il_params_set(p, "root", "x", &e), IL_OK);
    cr_assert_eq(il_params_check(p, &e), IL_OK);
    cr_assert_str_eq(il_params_text(p, "root"), "x");
    il_params_free(p);
}

Test(params, no_settings)
{
    il_params *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_params_new(&p, NULL, &e), IL_OK);
    cr_assert_eq(il_params_check(p, &e), IL_OK);
    cr_assert_eq(il_params_set(p, "level", "1", &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "unknown setting 'level'; none are defined");
    cr_assert_null(il_params_specs(p)[0].name);
    il_params_free(p);
    il_params_free(NULL);
}

Test(params, wrong_default)
{
    static const il_param_spec wrong[] = { { "size", IL_PARAM_INT, "big", 0, 0, NULL, "" }, { 0 } };
    il_params *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_params_new(&p, wrong, &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "default: size: 'big' is not an integer");
    cr_assert_null(p);
}

Test(params, unknown_name_is_a_bug, .signal = SIGABRT)
{
    il_params *p = fresh();
    il_params_int(p, "sise");
}

Test(params, wrong_type_is_a_bug, .signal = SIGABRT)
{
    il_params *p = fresh();
    il_params_real(p, "size");
}

static char *dumped(json_t *o)
{
    char *text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(o);
    return text;
}

/* What is hashed has no paths and texts for real numbers; what is shown has both as they are. */
Test(params, as_json)
{
    il_params *p = fresh();
    bool bad = false;
    cr_assert_eq(il_params_set(p, "root", "data/x", NULL), IL_OK);
    cr_assert_eq(il_params_set(p, "alpha", "1e-4", NULL), IL_OK);
    char *hashed = dumped(il_params_json(p, &bad)), *shown = dumped(il_params_json_shown(p, &bad));
    cr_assert_not(bad);
    cr_expect_str_eq(hashed,
                     "{\"alpha\":\"0.0001\",\"deep\":false,\"exact\":1,\"gamma\":\"2\",\"note\":\"\",\"seed\":1,"
                     "\"shift\":\"0\",\"size\":40,\"subset\":\"all\"}");
    cr_expect_str_eq(
        shown,
        "{\"alpha\":0.0001,\"deep\":false,\"exact\":1,\"gamma\":2.0,\"note\":\"\",\"root\":\"data/x\",\"seed\":1,"
        "\"shift\":0.0,\"size\":40,\"subset\":\"all\"}");
    free(hashed);
    free(shown);
    il_params_free(p);
}
