#include <fcntl.h>
#include <sys/file.h>
#include "base/sha256.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "dataset/build.h"
#include "dataset/build_journal.h"
#include "dataset/check.h"
#include "dataset/make_sample.h"
#include "workshop.h"

TestSuite(build, .init = work_open, .fini = work_close, .timeout = 300);

#define SPLITS "{train: 6, validation: 2, test: 2}"

static volatile int stop;
static int stop_after; /* samples; 0: never */

static void on_progress(void *context, const il_progress *p)
{
    (void)context;
    if (stop_after && strcmp(p->phase, "samples") == 0 && p->batch >= (size_t)stop_after)
        stop = 1;
}

static int build(il_build_result *out, const char *recipe, const char *folder, int threads, il_err *e)
{
    il_recipe *r = work_read(recipe);
    il_build_opts o = { .folder = folder, .device = { IL_DEVICE_CPU, 0 }, .threads = threads };
    il_observer observer = { .progress = on_progress, .stop = &stop };
    stop = 0;
    int rc = il_build_run(out, r, &o, &observer, e);
    il_recipe_free(r);
    return rc;
}

static void expect_same(const char *a, const char *b)
{
    char command[1000];
    snprintf(command, sizeof command, "diff -r %s %s >&2", a, b);
    cr_expect_eq(system(command), 0, "%s and %s differ", a, b);
}

static size_t files_in(const char *folder)
{
    char command[500], line[40] = "";
    snprintf(command, sizeof command, "find %s -type f | wc -l", folder);
    FILE *p = popen(command, "r");
    cr_assert(p && fgets(line, sizeof line, p));
    pclose(p);
    return strtoul(line, NULL, 10);
}

Test(build, makes_every_sample_once)
{
    il_build_result b = { 0 };
    il_manifest m = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    work_text("photos/p03.txt", "a caption\n");
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "");
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_expect(b.samples == 10 && b.made == 10 && b.counts[IL_SPLIT_TRAIN] == 6 && b.counts[IL_SPLIT_TEST] == 2);
    cr_expect(b.photos == 10 && b.uncaptioned == 9);
    cr_expect_eq(files_in(work_path("out")), 52); /* five kinds, recipe.json, manifest.jsonl */
    WORK_OK(il_manifest_read(&m, work_path("out/manifest.jsonl"), 1, &e), e);
    cr_assert_eq(m.count, 10);
    for (size_t i = 0; i < m.count; i++) {
        const il_sample *s = &m.list[i];
        char name[200];
        snprintf(name, sizeof name, "photos/%s", s->photo);
        il_digest photo, file;
        WORK_OK(il_sha256_file(&photo, work_path(name), &e), e);
        cr_expect_str_eq(s->photo_sha256, photo.hex);
        snprintf(name, sizeof name, "out/%s/%s.realfake.webp", s->split, s->id);
        WORK_OK(il_sha256_file(&file, work_path(name), &e), e);
        cr_expect_str_eq(s->sha256[IL_REALFAKE], file.hex);
        cr_expect_str_eq(s->inpainted_by, "small");
        cr_expect_eq(strlen(s->inpainted_sha256), 64);
        cr_expect_str_eq(s->masker, "rectangle");
        cr_expect_str_eq(s->prompt, strcmp(s->id, "p03") ? "" : "a caption");
        cr_expect_eq(s->tile, -1);
        cr_expect(s->area > s->core && s->core > 0);
    }
    il_manifest_free(&m);
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_expect(b.samples == 10 && b.made == 0);
}

Test(build, writes_the_later_kinds)
{
    static const il_picture_kind kinds[] = { IL_RECONSTRUCTED, IL_SELFCONDITIONED, IL_EXCHANGED };
    il_build_result b = { 0 };
    il_manifest m = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS,
                                     "pictures: [mask, reconstructed, selfconditioned, exchanged]\n");
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_expect_eq(files_in(work_path("out")), 42);
    WORK_OK(il_manifest_of(&m, work_path("out"), &e), e);
    for (size_t i = 0; i < m.count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            char name[200];
            il_digest file;
            snprintf(name, sizeof name, "out/%s/%s.%s.webp", m.list[i].split, m.list[i].id, il_picture_kinds[kinds[k]]);
            WORK_OK(il_sha256_file(&file, work_path(name), &e), e);
            cr_expect_str_eq(m.list[i].sha256[kinds[k]], file.hex);
            cr_expect(m.list[i].inpainted_by && m.list[i].reconstructed_by && !m.list[i].sha256[IL_INPAINTED]);
        }
    il_manifest_free(&m);
}

