/* test_manifest.c - manifests: the bytes of a line, what reading refuses, order, and writing whole or not at all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dataset/manifest.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char folder[64], path[100];

static void make_folder(void)
{
    strcpy(folder, "/tmp/inpaintlab-manifest-XXXXXX");
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/manifest.jsonl", folder);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

static void put(const char *text, size_t size)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(text, 1, size, f) == size && fclose(f) == 0);
}

static il_sample plain(const char *split, const char *id)
{
    return (il_sample){ .split = strdup(split), .id = strdup(id), .tile = -1 };
}

static il_sample whole(void)
{
    il_sample s = plain("train", "17-\"3\"");
    s.photo = strdup("a b/\xc3\xa4.jpg");
    s.photo_sha256 = strdup(A64);
    s.tile = 3;
    s.seed = UINT64_MAX;
    s.masker = strdup("yolov8");
    s.rule = strdup("box 2 of 5");
    s.area = 1.0 / 3;
    s.core = 0.25;
    s.prompt = strdup("a cat\n\x01 on a mat");
    s.inpainted_by = strdup("sd_inpaint");
    s.inpainted_sha256 = strdup(B64);
    s.reconstructed_by = strdup("vae");
    s.reconstructed_sha256 = strdup(A64);
    s.settings = strdup("{\"steps\":50,   \"guidance\":7.5, \"by\":{\"b\":1,\"a\":[true,null]}}");
    s.sha256[IL_MASK] = strdup(A64);
    s.sha256[IL_FAKEFAKE] = strdup(B64);
    return s;
}

static const char whole_line[] =
    "{\"id\": \"17-\\\"3\\\"\", \"split\": \"train\", \"photo\": \"a b/\xc3\xa4.jpg\", \"photo_sha256\": \"" A64
    "\", \"tile\": 3, "
    "\"seed\": \"18446744073709551615\", \"masker\": \"yolov8\", \"rule\": \"box 2 of 5\", \"area\": 0.333333, \"core\": 0.250000, "
    "\"prompt\": \"a cat\\n\\u0001 on a mat\", \"inpainted_by\": \"sd_inpaint\", \"inpainted_sha256\": \"" B64 "\", "
    "\"reconstructed_by\": \"vae\", \"reconstructed_sha256\": \"" A64 "\", "
    "\"settings\": {\"by\": {\"a\": [true, null], \"b\": 1}, \"guidance\": 7.5, \"steps\": 50}, "
    "\"sha256\": {\"mask\": \"" A64 "\", \"fakefake\": \"" B64 "\"}}\n";

Test(manifest, a_line_has_fixed_bytes)
{
    il_sample s = whole();
    char *line = il_manifest_line(&s);
    cr_assert(line);
    cr_expect_str_eq(line, whole_line);
    free(line);
    il_sample_free(&s);
    cr_expect(!s.id && !s.sha256[IL_MASK], "freed samples are empty");

    s = plain("test", "x");
    line = il_manifest_line(&s);
    cr_assert(line);
    cr_expect_str_eq(line, "{\"id\": \"x\", \"split\": \"test\", \"tile\": -1, \"seed\": \"0\", \"area\": 0.000000, "
                           "\"core\": 0.000000, \"sha256\": {}}\n");
    free(line);
    il_sample_free(&s);
}

Test(manifest, shares_are_rounded_to_six_decimals)
{
    static const struct {
        double share;
        const char *text;
    } cases[] = {
        { 0, "0.000000" },         { 1, "1.000000" },   { 0.0000004, "0.000000" }, { 0.0000006, "0.000001" },
        { 0.9999999, "1.000000" }, { 0.1, "0.100000" }, { 2, "1.000000" },         { -1, "0.000000" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[40];
        il_sample s = plain("test", "x");
        s.area = cases[i].share;
        snprintf(expected, sizeof expected, "\"area\": %s, ", cases[i].text);
        char *line = il_manifest_line(&s);
        cr_expect(line && strstr(line, expected), "%g: %s", cases[i].share, line);
        free(line);
        il_sample_free(&s);
    }
}

Test(manifest, cannot_write_what_is_no_text_or_no_object, .init = make_folder, .fini = remove_folder)
{
    il_manifest m = { 0 };
    il_err e = { 0 };
    il_sample s = plain("test", "x");
    s.prompt = strdup("\xff");
    cr_expect_null(il_manifest_line(&s));
    cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
    cr_expect_eq(il_manifest_write(&m, path, &e), IL_EFORMAT);
    cr_expect(strstr(e.message, "manifest.jsonl: the texts of test/x must be UTF-8"), "%s", e.message);
    cr_expect(access(path, F_OK) != 0, "nothing is written");
    il_manifest_free(&m);
    static const char *const settings[] = { "[1]", "7", "{\"a\":1", "{\"a\":1,\"a\":2}", "" };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        s = plain("test", "x");
        s.settings = strdup(settings[i]);
        cr_expect_null(il_manifest_line(&s), "settings %s", settings[i]);
        il_sample_free(&s);
    }
}

Test(manifest, reads_what_it_writes, .init = make_folder, .fini = remove_folder)
{
    il_manifest m = { 0 };
    il_err e = { 0 };
    put(whole_line, sizeof whole_line - 1);
    cr_assert_eq(il_manifest_read(&m, path, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(m.count, 1);
    cr_expect_eq(m.list[0].seed, UINT64_MAX);
    cr_expect_eq(m.list[0].tile, 3);
    cr_expect_eq(m.list[0].core, 0.25);
    cr_expect_str_eq(m.list[0].rule, "box 2 of 5");
    cr_expect_str_eq(m.list[0].sha256[IL_FAKEFAKE], B64);
    cr_expect_null(m.list[0].sha256[IL_ORIGINAL]);
    char *line = il_manifest_line(&m.list[0]);
    cr_expect_str_eq(line, whole_line);
    free(line);
    il_manifest_free(&m);
    cr_expect(!m.list && !m.count);
}

Test(manifest, sorts_by_split_and_id_and_finds, .init = make_folder, .fini = remove_folder)
{
    static const char *const order[][2] = { { "test", "b" }, { "validation", "z" }, { "train", "b" }, { "train", "B" },
                                            { "test", "a" }, { "train", "10" },     { "train", "9" } };
    static const char *const sorted[] = { "train/10",     "train/9", "train/B", "train/b",
                                          "validation/z", "test/a",  "test/b" };
    il_manifest m = { 0 };
    il_err e = { 0 };
    for (size_t i = 0; i < 7; i++) {
        il_sample s = plain(order[i][0], order[i][1]);
        s.seed = i;
        cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
        cr_expect_null(s.id, "the texts are taken");
    }
    cr_assert_eq(il_manifest_write(&m, path, &e), IL_OK, "%s", e.message);
    il_manifest_free(&m);
    cr_assert_eq(il_manifest_read(&m, path, 1, &e), IL_OK, "%s", e.message);
    cr_assert_eq(m.count, 7);
    for (size_t i = 0; i < 7; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/%s", m.list[i].split, m.list[i].id);
        cr_expect_str_eq(name, sorted[i]);
        const il_sample *found = il_manifest_find(&m, order[i][0], order[i][1]);
        cr_expect(found && found->seed == i, "%s/%s", order[i][0], order[i][1]);
    }
    cr_expect_null(il_manifest_find(&m, "validation", "a"));
    cr_expect_null(il_manifest_find(&m, "other", "a"));
    il_manifest_free(&m);
    cr_expect_null(il_manifest_find(&m, "test", "a"));
}

Test(manifest, a_torn_last_line, .init = make_folder, .fini = remove_folder)
{
    static const char text[] = "{\"id\": \"a\", \"split\": \"test\"}\n{\"id\": \"b\", \"split\": \"test\"}\n";
    il_err e = { 0 };
    /* cut after every byte of the second line */
    size_t first = (size_t)(strchr(text, '\n') - text) + 1, size = sizeof text - 1;
    for (size_t cut = first + 1; cut < size; cut++) {
        il_manifest m = { 0 };
        put(text, cut);
        cr_assert_eq(il_manifest_read(&m, path, 0, &e), IL_OK, "%s", e.message);
        cr_expect_eq(m.count, 1, "cut at %zu", cut);
        il_manifest_free(&m);
        cr_expect_eq(il_manifest_read(&m, path, 1, &e), IL_EFORMAT);
        cr_expect(strstr(e.message, "/manifest.jsonl:2: the line has no newline at its end"), "%s", e.message);
        cr_expect_null(m.list);
    }
    il_manifest m = { 0 };
    put(text, size);
    cr_assert_eq(il_manifest_read(&m, path, 0, &e), IL_OK);
    cr_expect_eq(m.count, 2);
    il_manifest_free(&m);
    put("", 0);
    cr_expect_eq(il_manifest_read(&m, path, 1, &e), IL_OK, "an empty manifest has no samples");
    cr_expect_eq(m.count, 0);
}

