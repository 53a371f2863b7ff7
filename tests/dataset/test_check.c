/* test_check.c - a good data set is clean; each kind of damage is found, and nothing else. */
#include <jansson.h>
#include "base/sha256.h"
#include "dataset/check.h"
#include "made.h"

static const il_observer no_watch = { 0 };

/* Two samples in train, one in validation and test each; every photo another. */
static void make_good(void)
{
    made_open();
    made_sample("train", "a", 1);
    made_sample("train", "b", 2);
    made_sample("validation", "c", 3);
    made_sample("test", "d", 4);
}

static il_check check_path(const char *path, const char *as, bool fast)
{
    il_check c = { 0 };
    il_err e = { 0 };
    il_check_opts o = { .path = path, .as = as, .fast = fast, .threads = 2 };
    cr_assert_eq(il_check_run(&c, o, &no_watch, &e), IL_OK, "%s", e.message);
    return c;
}

/* "key: where: what; …" of all findings, the folder's name as @. */
static char *findings_text(const il_check *c)
{
    static char text[8000];
    size_t n = 0, skip = strlen(made_folder);
    text[0] = '\0';
    for (int t = 0; t < IL_FOUND_TYPES; t++)
        for (size_t i = 0; i < c->findings.of[t].count; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%s: %s: %s", n ? "; " : "", il_findings_titles[t].key,
                                  c->findings.of[t].list[i].where, c->findings.of[t].list[i].what);
    for (char *p; (p = strstr(text, made_folder));) {
        *p = '@';
        memmove(p + 1, p + skip, strlen(p + skip) + 1);
    }
    return text;
}

static void expect_findings(const char *name, const char *expected, size_t problems)
{
    il_check c = check_path(made_folder, NULL, false);
    char *got = findings_text(&c);
    cr_expect_str_eq(got, expected, "%s: %s", name, got);
    cr_expect_eq(il_findings_problems(&c.findings), problems, "%s: %zu problems", name,
                 il_findings_problems(&c.findings));
    il_check_free(&c);
}

Test(check, a_good_data_set_is_clean, .init = make_good, .fini = made_close)
{
    il_check c = check_path(made_folder, NULL, false);
    cr_expect_str_eq(findings_text(&c), "");
    cr_expect_eq(il_findings_problems(&c.findings) + il_findings_warnings(&c.findings), 0);
    cr_expect(c.samples[0] == 2 && c.samples[1] == 1 && c.samples[2] == 1 && c.samples[3] == 0);
    for (int k = 0; k < IL_PUBLISHED_KINDS; k++)
        cr_expect(c.files[0][k] == 2 && c.files[1][k] == 1 && c.files[2][k] == 1);
    cr_assert_eq(c.size_count, 1);
    cr_expect(c.sizes[0].width == 32 && c.sizes[0].height == 24 && c.sizes[0].count == 20);
    cr_expect(c.masks == 4 && c.blurred == 4 && c.touching_255 == 4);
    cr_expect_float_eq(c.area.mean, 24.0 * 18 / (32 * 24), 1e-12);
    cr_expect_float_eq(c.core.median, 16.0 * 12 / (32 * 24), 1e-12);
    cr_expect(!c.has_manifest);
    il_check_free(&c);
    cr_expect(!c.measures && !c.listing.list);
}

/* Of 100 pixels: touched 10, 20, 40, 90 and painted 5, 20, 20, 45. */
Test(check, sums_up_masks, .init = made_open, .fini = made_close)
{
    static const int touched[] = { 90, 10, 40, 20 };
    for (int i = 0; i < 4; i++) {
        char name[64];
        il_image mask = made_image(10, 10, 1);
        for (int k = 0; k < touched[i]; k++)
            mask.pixels[k] = k < touched[i] / 2 || i == 3 ? 255 : 7;
        snprintf(name, sizeof name, "test/%d.mask.png", i);
        made_write(name, mask);
        snprintf(name, sizeof name, "test/%d.realfake.png", i);
        made_write(name, made_photo(10, 10, (uint64_t)i));
    }
    il_check c = check_path(made_folder, NULL, false);
    cr_expect_float_eq(c.area.least, 0.1, 1e-12);
    cr_expect_float_eq(c.area.median, 0.3, 1e-12);
    cr_expect_float_eq(c.area.mean, 0.4, 1e-12);
    cr_expect_float_eq(c.area.most, 0.9, 1e-12);
    cr_expect_float_eq(c.core.median, 0.2, 1e-12); /* 5, 20, 20, 45 */
    cr_expect_float_eq(c.core.mean, 0.225, 1e-12);
    cr_expect(c.masks == 4 && c.blurred == 3 && c.touching_255 == 4);
    il_check_free(&c);
}

