/* calibration.c: the bar that authentic pictures choose, what it makes of pictures, and its file. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "detect/calibration.h"
#include "store/run_files.h"

static const il_calibration_of of = {
    .weights_sha256 = "ab12", .tile = 256, .overlap = 64, .threshold = 0.5, .least = 64
};

static const il_tested untested = { .iou = NAN };

static il_threshold chosen(const il_authentic *list, size_t count, il_compression c)
{
    il_threshold bar = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_calibration_choose(&bar, list, count, c, &e), IL_OK, "%s", e.message);
    return bar;
}

/* Scores 0.00, 0.01, … 0.99 in the first half, the same again in the other one. */
static void fill(il_authentic list[200])
{
    for (int i = 0; i < 200; i++)
        list[i] = (il_authentic){ .score = (i * 37 % 100) / 100.0, .share = 0.25, .pixels = 1000 + i, .marked = true };
}

Test(calibration, one_in_twenty_may_lie_above)
{
    il_authentic list[200];
    fill(list);
    il_threshold b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.chosen_on, 100);
    cr_expect_eq(b.score, 0.94); /* 0.95 to 0.99 are the five above */
    cr_expect_eq(b.measured.pictures, 100);
    cr_expect_eq(b.measured.alarms, 5);
    cr_expect_float_eq(b.measured.marked, 0.25, 1e-12);
    cr_expect_eq(b.measured.pixels, 100 * 1000 + (100 + 199) * 50);
    b = chosen(list, 200, IL_LOSSY);
    cr_expect(b.chosen_on == 0 && b.measured.pictures == 0, "there is no lossy one");
}

Test(calibration, the_halves_are_not_mixed)
{
    il_authentic list[200];
    fill(list);
    for (int i = 100; i < 200; i++)
        list[i].score = 0.96;
    il_threshold b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.score, 0.94);
    cr_expect_eq(b.measured.alarms, 100);
}

Test(calibration, a_score_without_a_region_is_nothing)
{
    il_authentic list[200];
    fill(list);
    for (int i = 0; i < 200; i++)
        list[i].marked = list[i].score > 0.97;
    il_threshold b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.score, 0, "any region counts");
    cr_expect_eq(b.measured.alarms, 2);
}

Test(calibration, too_few_choose_nothing_but_measure)
{
    il_authentic list[200];
    fill(list);
    for (int i = 0; i < 200; i++)
        list[i].compression = i % 8 ? IL_LOSSY : IL_LOSSLESS; /* 25 are lossless */
    il_threshold b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.chosen_on, 0);
    cr_expect_eq(b.measured.pictures, 25);
    cr_expect(b.measured.alarms >= 24 && b.measured.alarms <= 25, "by the marks alone");
    cr_expect_eq(chosen(list, 200, IL_LOSSY).chosen_on, 87);
}

static il_verdict judged(const il_calibration *k, const il_tested *t, il_verdict marks, double score, il_compression c)
{
    return il_calibration_judge(k, t, (il_marks){ marks, score, 16384, c });
}

Test(calibration, verdicts)
{
    il_calibration k = { .bars = { [IL_LOSSLESS] = { .chosen_on = 50, .score = 0.9 } } };
    const il_verdict region = IL_VERDICT_REGION, whole = IL_VERDICT_WHOLE, nothing = IL_VERDICT_NOTHING;
    cr_expect_eq(judged(&k, &untested, region, 0.91, IL_LOSSLESS), region);
    cr_expect_eq(judged(&k, &untested, whole, 0.91, IL_LOSSLESS), whole);
    cr_expect_eq(judged(&k, &untested, region, 0.9, IL_LOSSLESS), nothing);
    cr_expect_eq(judged(&k, &untested, nothing, 0.95, IL_LOSSLESS), nothing);
    cr_expect_eq(judged(&k, &untested, region, 1, IL_LOSSY), IL_VERDICT_UNCERTAIN);
    cr_expect_eq(judged(&k, &untested, nothing, 0, IL_LOSSY), IL_VERDICT_UNCERTAIN);
    k.bars[IL_LOSSY] = (il_threshold){ .chosen_on = 20, .score = 1 };
    cr_expect_eq(judged(&k, &untested, region, 1, IL_LOSSY), IL_VERDICT_UNCERTAIN, "authentic ones score as high");
    cr_expect_eq(judged(&k, &untested, nothing, 0, IL_LOSSY), nothing);
    k.none = true;
    cr_expect_eq(judged(&k, &untested, region, 0.2, IL_LOSSLESS), region);
    cr_expect_eq(judged(&(il_calibration){ 0 }, &untested, region, 0.6, IL_LOSSLESS), region, "as trained");
}

