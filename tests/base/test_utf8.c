/* test_utf8.c - characters of UTF-8, against what Python's codec makes of the same bytes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

/* bytes.decode("utf-8", "replace"), as code points. */
static const struct {
    const char *bytes, *points;
} decoded[] = {
    { "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "61 e4 20ac 1f600" },
    { "\xc3", "fffd" },
    { "\xc3z", "fffd 7a" },
    { "\xe2\x82z", "fffd 7a" }, /* a beginning: one replacement */
    { "\xf0\x9f\x98", "fffd" },
    { "\xf0\x9f\x98\xf0\x9f\x98\x80", "fffd 1f600" },
    { "\xc0\xaf", "fffd fffd" }, /* overlong */
    { "\xe0\x80\xaf", "fffd fffd fffd" },
    { "\xed\xa0\x80", "fffd fffd fffd" },          /* a surrogate */
    { "\xf4\x90\x80\x80", "fffd fffd fffd fffd" }, /* beyond U+10FFFF */
    { "\xf5\x80", "fffd fffd" },
    { "\x80\xbfz", "fffd fffd 7a" },
    { "\xef\xbf\xbd", "fffd" },
};

Test(utf8, characters_are_those_of_python)
{
    for (size_t i = 0; i < sizeof decoded / sizeof *decoded; i++) {
        char got[200] = "";
        size_t size = strlen(decoded[i].bytes);
        for (size_t at = 0, used; at < size; at += used) {
            int32_t code = il_utf8_next(decoded[i].bytes + at, size - at, &used);
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%x", at ? " " : "",
                     (unsigned)(code < 0 ? 0xfffd : code));
            cr_assert(used >= 1 && used <= size - at);
        }
        cr_expect_str_eq(got, decoded[i].points, "case %zu", i);
    }
}

Test(utf8, plain_texts_have_neither_controls_nor_other_bytes)
{
    char text[] = "a\tb\x1b[1m \xc3\xa4 \xff \xc2\x9b \xe2\x80\xae \xe2\x82";
    il_utf8_make_plain(text);
    cr_expect_str_eq(text, "a?b?[1m \xc3\xa4 ? ?? ??? ??");
    cr_expect(il_utf8_is_line("a \xc3\xa4"));
    cr_expect_not(il_utf8_is_line("a\nb"));
    cr_expect_not(il_utf8_is_line("\xc2\x9b"));
    cr_expect_not(il_utf8_is_line("a\xd8\x9c"));
}

Test(utf8, what_a_terminal_would_obey_is_escaped)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "a\xc3\xa4\\\xf0\x9f\x98\x80", "a\xc3\xa4\\\xf0\x9f\x98\x80" },
        { "\n\t\r\x1b\x7f", "\\n\\t\\x0d\\x1b\\x7f" },
        { "\xc2\x9b"
          "31m",
          "\\u009b31m" },
        { "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "\\u061c\\u200e\\u200f" },
        { "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "\\u202a\\u202e\\u2066\\u2069" },
        { "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa" },
        { "\x9b"
          "A\xe2\x80",
          "\\x9bA\\xe2\\x80" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[200] = "", one[IL_UTF8_SHOWN];
        size_t size = strlen(cases[i].text);
        for (size_t at = 0; at < size;) {
            at += il_utf8_show(one, cases[i].text + at, size - at);
            strcat(got, one);
        }
        cr_expect_str_eq(got, cases[i].shown, "case %zu: %s", i, got);
    }
}