/* ---- damage ---- */

static void change(const char *name, int x, int y, int by)
{
    il_image image = { 0 };
    cr_assert_eq(il_image_read(&image, made_path(name), NULL), IL_OK, "%s", name);
    uint8_t *p = image.pixels + (y * image.width + x) * image.channels;
    *p = (uint8_t)(*p + by);
    made_write(name, image);
}

static void copy(const char *from, const char *to)
{
    char command[1300];
    snprintf(command, sizeof command, "cp %s %s", made_path(from), made_path(to));
    cr_assert_eq(system(command), 0);
}

static void set_mask(int core, int edge, int outside)
{
    il_image mask = made_mask(32, 24);
    for (int i = 0; i < 32 * 24; i++)
        mask.pixels[i] = (uint8_t)(mask.pixels[i] == 255 ? core : mask.pixels[i] ? edge : outside);
    made_write("test/d.mask.webp", mask);
}

static void no_mask(void)
{
    unlink(made_path("test/d.mask.webp"));
}
static void no_picture(void)
{
    unlink(made_path("test/d.realfake.webp"));
    unlink(made_path("test/d.fakefake.webp"));
    unlink(made_path("test/d.inpainted.webp"));
}
static void text_file(void)
{
    made_text("train/b.fakefake.webp", "no picture");
}
static void truncated(void)
{
    cr_assert_eq(truncate(made_path("train/b.fakefake.webp"), 40), 0);
}
static void odd_name(void)
{
    made_text("train/\x1b[2J\xff.txt", "");
}
static void small_mask(void)
{
    made_write("test/d.mask.webp", made_mask(16, 24));
}
static void grey_mask(void)
{
    set_mask(254, 128, 0);
}
static void empty_mask(void)
{
    set_mask(0, 0, 0);
}
static void full_mask(void)
{
    set_mask(255, 255, 255);
}
static void coloured_mask(void)
{
    il_image rgb = { 0 }, grey = made_mask(32, 24);
    cr_assert_eq(il_image_to_rgb(&rgb, &grey, NULL), IL_OK);
    rgb.pixels[5] ^= 1;
    il_image_free(&grey);
    made_write("test/d.mask.webp", rgb);
}
static void unchanged(void)
{
    copy("train/a.original.webp", "train/a.fakefake.webp");
}
static void outside(void)
{
    change("train/a.realfake.webp", 0, 0, 1);
    change("train/a.realfake.webp", 31, 23, 1);
    change("train/a.fakefake.webp", 16, 12, 1); /* inside the mask */
}
/* Where the mask is grey, too. */
static void exchanged(void)
{
    made_write("train/a.exchanged.webp", made_fake(32, 24, 1, 30));
    change("train/a.exchanged.webp", 0, 0, 1);
    change("train/a.exchanged.webp", 5, 4, 1);
}
static void unchanged_whole(void)
{
    copy("train/a.original.webp", "train/a.reconstructed.webp");
}
static void copied(void)
{
    made_sample("test", "e", 1);  /* the photo of train/a */
    made_sample("train", "e", 2); /* twice in one split is no problem */
}
static void copied_without_originals(void)
{
    made_sample("test", "e", 1);
    unlink(made_path("test/e.original.webp"));
    unlink(made_path("train/a.original.webp"));
}
static void similar(void)
{
    made_sample("validation", "e", 1);
    change("validation/e.original.webp", 16, 12, 2);
}