Test(calibration, a_region_of_one_that_alarms_at_authentic_pictures_is_uncertain)
{
    const il_verdict region = IL_VERDICT_REGION, nothing = IL_VERDICT_NOTHING, uncertain = IL_VERDICT_UNCERTAIN;
    il_tested bad = { .iou = 0.9, .alarms = { .pictures = 24, .alarms = 5 } };
    il_calibration k = { 0 };
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), uncertain, "5 of 24 are more than a fifth");
    cr_expect_eq(judged(&k, &bad, nothing, 0, IL_LOSSLESS), nothing);
    bad.alarms.alarms = 4;
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), region);
    bad.alarms.alarms = 24;
    k.bars[IL_LOSSLESS].measured = (il_false_alarms){ .pictures = 30, .alarms = 0 };
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), region, "more pictures say so");
    k.bars[IL_LOSSLESS].measured = (il_false_alarms){ .pictures = 10, .alarms = 0 };
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), uncertain, "24 pictures say more than 10");
    k.bars[IL_LOSSLESS] = (il_threshold){ .chosen_on = 50, .score = 0.5, .measured = { .pictures = 50, .alarms = 2 } };
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), region, "a bar was chosen");
    cr_expect_eq(judged(&k, &bad, region, 0.5, IL_LOSSLESS), nothing);
    k.bars[IL_LOSSLESS].measured.alarms = 11;
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), uncertain, "the other half did not keep to it");
    k.none = true;
    cr_expect_eq(judged(&k, &bad, region, 1, IL_LOSSLESS), region);
}

/* ---- area ---- */

/* Figures of scipy: binomtest(2, 30).proportion_ci(0.95, "wilson") over 0.016384 megapixels. */
Test(calibration, alarms_are_told_by_area)
{
    il_false_alarms a = { .pictures = 30, .alarms = 2, .pixels = 30 * 128 * 128 };
    il_alarm_density per = il_calibration_density(&a);
    cr_expect_float_eq(per.value, 4.069010416666667, 1e-12);
    cr_expect_float_eq(per.low, 1.127748034135155, 1e-9, "%.12f", per.low);
    cr_expect_float_eq(per.high, 13.01480612952693, 1e-9, "%.12f", per.high);
    cr_expect_eq(il_calibration_times(&a, 3000 * 2000), 3000.0 * 2000 / 128 / 128);
    cr_expect(il_calibration_like(&a, 128 * 128) && il_calibration_like(&a, 2 * 128 * 128) &&
              il_calibration_like(&a, 128 * 64));
    cr_expect(!il_calibration_like(&a, 2 * 128 * 128 + 1) && !il_calibration_like(&a, 128 * 64 - 1));
    cr_expect_float_eq(il_calibration_expected(&a, 2 * 128 * 128), 2.0 / 30, 1e-12, "as measured");
    cr_expect_float_eq(il_calibration_expected(&a, 3 * 128 * 128), 1 - pow(28.0 / 30, 3), 1e-12);
    a.pixels = 0;
    cr_expect(!il_calibration_like(&a, 128 * 128), "not known of what size");
    cr_expect_float_eq(il_calibration_expected(&a, 3 * 128 * 128), 2.0 / 30, 1e-12);
    cr_expect_eq(il_calibration_expected(&(il_false_alarms){ 0 }, 5), 0);
}