Test(build, goes_on_to_the_same_bytes)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "batch: 2\n");
    WORK_OK(build(&b, recipe, work_path("whole"), 3, &e), e);
    for (stop_after = 2; stop_after <= 8; stop_after += 2) {
        e = (il_err){ 0 };
        cr_assert_eq(build(&b, recipe, work_path("cut"), 1, &e), IL_ECANCEL, "%s", e.message);
        cr_expect(strstr(e.message, "run the same command again"), "%s", e.message);
    }
    stop_after = 0;
    /* what a kill leaves: a torn line, a file without a line, a line without its file, a draft */
    work_text("cut/train/p99.mask.webp.123-0.tmp", "half");
    FILE *journal = fopen(work_path("cut/.build/journal.jsonl"), "a");
    cr_assert(journal);
    fputs("{\"id\": \"p0", journal);
    fclose(journal);
    il_manifest m = { 0 };
    WORK_OK(il_build_journal_read(&m, work_path("cut/.build/journal.jsonl"), &e), e);
    char gone[200];
    snprintf(gone, sizeof gone, "cut/%s/%s.fakefake.webp", m.list[0].split, m.list[0].id);
    il_manifest_free(&m);
    cr_assert_eq(unlink(work_path(gone)), 0);
    WORK_OK(build(&b, recipe, work_path("cut"), 2, &e), e);
    cr_expect_gt(b.made, 0);
    expect_same(work_path("whole"), work_path("cut"));
}

/* Whatever has changed in a line, its sample is made again and nothing else; lines of earlier versions hold. */
Test(build, makes_again_what_a_changed_journal_lists)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "batch: 2\n"), *name = "cut/.build/journal.jsonl";
    WORK_OK(build(&b, recipe, work_path("whole"), 3, &e), e);
    for (size_t at = 3; at < 900; at += 397) {
        char bytes[8000];
        char command[600];
        il_manifest m = { 0 };
        stop_after = 6;
        cr_assert_eq(build(&b, recipe, work_path("cut"), 1, &e), IL_ECANCEL, "%s", e.message);
        stop_after = 0;
        FILE *f = fopen(work_path(name), "r+");
        size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
        cr_assert(size > 900 && size < sizeof bytes);
        if (bytes[at] != '\n' && (bytes[at] ^ 1) != '\n')
            bytes[at] ^= 1;
        rewind(f);
        cr_assert(fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
        WORK_OK(il_build_journal_read(&m, work_path(name), &e), e);
        cr_expect_lt(m.count, 6, "byte %zu", at);
        il_manifest_free(&m);
        WORK_OK(build(&b, recipe, work_path("cut"), 2, &e), e);
        expect_same(work_path("whole"), work_path("cut"));
        snprintf(command, sizeof command, "rm -r %s", work_path("cut"));
        cr_assert_eq(system(command), 0);
    }
    stop_after = 6;
    cr_assert_eq(build(&b, recipe, work_path("cut"), 1, &e), IL_ECANCEL, "%s", e.message);
    stop_after = 0;
    char command[600];
    snprintf(command, sizeof command, "sed -i 's/\t.*//' %s", work_path(name));
    cr_assert_eq(system(command), 0);
    WORK_OK(build(&b, recipe, work_path("cut"), 2, &e), e);
    cr_expect_leq(b.made, 4);
    expect_same(work_path("whole"), work_path("cut"));
}

/* The file of the first sample of a folder. */
static const char *first_file(const char *folder, const char *kind)
{
    char name[300];
    il_manifest m = { 0 };
    il_err e = { 0 };
    snprintf(name, sizeof name, "%s/manifest.jsonl", folder);
    WORK_OK(il_manifest_read(&m, work_path(name), 1, &e), e);
    snprintf(name, sizeof name, "%s/%s/%s.%s.webp", folder, m.list[0].split, m.list[0].id, kind);
    il_manifest_free(&m);
    return work_path(name);
}

Test(build, brings_back_what_a_finished_folder_lost)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "batch: 4\n");
    WORK_OK(build(&b, recipe, work_path("whole"), 2, &e), e);
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_assert_eq(unlink(first_file("out", "realfake")), 0);
    cr_assert_eq(truncate(first_file("out", "fakefake"), 0), 0);
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_expect(b.samples == 10 && b.made == 4, "%zu made", b.made);
    expect_same(work_path("whole"), work_path("out"));
    char command[600];
    snprintf(command, sizeof command, "rm -r %s/test", work_path("out"));
    cr_assert_eq(system(command), 0);
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    expect_same(work_path("whole"), work_path("out"));
}