static const struct damage {
    const char *name;
    void (*make)(void);
    const char *expected;
    size_t problems;
} damages[] = {
    { "no mask", no_mask, "unpaired: test/d: has no mask", 1 },
    { "no picture", no_picture, "unpaired: test/d: has a mask, but no inpainted, realfake, fakefake or exchanged image",
      1 },
    { "text", text_file, "unreadable: @/train/b.fakefake.webp: not a supported image; expected PNG, JPEG, WebP or TIFF",
      1 },
    { "odd name", odd_name,
      "odd_names: @/train/?[2J?.txt: is not named <id>.<kind>.webp (or .png, .jpg); the kind must be original, mask, "
      "inpainted, realfake, fakefake, reconstructed, selfconditioned or exchanged",
      0 },
    { "small mask", small_mask, "sizes: test/d: mask is 16x24, original 32x24", 1 },
    { "grey mask", grey_mask, "never_255: test/d: highest grey level is 254", 1 },
    { "empty mask", empty_mask,
      "empty_masks: test/d: no pixel of the mask is above 0; outside: test/d: realfake: 192 of 768 "
      "pixels; outside: test/d: fakefake: 192 of 768 pixels",
      3 },
    { "full mask", full_mask, "full_masks: test/d: every pixel of the mask is 255", 0 },
    { "coloured mask", coloured_mask,
      "unreadable: @/test/d.mask.webp: the mask has several colours; expected grey levels, or black and one colour; the setting mask_channel (red, green, blue) of a data set 'pairs' says where the mask is",
      1 },
    { "unchanged", unchanged, "identical: train/a: fakefake is identical to the original", 1 },
    { "outside", outside, "outside: train/a: realfake: 2 of 336 pixels", 1 },
    { "exchanged", exchanged, "outside: train/a: exchanged: 2 of 576 pixels", 1 },
    { "unchanged whole", unchanged_whole, "identical: train/a: reconstructed is identical to the original", 1 },
    { "copied", copied, "duplicates: train/a: same original file as test/e", 1 },
    { "copied, no originals", copied_without_originals, "duplicates: train/a: same realfake file as test/e", 1 },
    { "similar", similar, "near_duplicates: train/a: looks like validation/e (0 of 64 bits differ)", 0 },
};

Test(check, finds_each_damage)
{
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        make_good();
        damages[i].make();
        expect_findings(damages[i].name, damages[i].expected, damages[i].problems);
        made_close();
    }
}

Test(check, a_truncated_picture, .init = make_good, .fini = made_close)
{
    truncated();
    il_check c = check_path(made_folder, NULL, false);
    cr_expect_eq(c.findings.of[IL_FOUND_UNREADABLE].count, 1);
    cr_expect_eq(il_findings_problems(&c.findings), 1);
    cr_expect_eq(c.sizes[0].count, 19);
    il_check_free(&c);
}

Test(check, fast_does_not_decode, .init = make_good, .fini = made_close)
{
    outside();
    grey_mask();
    copied();
    small_mask();
    il_check c = check_path(made_folder, NULL, true);
    cr_expect_str_eq(findings_text(&c), "sizes: test/d: mask is 16x24, original 32x24");
    cr_expect(c.masks == 0 && c.sizes[0].count == 29);
    il_check_free(&c);
}

/* ---- the manifest ---- */

static void write_manifest(const char *spoilt)
{
    static const char *const names[][3] = {
        { "train", "a", "1" }, { "train", "b", "2" }, { "validation", "c", "3" }, { "test", "d", "4" }
    };
    il_manifest m = { 0 };
    il_err e = { 0 };
    for (int i = 0; i < 4; i++) {
        bool this = spoilt && strcmp(names[i][1], "d") == 0;
        if (this && strcmp(spoilt, "line") == 0)
            continue;
        il_sample s = { .split = strdup(names[i][0]), .id = strdup(names[i][1]), .tile = -1 };
        s.photo = strdup(this && strcmp(spoilt, "photo") == 0 ? "2" : names[i][2]);
        for (int k = 0; k < IL_PICTURE_KINDS; k++) {
            char name[100];
            il_digest d;
            snprintf(name, sizeof name, "%s/%s.%s.webp", names[i][0], names[i][1], il_picture_kinds[k]);
            if (k >= IL_PUBLISHED_KINDS)
                continue;
            cr_assert_eq(il_sha256_file(&d, made_path(name), &e), IL_OK, "%s", e.message);
            if (!(this && k == IL_FAKEFAKE && strcmp(spoilt, "file") == 0))
                s.sha256[k] = strdup(d.hex);
        }
        cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
    }
    if (spoilt && strcmp(spoilt, "more") == 0) {
        il_sample s = { .split = strdup("train"), .id = strdup("aa"), .tile = -1 };
        cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
        s = (il_sample){ .split = strdup("test"), .id = strdup("z"), .tile = -1 };
        cr_assert_eq(il_manifest_add(&m, &s, &e), IL_OK);
    }
    cr_assert_eq(il_manifest_write(&m, made_path("manifest.jsonl"), &e), IL_OK, "%s", e.message);
    il_manifest_free(&m);
}