Test(calibration, alarms_expected_in_a_large_picture_make_it_uncertain)
{
    il_calibration k = { .bars = {
                             [IL_LOSSLESS] = { .chosen_on = 30,
                                               .score = 0.5,
                                               .measured = { .pictures = 30, .alarms = 2, .pixels = 30 * 16384 } } } };
    il_marks m = { IL_VERDICT_REGION, 0.9, 16384, IL_LOSSLESS };
    cr_expect_eq(il_calibration_judge(&k, &untested, m), IL_VERDICT_REGION);
    m.pixels = 3 * 16384; /* 18.7 % are expected to alarm */
    cr_expect_eq(il_calibration_judge(&k, &untested, m), IL_VERDICT_REGION);
    m.pixels = 4 * 16384; /* 24.1 % */
    cr_expect_eq(il_calibration_judge(&k, &untested, m), IL_VERDICT_UNCERTAIN);
    k.bars[IL_LOSSLESS].measured.alarms = 0;
    m.pixels = 3000 * 2000;
    cr_expect_eq(il_calibration_judge(&k, &untested, m), IL_VERDICT_REGION);
}

/* ---- the file ---- */

static char path[120];

static void make_path(void)
{
    strcpy(path, "/tmp/inpaintlab-calibration-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
    unlink(path);
}

static void drop_path(void)
{
    unlink(path);
}

Test(calibration, the_file_keeps_all, .init = make_path, .fini = drop_path)
{
    il_calibration k = { .bars = {
                             [IL_LOSSY] = { 50,
                                            0.1 + 0.2,
                                            { .pictures = 51, .alarms = 3, .pixels = 5100000, .marked = 1.0 / 3 } } } };
    il_calibration back = { .bars = { [IL_LOSSLESS] = { .chosen_on = 7 } } };
    il_err e = { 0 };
    il_calibration_fit fit = IL_CALIBRATION_OTHER;
    il_tested t = untested;
    cr_assert_eq(il_calibration_read(&back, &t, &fit, path, of, &e), IL_OK, "absent: %s", e.message);
    cr_expect(fit == IL_CALIBRATION_FITS && back.bars[IL_LOSSLESS].chosen_on == 7);
    cr_assert_eq(il_calibration_write(&k, &untested, path, of, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_calibration_read(&back, &t, &fit, path, of, &e), IL_OK, "%s", e.message);
    cr_expect_eq(fit, IL_CALIBRATION_FITS);
    const il_threshold *b = &back.bars[IL_LOSSY];
    cr_expect(b->chosen_on == 50 && b->score == 0.1 + 0.2 && b->measured.pictures == 51 && b->measured.alarms == 3 &&
              b->measured.pixels == 5100000 && b->measured.marked == 1.0 / 3);
    cr_expect_eq(back.bars[IL_LOSSLESS].chosen_on, 7, "what the file does not tell stays");
    cr_expect_not_null(b->measured.measure);
}

Test(calibration, other_weights_or_settings_do_not_fit, .init = make_path, .fini = drop_path)
{
    il_calibration k = { .bars = { [IL_LOSSY] = { 50, 0.5, { .pictures = 50, .pixels = 500 } } } };
    il_calibration_of others[] = { of, of, of };
    il_err e = { 0 };
    others[0].weights_sha256 = "ab13";
    others[1].overlap = 32;
    others[2].least = 65;
    cr_assert_eq(il_calibration_write(&k, &untested, path, of, &e), IL_OK, "%s", e.message);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        il_calibration back = { 0 };
        il_calibration_fit fit = IL_CALIBRATION_FITS;
        il_tested t = untested;
        cr_assert_eq(il_calibration_read(&back, &t, &fit, path, others[i], &e), IL_OK, "%s", e.message);
        cr_expect(fit == IL_CALIBRATION_OTHER && back.bars[IL_LOSSY].chosen_on == 0, "case %zu", i);
    }
}

static void put(const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

/* As versions wrote it that took a percentile of the picture, and a share of it as the smallest region. */
static const char earlier[] =
    "{\"of\": {\"weights_sha256\": \"ab12\", \"tile\": 256, \"overlap\": 64, \"threshold\": 0.5, \"least_region\": "
    "0.001}, \"tested\": {\"iou\": 0.75, \"authentic\": {\"pictures\": 24, \"false_alarms\": 3, "
    "\"mean_share_marked\": 0.5}}, \"lossless\": {\"chosen_on\": 30, \"score_above\": 0.25, \"measured_on\": 30, "
    "\"false_alarms\": 1, \"mean_share_marked\": 0.5}}";

Test(calibration, one_of_another_version_leaves_all_uncertain, .init = make_path, .fini = drop_path)
{
    il_calibration k = { 0 };
    il_calibration_of other = of;
    il_calibration_fit fit = IL_CALIBRATION_FITS;
    il_tested t = untested;
    il_err e = { 0 };
    put(earlier);
    cr_assert_eq(il_calibration_read(&k, &t, &fit, path, of, &e), IL_OK, "%s", e.message);
    cr_expect(fit == IL_CALIBRATION_OLD && k.old && !k.bars[IL_LOSSLESS].chosen_on);
    cr_expect(t.iou == 0.75 && t.alarms.pictures == 0, "of what area is not known");
    for (int c = 0; c < IL_COMPRESSIONS; c++) {
        cr_expect_eq(judged(&k, &t, IL_VERDICT_REGION, 1, (il_compression)c), IL_VERDICT_UNCERTAIN);
        cr_expect_eq(judged(&k, &t, IL_VERDICT_NOTHING, 0, (il_compression)c), IL_VERDICT_UNCERTAIN);
    }
    k.none = true;
    cr_expect_eq(judged(&k, &t, IL_VERDICT_REGION, 1, IL_LOSSY), IL_VERDICT_REGION, "the marks alone decide");
    other.weights_sha256 = "ab13";
    k = (il_calibration){ 0 };
    cr_assert_eq(il_calibration_read(&k, &t, &fit, path, other, &e), IL_OK, "%s", e.message);
    cr_expect(fit == IL_CALIBRATION_OTHER && !k.old);
}

Test(calibration, damaged_files, .init = make_path, .fini = drop_path)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"lossy\": {}}",
        "{\"of\": {\"score\": \"max_mean_8x8\"}, \"lossy\": {\"chosen_on\": 5}}",
        "{\"of\": {\"score\": \"max_mean_8x8\"}, \"lossy\": {\"chosen_on\": 5, \"score_above\": 2.0, \"measured_on\": 5, \"measured_pixels\": 500, \"false_alarms\": 1, "
        "\"mean_share_marked\": 0.5}}",
        "{\"of\": {\"score\": \"max_mean_8x8\"}, \"lossy\": {\"chosen_on\": 5, \"score_above\": 0.5, \"measured_on\": 5, \"measured_pixels\": 500, \"false_alarms\": 6, "
        "\"mean_share_marked\": 0.5}}",
        "{\"of\": {}, \"tested\": {\"iou\": \"high\"}}",
        "{\"of\": {}, \"tested\": {\"authentic\": {\"pictures\": 2}}}",
        "{\"of\": {}, \"tested\": {\"authentic\": {\"pictures\": 2, \"false_alarms\": 3, \"mean_share_marked\": 0.5}}}"
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        il_calibration k = { 0 };
        il_calibration_fit fit = IL_CALIBRATION_OTHER;
        il_tested t = untested;
        il_err e = { 0 };
        put(texts[i]);
        cr_expect_eq(il_calibration_read(&k, &t, &fit, path, of, &e), IL_EFORMAT, "case %zu", i);
        cr_expect(strncmp(e.message, path, strlen(path)) == 0 && !strchr(e.message, '\n'), "%s", e.message);
        cr_expect_eq(k.bars[IL_LOSSY].chosen_on, 0);
    }
}