/* Killed after the manifest was written and before the working files were removed. */
Test(build, a_finished_folder_keeps_no_working_files)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "batch: 4\n");
    WORK_OK(build(&b, recipe, work_path("whole"), 2, &e), e);
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_assert_eq(mkdir(work_path("out/.build"), 0777), 0);
    work_text("out/.build/journal.jsonl", "{}\n");
    work_text("out/.build/lock", "");
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    cr_expect_eq(b.made, 0);
    expect_same(work_path("whole"), work_path("out"));
}

Test(build, an_empty_file_of_a_noted_sample_is_made_anew)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "batch: 2\n");
    WORK_OK(build(&b, recipe, work_path("whole"), 2, &e), e);
    stop_after = 4;
    cr_assert_eq(build(&b, recipe, work_path("cut"), 1, &e), IL_ECANCEL, "%s", e.message);
    stop_after = 0;
    char command[600];
    snprintf(command, sizeof command, "f=$(find %s -name '*.mask.webp' | head -n 1); : > $f", work_path("cut"));
    cr_assert_eq(system(command), 0);
    WORK_OK(build(&b, recipe, work_path("cut"), 1, &e), e);
    expect_same(work_path("whole"), work_path("cut"));
}

Test(build, brings_nothing_back_that_would_be_another)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    char command[1200];
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "");
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    /* as if another machine had made it, with an earlier version */
    const char *gone = first_file("out", "realfake");
    const char *manifest = work_path("out/manifest.jsonl");
    snprintf(command, sizeof command,
             "sed -i '/sha256\"/d' %s && sed -i '1s/\"realfake\": \"......../\"realfake\": \"01234567/' %s && "
             "cp %s %s && rm %s",
             work_path("out/recipe.json"), manifest, manifest, work_path("kept"), gone);
    cr_assert_eq(system(command), 0);
    for (int again = 0; again < 2; again++) {
        e = (il_err){ 0 };
        cr_expect_eq(build(&b, recipe, work_path("out"), 2, &e), IL_EDATA, "%s", e.message);
        cr_expect(strstr(e.message, gone) && strstr(e.message, "is missing, and the new file differs"), "%s",
                  e.message);
        cr_expect_neq(access(gone, F_OK), 0);
        expect_same(work_path("out/manifest.jsonl"), work_path("kept"));
    }
    work_text(gone + strlen(work_folder) + 1, "not mine");
    snprintf(command, sizeof command, "rm %s", first_file("out", "mask"));
    cr_assert_eq(system(command), 0);
    cr_expect_eq(build(&b, recipe, work_path("out"), 2, &e), IL_EDATA, "%s", e.message);
    cr_expect(strstr(e.message, gone) && strstr(e.message, "is not the file that the build wrote"), "%s", e.message);
}

/* What a check finds in the manifest; "": nothing. */
static void expect_found(const char *wanted, bool sealed)
{
    il_check c = { 0 };
    il_err e = { 0 };
    il_check_opts o = { .path = work_path("out"), .threads = 1 };
    WORK_OK(il_check_run(&c, o, &(il_observer){ 0 }, &e), e);
    const char *found = c.findings.of[IL_FOUND_MANIFEST].count ? c.findings.of[IL_FOUND_MANIFEST].list[0].what : "";
    cr_expect(*wanted ? strstr(found, wanted) != NULL : !*found, "%s", found);
    cr_expect_eq(c.sealed, sealed);
    il_check_free(&c);
}

Test(build, tells_of_a_manifest_that_has_changed)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    char command[1200];
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "");
    WORK_OK(build(&b, recipe, work_path("out"), 2, &e), e);
    expect_found("", true);
    snprintf(command, sizeof command, "sed -i '1s/\"seed\": \"./\"seed\": \"/' %s", work_path("out/manifest.jsonl"));
    cr_assert_eq(system(command), 0);
    expect_found("manifest.jsonl: has changed since the data set was built", true);
    cr_expect_eq(build(&b, recipe, work_path("out"), 2, &e), IL_EDATA);
    cr_expect(strstr(e.message, "manifest.jsonl: has changed"), "%s", e.message);
    snprintf(command, sizeof command, "sed -i 's/\"title\": \"/&x/' %s", work_path("out/recipe.json"));
    cr_assert_eq(system(command), 0);
    expect_found("recipe.json: has changed since the data set was built", true);
    snprintf(command, sizeof command, "sed -i '/sha256\"/d' %s", work_path("out/recipe.json"));
    cr_assert_eq(system(command), 0); /* as earlier versions left it */
    expect_found("", false);
}

