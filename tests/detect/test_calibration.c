/* calibration.c: the bar that authentic pictures choose, what it makes of pictures, and its file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "detect/calibration.h"

static const il_calibration_of of = { .weights_sha256 = "ab12", .tile = 256, .overlap = 64, .threshold = 0.5, .least = 0.001 };

static il_bar chosen(const il_authentic *list, size_t count, il_compression c)
{
    il_bar bar = { 0 };
    il_err e = { 0 };
    cr_assert_eq(il_calibration_choose(&bar, list, count, c, &e), IL_OK, "%s", e.message);
    return bar;
}

/* Scores 0.00, 0.01, … 0.99 in the first half, the same again in the other one. */
static void fill(il_authentic list[200])
{
    for (int i = 0; i < 200; i++)
        list[i] = (il_authentic){ .score = (i * 37 % 100) / 100.0, .share = 0.25, .marked = true };
}

Test(calibration, one_in_twenty_may_lie_above)
{
    il_authentic list[200];
    fill(list);
    il_bar b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.chosen_on, 100);
    cr_expect_eq(b.score, 0.94); /* 0.95 to 0.99 are the five above */
    cr_expect_eq(b.measured.pictures, 100);
    cr_expect_eq(b.measured.alarms, 5);
    cr_expect_float_eq(b.measured.marked, 0.25, 1e-12);
    b = chosen(list, 200, IL_LOSSY);
    cr_expect(b.chosen_on == 0 && b.measured.pictures == 0, "there is no lossy one");
}

Test(calibration, the_halves_are_not_mixed)
{
    il_authentic list[200];
    fill(list);
    for (int i = 100; i < 200; i++)
        list[i].score = 0.96;
    il_bar b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.score, 0.94);
    cr_expect_eq(b.measured.alarms, 100);
}

Test(calibration, a_score_without_a_region_is_nothing)
{
    il_authentic list[200];
    fill(list);
    for (int i = 0; i < 200; i++)
        list[i].marked = list[i].score > 0.97;
    il_bar b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.score, 0, "any region counts");
    cr_expect_eq(b.measured.alarms, 2);
}

Test(calibration, too_few_choose_nothing_but_measure)
{
    il_authentic list[200];
    fill(list);
    for (int i = 0; i < 200; i++)
        list[i].compression = i % 8 ? IL_LOSSY : IL_LOSSLESS; /* 25 are lossless */
    il_bar b = chosen(list, 200, IL_LOSSLESS);
    cr_expect_eq(b.chosen_on, 0);
    cr_expect_eq(b.measured.pictures, 25);
    cr_expect(b.measured.alarms >= 24 && b.measured.alarms <= 25, "by the marks alone");
    cr_expect_eq(chosen(list, 200, IL_LOSSY).chosen_on, 87);
}

Test(calibration, verdicts)
{
    il_calibration k = { .bars = { [IL_LOSSLESS] = { .chosen_on = 50, .score = 0.9 } } };
    const il_verdict region = IL_VERDICT_REGION, whole = IL_VERDICT_WHOLE, nothing = IL_VERDICT_NOTHING;
    cr_expect_eq(il_calibration_judge(&k, region, 0.91, IL_LOSSLESS), region);
    cr_expect_eq(il_calibration_judge(&k, whole, 0.91, IL_LOSSLESS), whole);
    cr_expect_eq(il_calibration_judge(&k, region, 0.9, IL_LOSSLESS), nothing);
    cr_expect_eq(il_calibration_judge(&k, nothing, 0.95, IL_LOSSLESS), nothing);
    cr_expect_eq(il_calibration_judge(&k, region, 1, IL_LOSSY), IL_VERDICT_UNCERTAIN);
    cr_expect_eq(il_calibration_judge(&k, nothing, 0, IL_LOSSY), IL_VERDICT_UNCERTAIN);
    k.bars[IL_LOSSY] = (il_bar){ .chosen_on = 20, .score = 1 };
    cr_expect_eq(il_calibration_judge(&k, region, 1, IL_LOSSY), IL_VERDICT_UNCERTAIN, "authentic ones score as high");
    cr_expect_eq(il_calibration_judge(&k, nothing, 0, IL_LOSSY), nothing);
    k.none = true;
    cr_expect_eq(il_calibration_judge(&k, region, 0.2, IL_LOSSLESS), region);
    cr_expect_eq(il_calibration_judge(&(il_calibration){ 0 }, region, 0.6, IL_LOSSLESS), region, "as trained");
}

