#include <criterion/criterion.h>
#include <string.h>
#include <inpaintlab/error.h>

Test(error, fills_code_and_message)
{
    il_err e = { 0 };
    cr_assert_eq(il_fail(&e, IL_EPARAM, "lr: %g is negative", -1.5), IL_EPARAM);
    cr_assert_eq(e.code, IL_EPARAM);
    cr_assert_str_eq(e.message, "lr: -1.5 is negative");
}

Test(error, works_without_a_struct)
{
    cr_assert_eq(il_fail(NULL, IL_EDATA, "x"), IL_EDATA);
    cr_assert_eq(il_fail_oom(NULL), IL_ENOMEM);
    cr_assert_eq(il_fail_in(NULL, "x"), IL_EIO);
}

Test(error, out_of_memory)
{
    il_err e = { 0 };
    cr_assert_eq(il_fail_oom(&e), IL_ENOMEM);
    cr_assert_eq(e.code, IL_ENOMEM);
    cr_assert_str_eq(e.message, "out of memory");
}

Test(error, context_goes_before)
{
    il_err e = { 0 };
    il_fail(&e, IL_EIO, "cannot be opened");
    cr_assert_eq(il_fail_in(&e, "%s", "a.png"), IL_EIO);
    cr_assert_eq(il_fail_in(&e, "run %d", 7), IL_EIO);
    cr_assert_str_eq(e.message, "run 7: a.png: cannot be opened");
}

Test(error, an_argument_may_be_the_message_itself)
{
    il_err e = { 0 };
    il_fail(&e, IL_EIO, "inner");
    il_fail(&e, IL_EDATA, "outer (%s)", e.message);
    cr_assert_str_eq(e.message, "outer (inner)");
    il_fail_in(&e, "[%s]", e.message);
    cr_assert_str_eq(e.message, "[outer (inner)]: outer (inner)");
}

Test(error, long_messages_are_cut)
{
    il_err e = { 0 };
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    il_fail(&e, IL_EIO, "%s", text);
    cr_assert_eq(strlen(e.message), sizeof e.message - 1);
    il_fail_in(&e, "run 7");
    cr_assert_eq(strlen(e.message), sizeof e.message - 1);
    cr_assert_eq(strncmp(e.message, "run 7: aaa", 10), 0);
    il_fail_in(&e, "%s", text);
    cr_assert_eq(strlen(e.message), sizeof e.message - 1);
}

/* U+20AC has three bytes; the room is 999, so 998 and 997 letters before it leave one and two of them. */
Test(error, characters_are_not_cut_in_half)
{
    static const size_t before[] = { 996, 997, 998 };
    static const size_t after[] = { 999, 997, 998 };
    for (size_t i = 0; i < 3; i++) {
        il_err e = { 0 };
        char text[1100];
        memset(text, 'a', before[i]);
        strcpy(text + before[i], "\xE2\x82\xAC");
        il_fail(&e, IL_EIO, "%s", text);
        cr_assert_eq(strlen(e.message), after[i], "%zu letters: %zu", before[i], strlen(e.message));
    }
}

Test(error, what_is_quoted_cannot_break_the_line)
{
    il_err e = { 0 };
    il_fail(&e, IL_EIO, "%s: cannot be opened", "a\nb\r\tc\x1b[31m\x7f.png");
    cr_assert_str_eq(e.message, "a b  c\\x1b[31m\\x7f.png: cannot be opened");
    il_fail_in(&e, "%s", "run\n7");
    cr_assert_str_eq(e.message, "run 7: a b  c\\x1b[31m\\x7f.png: cannot be opened");
}

Test(error, escapes_are_whole_or_absent)
{
    il_err e = { 0 };
    char text[1000];
    memset(text, '\x1b', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    il_fail(&e, IL_EIO, "a%s", text);
    cr_assert_eq(strlen(e.message), 1 + 4 * 249);
    cr_assert_str_eq(e.message + strlen(e.message) - 4, "\\x1b");
}

Test(error, a_message_is_utf_8)
{
    il_err e = { 0 };
    il_fail(&e, IL_EIO, "%s, %.2s, %s", "\xc3\xa9t\xc3\xa9", "a\xc3\xa9", "\xe9t\xe9");
    cr_assert_str_eq(e.message, "\xc3\xa9t\xc3\xa9, a\\xc3, \\xe9t\\xe9");
}
