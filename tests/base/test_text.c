/* test_text.c - SHA-256 figures are those of FIPS 180-2 and of Python's hashlib. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/sha256.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/utf8.h"

Test(words, text_grows_and_keeps_everything)
{
    il_text t = { 0 };
    for (int i = 0; i < 1000; i++)
        il_text_add(&t, "%d,", i % 10);
    cr_assert_not(t.failed);
    cr_assert_eq(t.size, 2000);
    cr_assert_eq(strlen(t.data), 2000);
    for (size_t i = 0; i < 1000; i++)
        cr_assert(t.data[2 * i] == (char)('0' + i % 10) && t.data[2 * i + 1] == ',', "at %zu", i);
    il_text_free(&t);
    cr_assert_null(t.data);
    cr_assert_eq(t.size, 0);
}

Test(words, text_takes_nothing_and_much)
{
    il_text t = { 0 };
    il_text_add(&t, "%s", "");
    cr_assert_str_eq(t.data, "");
    il_text_add(&t, "%*s", 5000, "x");
    cr_assert_eq(t.size, 5000);
    cr_assert_eq(t.data[4999], 'x');
    il_text_free(&t);
    il_text_free(NULL);
}

Test(words, failed_text_stays_as_it_was)
{
    il_text t = { 0 };
    il_text_add(&t, "kept");
    t.failed = true;
    il_text_add(&t, "lost");
    cr_assert_str_eq(t.data, "kept");
    il_text_free(&t);
}

Test(words, copy)
{
    cr_assert_null(il_text_copy(NULL));
    char *copy = il_text_copy("abc");
    cr_assert_str_eq(copy, "abc");
    free(copy);
}

static const struct {
    const char *wrong, *expected;
} near_words[] = {
    { "trian", "train" },  /* transposed */
    { "fnc", "fcn" },      /* transposed, the shortest that may be */
    { "modell", "model" }, /* one too many */
    { "mdel", "model" },   /* one too few */
    { "mask-policy", "mask_policy" },
    { "FCN", "fcn" }, /* case is no difference */
    { "realfaek", "realfake" },
    { "mask_plcyo", "mask_policy" }, /* three of ten */
    { "epoch", "epochs" },
    { "nix40", NULL }, /* two of five is too far from "nix" */
    { "xy", NULL },
    { "", NULL },
};

Test(words, nearest)
{
    static const char *const candidates[] = { "train", "fcn", "nix", "model", "mask_policy", "realfake", "epochs" };
    for (size_t i = 0; i < sizeof near_words / sizeof *near_words; i++) {
        const char *found = il_suggest_nearest(near_words[i].wrong, candidates, 7);
        const char *expected = near_words[i].expected;
        cr_assert(expected ? found && strcmp(found, expected) == 0 : !found, "'%s' gives '%s', expected '%s'",
                  near_words[i].wrong, found ? found : "(none)", expected ? expected : "(none)");
    }
}

Test(words, hint)
{
    static const char *const candidates[] = { "alpha", "beta" };
    cr_assert_str_eq(il_suggest_hint("alhpa", candidates, 2).text, "; did you mean 'alpha'?");
    cr_assert_str_eq(il_suggest_hint("gamma", candidates, 2).text, "");
}

Test(words, nearest_takes_the_first_of_the_nearest)
{
    static const char *const candidates[] = { "beta_one", "beta_two", "beta_tw" };
    cr_assert_str_eq(il_suggest_nearest("beta_tw", candidates, 3), "beta_tw");
    cr_assert_str_eq(il_suggest_nearest("beta_twx", candidates, 3), "beta_two");
    cr_assert_null(il_suggest_nearest("beta_tw", candidates, 0));
}

Test(words, nearest_ignores_words_too_long_for_a_name)
{
    char wrong[200];
    memset(wrong, 'a', sizeof wrong - 1);
    wrong[sizeof wrong - 1] = '\0';
    const char *const candidates[] = { wrong, "aaaa" };
    cr_assert_null(il_suggest_nearest(wrong, candidates, 2));
    cr_assert_str_eq(il_suggest_nearest("aaaaa", candidates, 2), "aaaa");
}

Test(words, a_line_holds_no_control_characters)
{
    cr_assert(il_utf8_is_line("") && il_utf8_is_line("plain, \xc3\xa9t\xc3\xa9 \xc2\xa0"));
    const char *const none[] = { "a\nb", "\t", "\x1b[31m", "a\x7f", "a\xc2\x9b" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_not(il_utf8_is_line(none[i]), "%zu", i);
}

Test(words, match)
{
    cr_assert(il_text_match("*", ""));
    cr_assert(il_text_match("model=nix*", "model=nix40,train.on=realfake"));
    cr_assert(il_text_match("*weights/*", "train.weights=weights/a.pth"));
    cr_assert(il_text_match("classifier.[04].*", "classifier.4.bias"));
    cr_assert_not(il_text_match("nix", "nix40"));
    cr_assert_not(il_text_match("nix?", "nix40"));
}

Test(words, sha256)
{
    cr_assert_str_eq(il_sha256("", 0).hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    cr_assert_str_eq(il_sha256(NULL, 0).hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    cr_assert_str_eq(il_sha256("abc", 3).hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(words, sha256_of_a_file)
{
    /* hashlib.sha256(b"a" * 1000000): many blocks */
    char path[] = "/tmp/test_words_XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    char block[1000];
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(write(file, block, sizeof block), (ssize_t)sizeof block);
    close(file);

    il_err e = { 0 };
    il_digest d;
    int rc = il_sha256_file(&d, path, &e);
    unlink(path);
    cr_assert_eq(rc, IL_OK, "%s", e.message);
    cr_assert_str_eq(d.hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(words, sha256_of_no_file)
{
    il_err e = { 0 };
    il_digest d = { "untouched" };
    cr_assert_eq(il_sha256_file(&d, "/nowhere/at.all", &e), IL_EIO);
    cr_assert_str_eq(e.message, "cannot open /nowhere/at.all: No such file or directory");
    cr_assert_eq(il_sha256_file(&d, "/tmp", &e), IL_EIO);
    cr_assert_str_eq(e.message, "/tmp: is a folder; expected a regular file");
    cr_assert_str_eq(d.hex, "untouched");
}