/* ---- the file ---- */

static char path[64];

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
    il_calibration k = { .bars = { [IL_LOSSY] = { 50, 0.1 + 0.2, { .pictures = 51, .alarms = 3, .marked = 1.0 / 3 } } } };
    il_calibration back = { .bars = { [IL_LOSSLESS] = { .chosen_on = 7 } } };
    il_err e = { 0 };
    bool fits = false;
    cr_assert_eq(il_calibration_read(&back, &fits, path, of, &e), IL_OK, "absent: %s", e.message);
    cr_expect(fits && back.bars[IL_LOSSLESS].chosen_on == 7);
    cr_assert_eq(il_calibration_write(&k, path, of, &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_calibration_read(&back, &fits, path, of, &e), IL_OK, "%s", e.message);
    cr_expect(fits);
    const il_bar *b = &back.bars[IL_LOSSY];
    cr_expect(b->chosen_on == 50 && b->score == 0.1 + 0.2 && b->measured.pictures == 51 && b->measured.alarms == 3 &&
              b->measured.marked == 1.0 / 3);
    cr_expect_eq(back.bars[IL_LOSSLESS].chosen_on, 7, "what the file does not tell stays");
    cr_expect_not_null(b->measured.measure);
}

Test(calibration, other_weights_or_settings_do_not_fit, .init = make_path, .fini = drop_path)
{
    il_calibration k = { .bars = { [IL_LOSSY] = { 50, 0.5, { .pictures = 50 } } } };
    il_calibration_of others[] = { of, of, of };
    il_err e = { 0 };
    others[0].weights_sha256 = "ab13";
    others[1].overlap = 32;
    others[2].least = 0.002;
    cr_assert_eq(il_calibration_write(&k, path, of, &e), IL_OK, "%s", e.message);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        il_calibration back = { 0 };
        bool fits = true;
        cr_assert_eq(il_calibration_read(&back, &fits, path, others[i], &e), IL_OK, "%s", e.message);
        cr_expect(!fits && back.bars[IL_LOSSY].chosen_on == 0, "case %zu", i);
    }
}

Test(calibration, damaged_files, .init = make_path, .fini = drop_path)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"lossy\": {}}", "{\"of\": {}, \"lossy\": {\"chosen_on\": 5}}",
        "{\"of\": {}, \"lossy\": {\"chosen_on\": 5, \"score_above\": 2.0, \"measured_on\": 5, \"false_alarms\": 1, "
        "\"mean_share_marked\": 0.5}}",
        "{\"of\": {}, \"lossy\": {\"chosen_on\": 5, \"score_above\": 0.5, \"measured_on\": 5, \"false_alarms\": 6, "
        "\"mean_share_marked\": 0.5}}"
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        il_calibration k = { 0 };
        bool fits = false;
        il_err e = { 0 };
        FILE *f = fopen(path, "w");
        cr_assert_not_null(f);
        fputs(texts[i], f);
        fclose(f);
        cr_expect_eq(il_calibration_read(&k, &fits, path, of, &e), IL_EFORMAT, "case %zu", i);
        cr_expect(strncmp(e.message, path, strlen(path)) == 0 && !strchr(e.message, '\n'), "%s", e.message);
        cr_expect_eq(k.bars[IL_LOSSY].chosen_on, 0);
    }
}