Test(build, cuts_tiles_and_mixes_by_share)
{
    char text[2000];
    il_build_result b = { 0 };
    il_manifest m = { 0 };
    il_err e = { 0 };
    work_photos(5, 130, 128);
    snprintf(text, sizeof text,
             "recipe: t\nphotos: {root: %s/photos, size: 64, fit: tiles}\nsplits: {train: 5}\nformat: png\nbatch: 8\n"
             "maskers: [{name: rectangle, least: 16, share: 3}, {name: rectangle, least: 31}]\n"
             "generators: [{name: small, as: near, weights: %s/generator-nearest.safetensors},"
             " {name: small, weights: %s/generator-shuffle.safetensors}]\npictures: [mask, inpainted, fakefake]\n",
             work_folder, TEST_DATA, TEST_DATA);
    work_text("t.yaml", text);
    WORK_OK(build(&b, work_path("t.yaml"), work_path("out"), 2, &e), e);
    cr_expect_eq(b.samples, 20);
    cr_expect_eq(files_in(work_path("out")), 62);
    WORK_OK(il_manifest_read(&m, work_path("out/manifest.jsonl"), 1, &e), e);
    int first = 0, near = 0;
    for (size_t i = 0; i < m.count; i++) {
        cr_expect(m.list[i].tile >= 0 && m.list[i].tile < 4);
        cr_expect_str_eq(m.list[i].inpainted_by, m.list[i].reconstructed_by, "one makes all pictures of a sample");
        first += strcmp(m.list[i].reconstructed_sha256, m.list[0].reconstructed_sha256) == 0;
        near += strcmp(m.list[i].reconstructed_by, "near") == 0;
        cr_expect(strcmp(m.list[i].reconstructed_by, "near") == 0 || strcmp(m.list[i].reconstructed_by, "small") == 0);
    }
    cr_expect_eq(first, 10);
    cr_expect_eq(near, 10);
    il_manifest_free(&m);
}

/* The tile is one of the upright photo, as Pillow turns it. */
Test(build, photos_are_stored_upright)
{
    char path[400];
    il_build_result b = { 0 };
    il_image is = { 0 }, photo = { 0 }, want = { 0 };
    il_err e = { 0 };
    snprintf(path, sizeof path, "cp %s/detect/turn-6.jpg %s", TEST_DATA, work_path("photos/p.jpg"));
    cr_assert_eq(system(path), 0);
    snprintf(path, sizeof path, "%s/detect/turn-6-expected.png", TEST_DATA);
    WORK_OK(il_image_read(&photo, path, &e), e);
    const char *recipe = work_recipe("t.yaml", "", "{train: 1}", "format: png\n");
    WORK_OK(build(&b, recipe, work_path("out"), 1, &e), e);
    cr_assert_eq(b.samples, 1);
    il_recipe *r = work_read(recipe);
    WORK_OK(il_make_sample_fit(&want, r, &photo, 0, &e), e);
    WORK_OK(il_image_read(&is, work_path("out/train/p.original.png"), &e), e);
    cr_assert(is.width == want.width && is.height == want.height);
    for (int i = 0; i < want.width * want.height * 3; i++)
        cr_assert(abs(is.pixels[i] - want.pixels[i]) <= 3, "byte %d is %d, expected %d", i, is.pixels[i],
                  want.pixels[i]);
    il_recipe_free(r);
    il_image_free(&is);
    il_image_free(&want);
    il_image_free(&photo);
}

/* Blue minus red, on average, of the rows from `from` up to `to`. */
static double blueness(const il_image *image, int from, int to)
{
    double sum = 0;
    for (int i = from * image->width; i < to * image->width; i++)
        sum += image->pixels[3 * i + 2] - image->pixels[3 * i];
    return sum / ((to - from) * image->width);
}

