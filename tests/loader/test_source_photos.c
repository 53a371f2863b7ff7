/* test_source_photos.c - which photo a picture was cut from: by the manifest, by the scene that several kinds show, or unknown. */
#include "base/build_seal.h"
#include "loader/source_photos.h"
#include "support/samples.h"

static void put_manifest(const char *text)
{
    char *path = samples_path("manifest.jsonl");
    FILE *to = fopen(path, "w");
    cr_assert(to && fputs(text, to) >= 0 && fclose(to) == 0);
    free(path);
}

static void expect_photos(const char *kinds, const char *const (*wanted)[2], size_t count)
{
    il_source *src = NULL;
    il_err e = { 0 };
    SAMPLE_OK(il_source_open(&src, &samples_choice, "test", kinds, IL_MISSING_REFUSE, &e), e);
    SAMPLE_OK(il_source_photos_read(src, &e), e);
    for (size_t i = 0; i < count; i++) {
        const char *got = il_source_photo_of(src, wanted[i][0]);
        cr_expect(got == wanted[i][1] || (got && wanted[i][1] && strcmp(got, wanted[i][1]) == 0), "%s: %s",
                  wanted[i][0], got ? got : "nothing");
    }
    il_source_free(src);
}

/* The manifest lies above the folder of the split; lines that are damaged or of other pictures are passed over. */
Test(source_photos, the_manifest_tells, .init = samples_open, .fini = samples_close)
{
    static const char *const wanted[][2] = {
        { "id001", "sea/19.png" }, { "id002", "sea/19.png" }, { "id003", NULL }, { "id004", NULL }, { "none", NULL }
    };
    for (int i = 1; i <= 4; i++)
        samples_list(i, i == 2 ? "test/a" : "test/b", NULL);
    expect_photos("realfake", wanted + 2, 3);
    put_manifest("{\"id\": \"id002\", \"photo\": \"sea/19.png\"}\n{\"id\": \"id003\", \"pho\n"
                 "{\"id\": \"id009\", \"photo\": \"x\"}\n{\"id\": \"id001\", \"photo\": \"sea/19.png\"}\n"
                 "{\"id\": \"id004\", \"photo\": 4}\n");
    expect_photos("realfake", wanted, 5);
}

/* Pictures of several kinds show one scene, which the manifest may know by its photo. */
Test(source_photos, kinds_of_one_scene_share_it, .init = samples_open, .fini = samples_close)
{
    static const char *const wanted[][2] = { { "id001.realfake", "19.png" },
                                             { "id001.original", "19.png" },
                                             { "id002.realfake", "id002" },
                                             { "id002.original", "id002" } };
    samples_list(1, "test/a", NULL);
    samples_list(2, "test/b", NULL);
    put_manifest("{\"id\": \"id001\", \"photo\": \"19.png\"}\n");
    expect_photos("realfake+original", wanted, 4);
}

/* Once: what is told of the pictures stays, whatever becomes of the file. */
Test(source_photos, the_manifest_is_read_once, .init = samples_open, .fini = samples_close)
{
    il_source *src = NULL;
    il_err e = { 0 };
    samples_list(1, "test/a", NULL);
    put_manifest("{\"id\": \"id001\", \"photo\": \"19.png\"}\n");
    SAMPLE_OK(il_source_open(&src, &samples_choice, "test", "realfake", IL_MISSING_REFUSE, &e), e);
    SAMPLE_OK(il_source_photos_read(src, &e), e);
    put_manifest("{\"id\": \"id001\", \"photo\": \"20.png\"}\n");
    SAMPLE_OK(il_source_photos_read(src, &e), e);
    cr_expect_str_eq(il_source_photo_of(src, "id001"), "19.png");
    il_source_free(src);
}

/* recipe.json has the checksum of the manifest: one that has changed is not believed. */
Test(source_photos, a_changed_manifest_is_refused, .init = samples_open, .fini = samples_close)
{
    static const char manifest[] = "{\"id\": \"id001\", \"photo\": \"19.png\"}\n";
    il_source *src = NULL;
    il_err e = { 0 };
    char *sealed = NULL, *path = samples_path("recipe.json");
    samples_list(1, "test/a", NULL);
    SAMPLE_OK(il_build_seal(&sealed, "{\"recipe\": \"x\"}", manifest, strlen(manifest), &e), e);
    FILE *to = fopen(path, "w");
    cr_assert(to && fputs(sealed, to) >= 0 && fclose(to) == 0);
    put_manifest(manifest);
    SAMPLE_OK(il_source_open(&src, &samples_choice, "test", "realfake", IL_MISSING_REFUSE, &e), e);
    put_manifest("{\"id\": \"id001\", \"photo\": \"20.png\"}\n");
    cr_expect_eq(il_source_photos_read(src, &e), IL_EDATA);
    cr_expect(strstr(e.message, "manifest.jsonl: has changed since the data set was built"), "%s", e.message);
    put_manifest(manifest);
    SAMPLE_OK(il_source_photos_read(src, &e), e);
    cr_expect_str_eq(il_source_photo_of(src, "id001"), "19.png");
    il_source_free(src);
    free(sealed);
    free(path);
}
