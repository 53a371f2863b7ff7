/* input_list.c: files, folders, patterns, links that go round; names of results. */
#include "detect/input_list.h"
#include "support/results.h"

static void put(struct folder f, const char *name, const char *content)
{
    FILE *to = fopen(in_folder(f, name).path, "wb");
    cr_assert_not_null(to);
    fputs(content, to);
    fclose(to);
}

static struct folder tree(void)
{
    struct folder f = new_folder();
    mkdir(in_folder(f, "sub").path, 0777);
    mkdir(in_folder(f, "sub/deep.jpg").path, 0777);
    mkdir(in_folder(f, "none").path, 0777);
    mkdir(in_folder(f, "out").path, 0777);
    put(f, "b.png", "x");
    put(f, "a.JPG", "x");
    put(f, "notes.txt", "x");
    put(f, "photo.dat", "\x89PNG\r\n\x1a\nrest");
    put(f, ".hidden.png", "x");
    put(f, "sub/c.webp", "x");
    put(f, "sub/deep.jpg/d.jpeg", "x");
    put(f, "out/b.mask.png", "x");
    cr_assert_eq(symlink("..", in_folder(f, "sub/up").path), 0);
    cr_assert_eq(symlink("gone", in_folder(f, "sub/broken.png").path), 0);
    cr_assert_eq(symlink("round.png", in_folder(f, "round.png").path), 0);
    return f;
}

/* Paths below the folder with their complaints, one a line. */
static struct answer gathered(struct folder f, const char *word, const char *without)
{
    struct answer a = { "" };
    il_input_list g = { 0 };
    GOOD(il_input_list_add(&g, word, without, &e));
    for (size_t i = 0; i < g.count; i++) {
        size_t used = strlen(a.text), n = strlen(f.path);
        const char *path = strncmp(g.list[i].path, f.path, n) == 0 ? g.list[i].path + n + 1 : g.list[i].path;
        snprintf(a.text + used, sizeof a.text - used, "%s%s%s\n", path, g.list[i].why ? ": " : "",
                 g.list[i].why ? g.list[i].why : "");
    }
    il_input_list_free(&g);
    return a;
}

#define GATHERS(word, without, wanted)                                                                                 \
    cr_expect_str_eq(gathered(f, word, without).text, wanted, "%s: %s", word, gathered(f, word, without).text)

Test(gather, words)
{
    struct folder f = tree();
    GATHERS("-", NULL, "-\n");
    GATHERS(in_folder(f, "b.png").path, NULL, "b.png\n");
    GATHERS(in_folder(f, "notes.txt").path, NULL, "notes.txt\n"); /* named: its content decides */
    GATHERS(in_folder(f, "nothing.png").path, NULL, "nothing.png: No such file or directory\n");
    GATHERS(in_folder(f, "none").path, NULL, "none: the folder contains no image\n");
    GATHERS(in_folder(f, "*.png").path, NULL, "b.png\nround.png: Too many levels of symbolic links\n");
    GATHERS(in_folder(f, "q*").path, NULL, "q*: no file matches this pattern\n");
    put(f, "odd[1].png", "x");
    put(f, "none/phone.HEIC", "x"); /* is said to be unreadable rather than passed over */
    GATHERS(in_folder(f, "none").path, NULL, "none/phone.HEIC\n");
    GATHERS(in_folder(f, "odd[1].png").path, NULL, "odd[1].png\n");
    remove_folder(f);
}

Test(gather, folders)
{
    struct folder f = tree();
    char out[200];
    snprintf(out, sizeof out, "%s/sub/../out/", f.path);
    GATHERS(f.path, out,
            "a.JPG\nb.png\nphoto.dat\nround.png: Too many levels of symbolic links\n"
            "sub/broken.png: No such file or directory\nsub/c.webp\nsub/deep.jpg/d.jpeg\n");
    GATHERS(in_folder(f, "out").path, NULL, "out/b.mask.png\n");
    remove_folder(f);
}

Test(names, collide)
{
    static const char *const cases[][2] = {
        { "a/photo.png", "out/photo" },
        { "b/photo.jpg", "out/photo-2" },
        { "photo-2.png", "out/photo-2-2" },
        { "photo", "out/photo-3" },
        { "x/.png", "out/.png" },
        { "-", "out/stdin" },
        { "-", "out/stdin-2" },
        { "two.dots.webp", "out/two.dots" },
    };
    il_result_names n = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *stem = NULL;
        GOOD(il_result_names_next(&stem, &n, "out", cases[i][0], &e));
        cr_expect_str_eq(stem, cases[i][1], "%s: %s", cases[i][0], stem);
        free(stem);
    }
    il_result_names_free(&n);
}

/* What a terminal would not show as it is stands for nothing in a name; two that differ by it alone do not meet. */
Test(result_names, names_are_harmless_and_differ)
{
    static const char *const cases[][2] = {
        { "a\xe2\x80\xaeg.png", "out/a_g" }, { "a_g.png", "out/a_g-2" },      { "b/a\x1bg.webp", "out/a_g-3" },
        { "a\xc2\x85\xff.png", "out/a__" },  { "\xe2\x81\xa6.png", "out/_" }, { "caf\xc3\xa9.png", "out/caf\xc3\xa9" }
    };
    il_result_names n = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *stem = NULL;
        GOOD(il_result_names_next(&stem, &n, "out", cases[i][0], &e));
        cr_expect_str_eq(stem, cases[i][1]);
        free(stem);
    }
    il_result_names_free(&n);
}
