/* test_preview.c - the page holds every chosen sample, escapes what comes from outside, and its pictures are whole. */
#include "dataset/preview.h"
#include "made.h"

static char *page(il_preview_opts o)
{
    char *html = NULL;
    size_t size = 0;
    il_err e = { 0 };
    o.path = o.path ? o.path : made_folder;
    cr_assert_eq(il_preview_page(&html, &size, o, &e), IL_OK, "%s", e.message);
    cr_assert_eq(strlen(html), size);
    return html;
}

static int times(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        n++;
    return n;
}

static void make_set(void)
{
    made_open();
    for (int i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%02d", i);
        made_sample(i < 6 ? "train" : i < 8 ? "validation" : "test", id, (uint64_t)i);
    }
}

Test(preview, holds_every_chosen_sample, .init = make_set, .fini = made_close)
{
    char *html = page((il_preview_opts){ .count = 20 });
    cr_expect_eq(times(html, "<article>"), 10);
    cr_expect_eq(times(html, "<img "), 60, "five kinds and an overlay each");
    cr_expect_eq(times(html, "src=\"data:image/webp;base64,"), 60);
    for (int i = 0; i < 10; i++) {
        char head[64];
        snprintf(head, sizeof head, "<h2>s%02d <span>%s</span></h2>", i,
                 i < 6   ? "train"
                 : i < 8 ? "validation"
                         : "test");
        cr_expect_eq(times(html, head), 1, "%s", head);
    }
    cr_expect(strstr(html, "<tr><th scope=\"row\">samples</th><td>6</td><td>2</td><td>2</td></tr>"));
    cr_expect(strstr(html, "<tr><th scope=\"row\">fakefake</th><td>6</td><td>2</td><td>2</td></tr>"));
    cr_expect_eq(times(html, "<dt>mask</dt><dd>56.2 % of the pixels touched, 25.0 % painted</dd>"), 10);
    /* 0.5625 falls into the bin from 55 % */
    cr_expect_eq(times(html, "<rect "), 1);
    cr_expect(strstr(html, "<title>55 to 60 %: 10</title>"));
    free(html);
}

/* Of a kind after the paper's, what there is. */
Test(preview, shows_later_kinds, .init = make_set, .fini = made_close)
{
    made_write("train/s00.exchanged.webp", made_fake(32, 24, 0, 30));
    char *html = page((il_preview_opts){ .count = 20 });
    cr_expect_eq(times(html, "<img "), 61);
    cr_expect(strstr(html, "<tr><th scope=\"row\">exchanged</th><td>1</td><td>0</td><td>0</td></tr>"));
    cr_expect_eq(times(html, "reconstructed"), 0);
    cr_expect_eq(times(html, "the pipeline's full output where the mask is 255, the original elsewhere"), 1);
    free(html);
}

Test(preview, needs_nothing_from_outside, .init = make_set, .fini = made_close)
{
    static const char *const outside[] = { "http", "<script", "<link", "@import", "url(", "src=\"/", "src=\"." };
    char *html = page((il_preview_opts){ .count = 2 });
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        cr_expect_eq(times(html, outside[i]), 0, "%s", outside[i]);
    cr_expect_eq(strncmp(html, "<!DOCTYPE html>\n", 16), 0);
    cr_expect_eq(times(html, "</html>"), 1);
    cr_expect_eq(times(html, "<img "), times(html, " alt=\""));
    cr_expect(strstr(html, "prefers-color-scheme:dark") && strstr(html, "name=\"viewport\"") &&
              strstr(html, "@media print"));
    free(html);
}

