/* test_opts.c - options of callers that know fewer members, or more. */
#include <criterion/criterion.h>
#include <inpaintlab/options.h>
#include <inpaintlab/scope.h>
#include "base/opts.h"

struct now {
    size_t size;
    int a, b;
    double c;
};

struct before {
    size_t size;
    int a, b;
};

struct later {
    size_t size;
    int a, b;
    double c, d;
};

/* What out holds beforehand must not remain. */
static const struct now full = { 99, 99, 99, 99 };

Test(opts, same)
{
    struct now out = full;
    il_err e = { 0 };
    cr_assert_eq(il_opts_read(&out, sizeof out, IL_OPTS(struct now, .a = 1, .c = 2.5), &e), IL_OK, "%s", e.message);
    cr_assert(out.size == sizeof out && out.a == 1 && out.b == 0 && out.c == 2.5);
}

Test(opts, none)
{
    struct now out = full;
    cr_assert_eq(il_opts_read(&out, sizeof out, NULL, NULL), IL_OK);
    cr_assert(out.size == sizeof out && out.a == 0 && out.b == 0 && out.c == 0);
}

Test(opts, older_caller)
{
    struct now out = full;
    cr_assert_eq(il_opts_read(&out, sizeof out, IL_OPTS(struct before, .a = 1, .b = 2), NULL), IL_OK);
    cr_assert(out.size == sizeof out && out.a == 1 && out.b == 2 && out.c == 0);
}

Test(opts, newer_caller)
{
    struct now out = full;
    il_err e = { 0 };
    cr_assert_eq(il_opts_read(&out, sizeof out, IL_OPTS(struct later, .b = 2, .c = 3), &e), IL_OK, "%s", e.message);
    cr_assert(out.size == sizeof out && out.a == 0 && out.b == 2 && out.c == 3);
    out = full;
    cr_assert_eq(il_opts_read(&out, sizeof out, IL_OPTS(struct later, .d = 1), &e), IL_EPARAM);
    cr_assert_not_null(strstr(e.message, "this version does not know"), "%s", e.message);
    cr_assert(out.a == 99 && out.c == 99, "out is set on failure");
}

/* The public functions read them so. */
Test(opts, size_not_set)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    il_scope_opts o = { .size = 0, .training = true };
    cr_assert_eq(il_scope_open(&s, &o, &e), IL_EPARAM);
    cr_assert_not_null(strstr(e.message, "size of the options is 0"), "%s", e.message);
    cr_assert_null(s);
    o.size = offsetof(il_scope_opts, grad); /* a caller that knows no more than device and training */
    o.grad = true;
    cr_assert_eq(il_scope_open(&s, &o, &e), IL_OK, "%s", e.message);
    cr_assert(il_scope_training(s));
    il_scope_close(s);
    o = (il_scope_opts){ .size = offsetof(il_scope_opts, grad), .grad = true };
    cr_assert_eq(il_scope_open(&s, &o, &e), IL_OK, "%s", e.message);
    cr_assert_not(il_scope_records(s), "a member beyond the caller's size is read");
    il_scope_close(s);
}