#define LINE(more) "{\"id\": \"a\", \"split\": \"test\", " more "}"

Test(manifest, refuses_broken_lines, .init = make_folder, .fini = remove_folder)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        { "", "invalid JSON" },
        { "nonsense", "invalid JSON" },
        { "[1, 2]", "expected a JSON object" },
        { "{}", "'id' is missing" },
        { "{\"id\": \"a\"}", "'split' is missing" },
        { "{\"id\": \"\", \"split\": \"test\"}", "'id' is missing" },
        { "{\"id\": 7, \"split\": \"test\"}", "'id' is a number; expected a string" },
        { "{\"id\": \"a\", \"split\": \"val\"}", "'split' is \"val\"; expected train, validation or test" },
        { "{\"id\": \"a\", \"id\": \"b\", \"split\": \"test\"}", "duplicate" },
        { LINE("\"photo\": null"), "'photo' is null; expected a string" },
        { LINE("\"photo_sha256\": \"abc\""), "'photo_sha256' is not a SHA-256" },
        { LINE("\"inpainted_sha256\": \""
               "A" A64 "\""),
          "'inpainted_sha256' is not a SHA-256" },
        { LINE("\"tile\": \"3\""), "'tile' is a string; expected an integer" },
        { LINE("\"tile\": 1.5"), "'tile' is a number; expected an integer" },
        { LINE("\"tile\": -2"), "'tile' is -2; expected -1" },
        { LINE("\"tile\": 2147483648"), "'tile' is 2147483648" },
        { LINE("\"seed\": 5"), "'seed' is a number; expected a string of digits" },
        { LINE("\"seed\": \"\""), "'seed' is \"\"" },
        { LINE("\"seed\": \"-1\""), "'seed' is \"-1\"" },
        { LINE("\"seed\": \"1x\""), "'seed' is \"1x\"" },
        { LINE("\"seed\": \"18446744073709551616\""), "expected a number below 2^64" },
        { LINE("\"area\": \"0.5\""), "'area' is a string; expected a number from 0 to 1" },
        { LINE("\"area\": 1.5"), "'area' is 1.5; expected a number from 0 to 1" },
        { LINE("\"core\": -0.5"), "'core' is -0.5" },
        { LINE("\"core\": 1e999"), "invalid JSON" },
        { LINE("\"settings\": []"), "'settings' is an array; expected an object" },
        { LINE("\"sha256\": \"x\""), "'sha256' is a string; expected an object" },
        { LINE("\"sha256\": {\"masks\": \"x\"}"), "'sha256' has the key 'masks'" },
        { LINE("\"sha256\": {\"mask\": \"x\"}"), "'mask' is not a SHA-256" },
        { LINE("\"sha256\": {\"mask\": true}"), "'mask' is true; expected a string" },
        { LINE("\"colour\": 1"), "unknown manifest key 'colour'" },
        { LINE("\"prompt\": \"\xff\""), "invalid JSON" },
        { LINE("\"prompt\": \"a\\u0000b\""), "invalid JSON" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        il_manifest m = { 0 };
        il_err e = { 0 };
        int n = snprintf(text, sizeof text, "{\"id\": \"ok\", \"split\": \"train\"}\n%s\n", cases[i].line);
        put(text, (size_t)n);
        cr_expect_eq(il_manifest_read(&m, path, 1, &e), IL_EFORMAT, "case %zu", i);
        cr_expect(strstr(e.message, "/manifest.jsonl:2: ") && strstr(e.message, cases[i].expected), "case %zu (%s): %s",
                  i, cases[i].line, e.message);
        cr_expect(!m.list && !m.count, "nothing is given out");
        il_manifest_free(&m);
    }
    il_manifest m = { 0 };
    il_err e = { 0 };
    put("{\"id\": \"a\", \0\"split\": \"test\"}\n", 30);
    cr_expect_eq(il_manifest_read(&m, path, 1, &e), IL_EFORMAT);
    unlink(path);
    cr_expect_eq(il_manifest_read(&m, path, 1, &e), IL_EIO);
    cr_expect(strstr(e.message, "/manifest.jsonl") && strstr(e.message, ": No such file"), "%s", e.message);
    cr_expect_eq(il_manifest_read(&m, folder, 1, &e), IL_EIO, "a folder");
}

Test(manifest, is_written_whole_or_not_at_all, .init = make_folder, .fini = remove_folder)
{
    struct stat before, after;
    char command[200];
    il_manifest m = { 0 };
    il_err e = { 0 };
    il_sample s = plain("test", "x");
    cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
    put("what was there", 14);
    cr_assert_eq(stat(path, &before), 0);
    cr_assert_eq(il_manifest_write(&m, path, &e), IL_OK, "%s", e.message);
    cr_assert_eq(stat(path, &after), 0);
    cr_expect_neq(before.st_ino, after.st_ino, "a new file takes the name");
    snprintf(command, sizeof command, "test $(ls -A %s | wc -l) = 1", folder);
    cr_expect_eq(system(command), 0, "nothing is left beside it");

    char absent[200];
    snprintf(absent, sizeof absent, "%s/absent/manifest.jsonl", folder);
    cr_expect_eq(il_manifest_write(&m, absent, &e), IL_EIO);
    cr_expect(strstr(e.message, "/absent/manifest.jsonl") && strstr(e.message, ": No such file"), "%s", e.message);
    il_manifest_free(&m);
}