Test(check, compares_with_the_manifest, .init = make_good, .fini = made_close)
{
    write_manifest(NULL);
    expect_findings("good", "", 0);
    write_manifest("line");
    expect_findings("no line", "manifest: test/d: has no line in the manifest", 1);
    write_manifest("file");
    expect_findings("no file", "manifest: test/d: its manifest line does not list the fakefake file", 1);
    write_manifest("more");
    expect_findings("absent samples",
                    "manifest: train/aa: is listed in the manifest but has no files; manifest: test/z: is "
                    "listed in the manifest but has no files",
                    2);
    write_manifest("photo");
    expect_findings("leak", "leaks: 2: in train (b), test (d)", 1);

    write_manifest(NULL);
    change("train/a.inpainted.webp", 3, 3, 1);
    expect_findings("changed", "hashes: train/a: inpainted: the file changed since the manifest was written", 1);
    unlink(made_path("train/a.inpainted.webp"));
    expect_findings("absent", "manifest: train/a: its manifest line lists a missing inpainted file", 1);
    made_text("manifest.jsonl", "{\"id\": \"a\"}\n");
    expect_findings("broken", "manifest: manifest.jsonl: @/manifest.jsonl:1: 'split' is missing", 1);
    made_text("manifest.jsonl", "{\"id\": \"a\", \"split\": \"test\"}");
    expect_findings(
        "torn",
        "manifest: manifest.jsonl: @/manifest.jsonl:1: the line has no newline at its end; the file was cut off", 1);
}

Test(check, a_sample_with_two_lines, .init = made_open, .fini = made_close)
{
    made_sample("test", "d", 4);
    made_text("manifest.jsonl", "{\"id\": \"d\", \"split\": \"test\"}\n{\"id\": \"d\", \"split\": \"test\"}\n");
    il_check c = check_path(made_folder, NULL, true);
    cr_expect(strstr(findings_text(&c), "manifest: test/d: has more than one manifest line"), "%s", findings_text(&c));
    il_check_free(&c);
}

/* ---- Table 1 ---- */

Test(check, compares_counts_with_table_1, .init = make_good, .fini = made_close)
{
    static const struct {
        const char *as, *expected;
    } cases[] = {
        { "dataset1",
          "counts: train: 2 samples; the paper has 9000; counts: validation: 1 samples; the paper has 500; counts: "
          "test: 1 samples; the paper has 500" },
        { "dataset2",
          "counts: train: 2 samples; the paper has 20878; counts: validation: 1 samples; the paper has 1986; counts: "
          "test: 1 samples; the paper has 1984" },
        { "inpainted",
          "counts: train: 1 samples; the paper has 11878; counts: validation: 1 samples; the paper has 1486; counts: "
          "test: 1 samples; the paper has 1484" },
    };
    unlink(made_path("train/a.inpainted.webp"));
    for (size_t i = 0; i < 3; i++) {
        il_check c = check_path(made_folder, cases[i].as, true);
        cr_expect_str_eq(findings_text(&c), cases[i].expected, "%s", findings_text(&c));
        cr_expect_eq(il_findings_problems(&c.findings), 3);
        il_check_free(&c);
    }
}

/* ---- other layouts, output ---- */

Test(check, reads_pairs_and_lists, .init = made_open, .fini = made_close)
{
    made_write("Tp/a.png", made_photo(16, 16, 1));
    made_write("Gt/a.png", made_mask(16, 16));
    made_write("Tp/b.png", made_photo(16, 16, 1));
    made_write("Gt/b.png", made_mask(16, 8));
    made_write("Tp/c.png", made_photo(16, 16, 3));
    expect_findings("pairs", "unpaired: c: no mask; expected @/Gt/c.png; sizes: b: mask is 16x8, realfake 16x16", 2);
    made_text("list.json", "[[\"Tp/a.png\", \"Gt/a.png\"], [\"Tp/c.png\", \"Negative\"]]");
    il_check c = check_path(made_path("list.json"), NULL, false);
    cr_expect_str_eq(findings_text(&c), "");
    cr_expect(c.samples[3] == 2 && c.files[3][IL_REALFAKE] == 1 && c.files[3][IL_ORIGINAL] == 1);
    il_check_free(&c);
}

