#include "dataset/photos.h"
#include "workshop.h"

TestSuite(photos, .init = work_open, .fini = work_close);

static void make_tree(void)
{
    cr_assert_eq(mkdir(work_path("photos/sub"), 0777), 0);
    cr_assert_eq(mkdir(work_path("photos/.hidden"), 0777), 0);
    work_photo("photos/b.png", 1, 16, 16);
    work_photo("photos/a.png", 2, 16, 16);
    work_photo("photos/sub/c.png", 3, 16, 16);
    work_photo("photos/.hidden/d.png", 4, 16, 16);
    work_photo("photos/.e.png", 5, 16, 16);
    work_text("photos/notes.txt", "no photo\n");
    cr_assert_eq(symlink("/nowhere", work_path("photos/gone.png")), 0);
}

Test(photos, are_listed_by_name_with_those_of_folders)
{
    static const char *const ids[] = { "a", "b", "sub_c" };
    il_photos p = { 0 };
    il_err e = { 0 };
    make_tree();
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos") }, &e), e);
    cr_assert_eq(p.count, 3);
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        cr_expect_str_eq(p.list[i].id, ids[i]);
        cr_expect_str_eq(p.list[i].caption, "");
        cr_assert_eq(stat(p.list[i].path, &st), 0);
        cr_expect_eq(p.list[i].size, st.st_size);
    }
    cr_expect_str_eq(p.list[2].below, "sub/c.png");
    il_photos_free(&p);
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .limit = 2 }, &e), e);
    cr_expect_eq(p.count, 2);
    il_photos_free(&p);
}

Test(photos, have_the_captions_beside_them)
{
    il_photos p = { 0 };
    il_err e = { 0 };
    make_tree();
    work_text("photos/a.json", "{\"caption\": \"a \\u00e9t\\u00e9\\nsecond line\", \"url\": 1}");
    work_text("photos/sub/c.txt", "three words here\nnot this\n");
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .captions = "" }, &e), e);
    cr_expect_str_eq(p.list[0].caption, "a été second line");
    cr_expect_str_eq(p.list[1].caption, "");
    cr_expect_str_eq(p.list[2].caption, "three words here not this");
    il_photos_free(&p);
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .no_captions = true }, &e), e);
    cr_expect_str_eq(p.list[0].caption, "");
    il_photos_free(&p);
}

Test(photos, have_the_first_caption_of_a_coco_file)
{
    il_photos p = { 0 };
    il_err e = { 0 };
    work_photo("photos/000000000007.png", 1, 16, 16);
    work_photo("photos/000000000009.png", 2, 16, 16);
    cr_assert_eq(rename(work_path("photos/000000000007.png"), work_path("photos/000000000007.jpg")), 0);
    work_text("c.json",
              "{\"images\": [{\"id\": 9, \"file_name\": \"000000000009.png\"}], \"annotations\": ["
              "{\"image_id\": 7, \"id\": 1, \"caption\": \"seven\"}, {\"image_id\": 8, \"caption\": \"eight\"},"
              "{\"image_id\": 7, \"caption\": \"late\"}, {\"image_id\": 9, \"caption\": \"nine\"}]}");
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .captions = work_path("c.json") }, &e),
            e);
    cr_assert_eq(p.count, 2);
    cr_expect_str_eq(p.list[0].caption, "seven");
    cr_expect_str_eq(p.list[1].caption, "nine");
    il_photos_free(&p);
}

#define LONG "a_photo_whose_file_name_is_rather_long_as_downloaded_from_some_web_site_1.png"

Test(photos, have_captions_by_file_name_whatever_its_folders_and_length)
{
    il_photos p = { 0 };
    il_err e = { 0 };
    make_tree();
    work_photo("photos/" LONG, 6, 16, 16);
    work_text("c.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"train2017/a.png\"}, {\"id\": 2, \"file_name\": \"" LONG "\"},"
              " {\"id\": 3, \"file_name\": \"c.png\"}], \"annotations\": [{\"image_id\": 1, \"caption\": \"one\"},"
              "{\"image_id\": 2, \"caption\": \"two\"}, {\"image_id\": 3, \"caption\": \"three\"}]}");
    WORK_OK(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .captions = work_path("c.json") }, &e),
            e);
    cr_assert_eq(p.count, 4);
    cr_expect_str_eq(p.list[0].caption, "one");
    cr_expect_str_eq(p.list[1].caption, "two");
    cr_expect_str_eq(p.list[2].caption, "");
    cr_expect_str_eq(p.list[3].caption, "three");
    cr_expect_eq(il_photos_captioned(&p), 3);
    il_photos_free(&p);
}

Test(photos, say_what_is_wrong)
{
    static const struct {
        const char *name, *text, *captions, *message;
    } cases[] = {
        { "photos/x.json", "{\"caption\": 3}", "", "x.json: expected a string 'caption'" },
        { "photos/x.json", "{\"caption\": ", "", "x.json:1: " },
        { "photos/y.txt", "", "c1.json", "c1.json" },
        { "photos/x.txt", "caf\xe9\n", "", "x.txt: is not UTF-8 at byte 3; expected UTF-8" },
        { "c2.json", "[", "c2.json", "c2.json:1: " },
        { "c2.json", "{}", "c2.json", "c2.json: has no list 'annotations'" },
        { "c2.json", "{\"annotations\": [{\"image_id\": \"7\"}]}", "c2.json", "c2.json: annotation 0 lacks" },
        { "c2.json", "{\"annotations\": [{\"image_id\": 7, \"caption\": \"of another split\"}]}", "c2.json",
          "c2.json: has no caption for any of the 1 photos of " },
    };
    il_photos p = { 0 };
    il_err e = { 0 };
    cr_expect_eq(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos") }, &e), IL_EDATA);
    cr_expect(strstr(e.message, "contains no photo"), "%s", e.message);
    cr_expect_eq(il_photos_list(&p, (il_photos_opts){ .root = "/nowhere" }, &e), IL_EIO);
    cr_expect(strstr(e.message, "/nowhere") && strstr(e.message, ": No such file"), "%s", e.message);
    work_photo("photos/x.png", 1, 16, 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        e = (il_err){ 0 };
        work_text(cases[i].name, cases[i].text);
        const char *captions = *cases[i].captions ? work_path(cases[i].captions) : "";
        cr_expect_neq(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos"), .captions = captions }, &e),
                      IL_OK);
        cr_expect(strstr(e.message, cases[i].message), "case %zu: %s", i, e.message);
        cr_expect_eq(p.count, 0);
        unlink(work_path(cases[i].name));
    }
    cr_assert_eq(rename(work_path("photos/x.png"), work_path("photos/\xff.png")), 0);
    cr_expect_eq(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos") }, &e), IL_EDATA);
    cr_expect(strstr(e.message, "its name must be UTF-8"), "%s", e.message);
    cr_assert_eq(rename(work_path("photos/\xff.png"), work_path("photos/a_b.png")), 0);
    cr_assert_eq(mkdir(work_path("photos/a"), 0777), 0);
    work_photo("photos/a/b.png", 1, 16, 16);
    cr_expect_eq(il_photos_list(&p, (il_photos_opts){ .root = work_path("photos") }, &e), IL_EDATA);
    cr_expect(strstr(e.message, "the same id 'a_b'"), "%s", e.message);
}