/* Photos of a camera that was held upright, "a blue sky on top". */
Test(build, the_sky_is_on_top)
{
    char command[600];
    il_build_result b = { 0 };
    il_err e = { 0 };
    snprintf(command, sizeof command, "cp %s/cases/exif-photos/* %s", TEST_DATA, work_path("photos"));
    cr_assert_eq(system(command), 0);
    WORK_OK(build(&b, work_recipe("t.yaml", "", "{train: 3}", "format: png\n"), work_path("out"), 2, &e), e);
    cr_assert_eq(b.samples, 3);
    for (int i = 0; i < 3; i++) {
        char name[40];
        il_image is = { 0 };
        snprintf(name, sizeof name, "out/train/P%d.original.png", i);
        WORK_OK(il_image_read(&is, work_path(name), &e), e);
        cr_expect_gt(blueness(&is, 0, 16), blueness(&is, 48, 64) + 50, "%s: %g above, %g below", name,
                     blueness(&is, 0, 16), blueness(&is, 48, 64));
        il_image_free(&is);
    }
}

Test(build, refuses_a_folder_that_holds_something_else)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    const char *recipe = work_recipe("r.yaml", "", SPLITS, "");
    WORK_OK(build(&b, recipe, work_path("out"), 1, &e), e);
    cr_expect_eq(build(&b, work_recipe("r2.yaml", "", SPLITS, "seed: 2\n"), work_path("out"), 1, &e), IL_EDATA);
    cr_expect(strstr(e.message, "belongs to a build with another recipe"), "%s", e.message);
    work_photo("photos/p11.png", 11, 70, 66); /* other photos */
    cr_expect_eq(build(&b, work_path("r.yaml"), work_path("out"), 1, &e), IL_EDATA);
    cr_assert_eq(mkdir(work_path("full"), 0777), 0);
    work_text("full/mine.txt", "keep me\n");
    cr_expect_eq(build(&b, work_path("r.yaml"), work_path("full"), 1, &e), IL_EDATA);
    cr_expect(strstr(e.message, "no recipe.json"), "%s", e.message);
    cr_expect_eq(build(&b, work_path("r.yaml"), "/proc/nowhere", 1, &e), IL_EIO);
    cr_expect(strstr(e.message, "/proc/nowhere"), "%s", e.message);
}

Test(build, one_process_at_a_time)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    cr_assert_eq(mkdir(work_path("out"), 0777), 0);
    cr_assert_eq(mkdir(work_path("out/.build"), 0777), 0);
    int fd = open(work_path("out/.build/lock"), O_RDWR | O_CREAT, 0666);
    cr_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    cr_expect_eq(build(&b, work_recipe("r.yaml", "", SPLITS, ""), work_path("out"), 1, &e), IL_EBUSY);
    cr_expect(strstr(e.message, "another process"), "%s", e.message);
    close(fd);
    WORK_OK(build(&b, work_path("r.yaml"), work_path("out"), 1, &e), e);
}

Test(build, tells_of_photos_that_cannot_be_used)
{
    il_build_result b = { 0 };
    il_err e = { 0 };
    work_photos(10, 70, 66);
    work_text("photos/bad.jpg", "no picture");
    cr_expect_eq(build(&b, work_recipe("r.yaml", "", SPLITS, ""), work_path("out"), 1, &e), IL_EDATA);
    cr_expect(strstr(e.message, "bad.jpg") && strstr(e.message, "1 of 11 photos"), "%s", e.message);
    WORK_OK(build(&b, work_recipe("s.yaml", ", unusable: skip", SPLITS, ""), work_path("skip"), 1, &e), e);
    cr_expect(b.unusable == 1 && b.samples == 10 && b.uncaptioned == 0);
}

/* ---- pool ---- */

static void add_one(void *arg)
{
    ++*(int *)arg;
}

Test(build, pool_does_every_job)
{
    enum { JOBS = 500 };
    static int done[JOBS];
    il_thread_pool *p = NULL;
    il_thread_pool_group a = { 0 }, b = { 0 };
    il_err e = { 0 };
    WORK_OK(il_thread_pool_open(&p, 4, &e), e);
    for (int i = 0; i < JOBS; i++)
        WORK_OK(il_thread_pool_add(p, i % 2 ? &a : &b, add_one, &done[i], &e), e);
    il_thread_pool_wait(p, &a);
    for (int i = 1; i < JOBS; i += 2)
        cr_assert_eq(done[i], 1);
    il_thread_pool_close(p); /* ends what is queued */
    for (int i = 0; i < JOBS; i++)
        cr_assert_eq(done[i], 1);
}