/* ---- beside a copy ---- */

static char folder[64], from[100], to[100], from_file[120], to_file[120];

static void make_folder(void)
{
    strcpy(folder, "/tmp/inpaintlab-calibration-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(from, sizeof from, "%s/from", folder);
    snprintf(to, sizeof to, "%s/to", folder);
    snprintf(from_file, sizeof from_file, "%s" IL_RUN_CALIBRATION, from);
    snprintf(to_file, sizeof to_file, "%s" IL_RUN_CALIBRATION, to);
}

static void drop_folder(void)
{
    unlink(from_file);
    unlink(to_file);
    rmdir(folder);
}

static bool carried(const il_tested *t, int want)
{
    il_err e = { 0 };
    bool done = true;
    cr_assert_eq(il_calibration_carry(&done, from, "ab12", to, "cd34", t, &e), want, "%s", e.message);
    return done;
}

Test(calibration, goes_beside_a_copy, .init = make_folder, .fini = drop_folder)
{
    il_calibration k = { .bars = { [IL_LOSSY] = { 50, 0.25, { .pictures = 51, .alarms = 3, .pixels = 510 } } } },
                   back = { 0 };
    il_tested t = untested, tests = { 0.1 + 0.2, { .pictures = 24, .alarms = 7, .pixels = 2400, .marked = 1.0 / 3 } };
    il_calibration_of copy = of;
    il_err e = { 0 };
    il_calibration_fit fit = IL_CALIBRATION_OTHER;
    copy.weights_sha256 = "cd34";
    cr_expect(!carried(&untested, IL_OK) && access(to_file, F_OK) != 0, "there is nothing");
    cr_expect(carried(&tests, IL_OK), "a run's tests are something");
    cr_assert_eq(il_calibration_read(&back, &t, &fit, to_file, copy, &e), IL_OK, "%s", e.message);
    cr_expect(fit == IL_CALIBRATION_FITS && t.iou == 0.1 + 0.2 && t.alarms.pictures == 24 && t.alarms.alarms == 7 &&
              t.alarms.pixels == 2400 && t.alarms.marked == 1.0 / 3);
    cr_assert_eq(il_calibration_write(&k, &tests, from_file, of, &e), IL_OK, "%s", e.message);
    t = untested;
    cr_expect(carried(&untested, IL_OK), "bars replace a file without any");
    cr_assert_eq(il_calibration_read(&back, &t, &fit, to_file, copy, &e), IL_OK, "%s", e.message);
    cr_expect(fit == IL_CALIBRATION_FITS && back.bars[IL_LOSSY].chosen_on == 50 && back.bars[IL_LOSSY].score == 0.25 &&
              t.alarms.alarms == 7);
    cr_expect(carried(&untested, IL_OK), "the same again");
    k.bars[IL_LOSSY].score = 0.5;
    cr_assert_eq(il_calibration_write(&k, &tests, to_file, copy, &e), IL_OK, "%s", e.message);
    cr_expect(!carried(&untested, IL_EDATA), "the copy's own stays");
    cr_assert_eq(il_calibration_read(&back, &t, &fit, to_file, copy, &e), IL_OK, "%s", e.message);
    cr_expect(back.bars[IL_LOSSY].score == 0.5);
}

Test(calibration, replaces_one_of_another_version, .init = make_folder, .fini = drop_folder)
{
    il_calibration k = { .bars = { [IL_LOSSLESS] = { 50, 0.5, { .pictures = 51, .alarms = 3, .pixels = 510 } } } },
                   back = { 0 };
    il_calibration_of copy = of;
    il_calibration_fit fit = IL_CALIBRATION_OTHER;
    il_tested t = untested;
    il_err e = { 0 };
    char text[sizeof earlier];
    memcpy(text, earlier, sizeof text);
    memcpy(strstr(text, "ab12"), "cd34", 4);
    snprintf(path, sizeof path, "%s", to_file);
    put(text);
    copy.weights_sha256 = "cd34";
    cr_assert_eq(il_calibration_write(&k, &untested, from_file, of, &e), IL_OK, "%s", e.message);
    cr_expect(carried(&untested, IL_OK));
    cr_assert_eq(il_calibration_read(&back, &t, &fit, to_file, copy, &e), IL_OK, "%s", e.message);
    cr_expect(fit == IL_CALIBRATION_FITS && back.bars[IL_LOSSLESS].score == 0.5);
}

Test(calibration, of_other_weights_is_not_carried, .init = make_folder, .fini = drop_folder)
{
    il_calibration k = { .bars = { [IL_LOSSY] = { 50, 0.25, { .pictures = 51, .alarms = 3, .pixels = 510 } } } };
    il_calibration_of other = of;
    il_err e = { 0 };
    other.weights_sha256 = "ab13";
    cr_assert_eq(il_calibration_write(&k, &untested, from_file, other, &e), IL_OK, "%s", e.message);
    cr_expect(!carried(&untested, IL_OK) && access(to_file, F_OK) != 0);
}