Test(preview, the_seed_decides_which, .init = make_set, .fini = made_close)
{
    char *first = page((il_preview_opts){ .count = 3, .seed = 1 }),
         *again = page((il_preview_opts){ .count = 3, .seed = 1 });
    cr_expect_eq(times(first, "<article>"), 3);
    cr_expect_str_eq(first, again, "equal bytes");
    bool other = false;
    for (uint64_t seed = 2; seed < 6; seed++) {
        char *html = page((il_preview_opts){ .count = 3, .seed = seed });
        char *a = strstr(first, "<main>"), *b = strstr(html, "<main>");
        cr_assert(a && b);
        other = other || strcmp(a, b) != 0;
        free(html);
    }
    cr_expect(other, "four other seeds show the same samples");
    free(first);
    free(again);
    char *html = page((il_preview_opts){ .count = 20, .split = "validation" });
    cr_expect_eq(times(html, "<article>"), 2);
    cr_expect_eq(times(html, "<span>validation</span>"), 2);
    free(html);
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Reads the n-th picture of the page back. */
static il_image decoded(const char *html, int n)
{
    static const char mark[] = "base64,";
    il_image image = { 0 };
    il_err e = { 0 };
    for (int i = 0; i <= n; i++) {
        html = strstr(html, mark);
        cr_assert(html);
        html += strlen(mark);
    }
    FILE *f = fopen(made_path("decoded.webp"), "wb");
    cr_assert(f);
    for (; digit(html[0]) >= 0; html += 4) {
        int v = digit(html[0]) << 18 | digit(html[1]) << 12;
        fputc(v >> 16, f);
        if (html[2] == '=')
            break;
        v |= digit(html[2]) << 6;
        fputc(v >> 8 & 255, f);
        if (html[3] == '=')
            break;
        fputc((v | digit(html[3])) & 255, f);
    }
    cr_assert_eq(fclose(f), 0);
    cr_assert_eq(il_image_read(&image, made_path("decoded.webp"), &e), IL_OK, "%s", e.message);
    return image;
}

Test(preview, pictures_are_whole, .init = made_open, .fini = made_close)
{
    made_sample("test", "a", 5);
    char *html = page((il_preview_opts){ .count = 1 });
    il_image fake = made_fake(32, 24, 5, 30), mask = made_mask(32, 24);
    il_image seen = decoded(html, 3), over = decoded(html, 5);
    cr_expect(seen.width == 32 && seen.height == 24 && seen.channels == 3);
    cr_expect_eq(memcmp(seen.pixels, fake.pixels, 32 * 24 * 3), 0, "the realfake picture, lossless");
    for (int i = 0; i < 32 * 24; i++) {
        bool same = memcmp(over.pixels + i * 3, fake.pixels + i * 3, 3) == 0;
        if (mask.pixels[i] == 0)
            cr_assert(same, "pixel %d outside the mask is tinted", i);
        else
            cr_assert(!same, "pixel %d inside the mask is not tinted", i);
    }
    int corner = 3 * 32 + 4, middle = 12 * 32 + 16; /* on the line; within it, where the tint has 2/5 */
    cr_expect(over.pixels[corner * 3] == 255 && over.pixels[corner * 3 + 1] == 0 && over.pixels[corner * 3 + 2] == 170);
    cr_expect_eq(over.pixels[middle * 3 + 1], fake.pixels[middle * 3 + 1] * 153 / 255);
    il_image_free(&fake);
    il_image_free(&mask);
    il_image_free(&seen);
    il_image_free(&over);
    free(html);
}

Test(preview, large_pictures_become_thumbnails, .init = made_open, .fini = made_close)
{
    made_write("test/a.original.png", made_photo(1000, 30, 5));
    char *html = page((il_preview_opts){ .count = 1 });
    il_image seen = decoded(html, 0);
    cr_expect(seen.width == 320 && seen.height == 9, "%dx%d", seen.width, seen.height);
    cr_expect(strstr(html, "width=\"320\" height=\"9\""));
    cr_expect_eq(times(html, "<svg "), 0, "without masks no histogram");
    il_image_free(&seen);
    free(html);
}

Test(preview, escapes_what_comes_from_outside, .init = made_open, .fini = made_close)
{
    made_write("test/<script>alert(1)<\xff&'.original.png", made_photo(8, 8, 5));
    made_sample("train", "b", 6);
    made_text(
        "manifest.jsonl",
        "{\"id\": \"b\", \"split\": \"train\", \"photo\": \"x/<i>.jpg\", \"tile\": 4, \"seed\": \"18446744073709551615\", "
        "\"masker\": \"rectangle\", \"rule\": \"a & b\", \"area\": 0.31, \"prompt\": \"one\\ntwo <img src=x onerror=y>\", "
        "\"inpainted_by\": \"sd\\\"_\", \"inpainted_sha256\": "
        "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}\n");
    char *html = page((il_preview_opts){ .count = 9 });
    cr_expect_eq(times(html, "<script"), 0);
    cr_expect_eq(times(html, "<img src=x"), 0);
    cr_expect_eq(times(html, "<i>"), 0);
    cr_expect(strstr(html, "<h2>&#60;script&#62;alert(1)&#60;?&#38;&#39; <span>test</span></h2>"));
    cr_expect(strstr(html, "alt=\"&#60;script&#62;alert(1)&#60;?&#38;&#39;, original: "));
    cr_expect(strstr(html, "<dt>prompt</dt><dd>one two &#60;img src=x onerror=y&#62;</dd>"));
    cr_expect(strstr(html, "<dt>photo</dt><dd>x/&#60;i&#62;.jpg, tile 4</dd>"));
    cr_expect(strstr(html, "<dt>rule</dt><dd>rectangle: a &#38; b</dd>"));
    cr_expect(strstr(html, "<dt>inpainted by</dt><dd>sd&#34;_, files <code title=\"0123456789abcdef"));
    cr_expect(strstr(html, ">0123456789ab\xe2\x80\xa6</code></dd>"));
    cr_expect(strstr(html, "<dt>seed</dt><dd>18446744073709551615</dd>"));
    cr_expect(strstr(html, "<title>30 to 35 %: 1</title>"), "the area is the manifest's");
    free(html);
}

Test(preview, tells_what_cannot_be_read, .init = made_open, .fini = made_close)
{
    made_sample("test", "a", 5);
    made_text("test/a.mask.webp", "nothing");
    char *html = page((il_preview_opts){ .count = 1 });
    cr_expect_eq(times(html, "<img "), 4, "without a mask no overlay");
    cr_expect_eq(times(html, "<div class=\"broken\">cannot be read: "), 1);
    cr_expect(strstr(html, "not a supported image"));
    free(html);
}

Test(preview, shows_pairs_and_lists, .init = made_open, .fini = made_close)
{
    made_write("Tp/a.png", made_photo(16, 16, 1));
    made_write("Gt/a.png", made_mask(16, 16));
    made_write("Au/b.png", made_photo(16, 16, 2));
    made_text("list.json", "[[\"Tp/a.png\", \"Gt/a.png\"], [\"Au/b.png\", \"Negative\"]]");
    char *html = page((il_preview_opts){ .count = 5 });
    cr_expect_eq(times(html, "<img "), 3);
    cr_expect(strstr(html, "<figcaption>tampered</figcaption>"));
    free(html);
    html = page((il_preview_opts){ .path = made_path("list.json"), .count = 5 });
    cr_expect_eq(times(html, "<img "), 4);
    cr_expect(strstr(html, "<figcaption>authentic</figcaption>") && strstr(html, "<h2>Tp/a.png <span></span></h2>"));
    free(html);
}

Test(preview, what_is_no_data_set, .init = made_open, .fini = made_close)
{
    char *html = NULL;
    size_t size = 0;
    il_err e = { 0 };
    cr_expect_eq(il_preview_page(&html, &size, (il_preview_opts){ .path = made_path("absent"), .count = 1 }, &e),
                 IL_EDATA);
    made_sample("test", "a", 5);
    il_preview_opts o = { .path = made_folder, .count = 1, .split = "train" };
    cr_expect_eq(il_preview_page(&html, &size, o, &e), IL_EDATA);
    cr_expect(strstr(e.message, ": contains no samples of the split train"), "%s", e.message);
    made_text("manifest.jsonl", "nonsense\n");
    o.split = NULL;
    cr_expect_eq(il_preview_page(&html, &size, o, &e), IL_EFORMAT);
    cr_expect_null(html);
}