static char *printed(const il_check *c, bool json, size_t most)
{
    char *text = NULL;
    size_t size = 0;
    il_err e = { 0 };
    FILE *f = open_memstream(&text, &size);
    cr_assert(f);
    if (json)
        cr_assert_eq(il_check_json(f, c, &e), IL_OK, "%s", e.message);
    else
        il_check_print(f, c, most);
    cr_assert_eq(fclose(f), 0);
    return text;
}

Test(check, prints_some_and_tells_how_many, .init = make_good, .fini = made_close)
{
    for (int i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "test/lone%d.mask.webp", i);
        made_write(name, made_mask(32, 24));
    }
    il_check c = check_path(made_folder, NULL, false);
    char *text = printed(&c, false, 3);
    cr_expect(strstr(text, "  5 samples without their partner files\n    test/lone0: has a mask"), "%s", text);
    cr_expect(strstr(text, "test/lone2: ") && !strstr(text, "test/lone3: ") && strstr(text, "    and 2 more\n"), "%s",
              text);
    cr_expect(strstr(text, "\n5 problems, 0 warnings\n"), "%s", text);
    cr_expect(strstr(text, "  32 x 24          25\n"), "%s", text);
    cr_expect(strstr(text, "  test              6          1          6          1          1          1\n"), "%s",
              text);
    free(text);
    il_check_free(&c);
}

Test(check, json_holds_everything, .init = make_good, .fini = made_close)
{
    for (int i = 0; i < 15; i++) {
        char name[64];
        snprintf(name, sizeof name, "test/\xff\"%02d.mask.webp", i);
        made_write(name, made_mask(32, 24));
    }
    odd_name();
    il_check c = check_path(made_folder, "dataset1", false);
    char *text = printed(&c, true, 0);
    json_t *root = json_loads(text, 0, NULL);
    cr_assert(root, "%s", text);
    const json_t *problems = json_object_get(root, "problems"), *unpaired = json_object_get(problems, "unpaired");
    cr_expect_eq(json_array_size(unpaired), 15);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(unpaired, 1), "where")), "test/?\"01");
    cr_expect_eq(json_array_size(json_object_get(problems, "counts")), 3);
    cr_expect_eq(json_array_size(json_object_get(json_object_get(root, "warnings"), "odd_names")), 1);
    cr_expect_eq(json_object_size(problems), IL_FOUND_PROBLEMS, "empty lists are there too");
    cr_expect_eq(json_integer_value(json_object_get(root, "problem_count")), 18);
    cr_expect(json_is_false(json_object_get(root, "good")));
    const json_t *test = json_object_get(json_object_get(root, "samples"), "test");
    cr_expect_eq(json_integer_value(json_object_get(test, "mask")), 16);
    cr_expect_eq(json_integer_value(json_object_get(test, "published")), 500);
    cr_expect_float_eq(json_real_value(json_object_get(json_object_get(json_object_get(root, "masks"), "area"), "max")),
                       0.5625, 1e-9);
    json_decref(root);
    free(text);
    il_check_free(&c);
}

static void count_calls(void *context, const il_progress *p)
{
    size_t *seen = context;
    seen[0]++;
    seen[1] = p->batch;
}

Test(check, tells_its_progress_and_stops, .init = make_good, .fini = made_close)
{
    size_t seen[2] = { 0 };
    volatile int stop = 0;
    il_observer observer = { .progress = count_calls, .context = seen, .stop = &stop };
    il_check c = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_check_run(&c, (il_check_opts){ .path = made_folder, .threads = 1 }, &observer, &e), IL_OK);
    cr_expect(seen[0] == 1 && seen[1] == 4);
    il_check_free(&c);
    stop = 1;
    cr_expect_eq(il_check_run(&c, (il_check_opts){ .path = made_folder, .threads = 1 }, &observer, &e), IL_ECANCEL);
    cr_expect_null(c.measures);
    cr_expect_eq(il_check_run(&c, (il_check_opts){ .path = made_path("absent") }, &no_watch, &e), IL_EDATA);
}
