/* test_listing.c - what is listed of each layout; a case is a list of files and what is found. */
#include "dataset/listing.h"
#include "made.h"

/* Text without the temporary folder's name. */
static void strip(char *out, size_t room, const char *in)
{
    size_t n = 0, skip = strlen(made_folder);
    while (*in && n + 2 < room) {
        if (strncmp(in, made_folder, skip) == 0) {
            out[n++] = '@';
            in += skip;
        } else {
            out[n++] = *in++;
        }
    }
    out[n] = '\0';
}

/* "name kind=path …; … | where: why (unpaired); …", or the error. */
static void list(char *out, size_t room, const char *path, il_layout layout)
{
    char raw[6000] = "";
    size_t n = 0;
    il_listing l = { 0 };
    il_err e = { 0 };
    int rc = il_listing_open(&l, path, &e);
    for (size_t i = 0; i < l.count; i++) {
        char *name = il_listing_name(&l, i);
        n += (size_t)snprintf(raw + n, sizeof raw - n, "%s%s", i ? "; " : "", name);
        free(name);
        for (int k = 0; k < IL_PICTURE_KINDS; k++)
            if (l.list[i].path[k])
                n += (size_t)snprintf(raw + n, sizeof raw - n, " %.1s=%s", il_picture_kinds[k], l.list[i].path[k]);
    }
    for (size_t i = 0; i < l.trouble_count; i++)
        n += (size_t)snprintf(raw + n, sizeof raw - n, "%s%s: %s%s", i ? "; " : " | ", l.troubles[i].where,
                              l.troubles[i].why, l.troubles[i].unpaired ? " (unpaired)" : "");
    if (rc)
        cr_expect(rc == IL_EDATA || rc == IL_EFORMAT, "%d", rc);
    else
        cr_expect_eq(l.layout, layout);
    strip(out, room, rc ? e.message : raw);
    il_listing_free(&l);
    cr_expect(!l.list && !l.troubles && !l.root);
}

struct listing {
    const char *files, *expected;
    il_layout layout;
};

#define ODD                                                                                                             \
    ": is not named <id>.<kind>.webp (or .png, .jpg); the kind must be original, mask, inpainted, realfake, fakefake, " \
    "reconstructed, selfconditioned or exchanged"
#define SPLITS IL_LAYOUT_SPLITS
#define PAIRS IL_LAYOUT_PAIRS

static const struct listing folders[] = {
    { "test/b.realfake.webp test/b.mask.png train/a.fakefake.JPG train/a.mask.jpeg train/a.original.webp val/c.inpainted.png "
      "val/c.mask.png manifest.jsonl",
      "train/a o=@/train/a.original.webp m=@/train/a.mask.jpeg f=@/train/a.fakefake.JPG; "
      "validation/c m=@/val/c.mask.png i=@/val/c.inpainted.png; test/b m=@/test/b.mask.png r=@/test/b.realfake.webp",
      SPLITS },
    /* ids in byte order, with dots; one may begin another */
    { "test/a.b.original.webp test/a.original.webp test/a-b.original.png test/B.original.png",
      "test/B o=@/test/B.original.png; test/a o=@/test/a.original.webp; test/a-b o=@/test/a-b.original.png; "
      "test/a.b o=@/test/a.b.original.webp",
      SPLITS },
    { "test/a.realfake.webp test/b.mask.webp test/c.mask.webp test/c.original.webp test/d.original.webp",
      "test/a r=@/test/a.realfake.webp; test/b m=@/test/b.mask.webp; test/c o=@/test/c.original.webp m=@/test/c.mask.webp; "
      "test/d o=@/test/d.original.webp | test/a: has no mask (unpaired); test/b: has a mask, but no inpainted, realfake, "
      "fakefake or exchanged image (unpaired); test/c: has a mask, but no inpainted, realfake, fakefake or exchanged image "
      "(unpaired)",
      SPLITS },
    /* nothing was painted in the first two, which need no mask */
    { "test/a.reconstructed.webp test/b.selfconditioned.png test/c.exchanged.webp test/d.exchanged.webp test/d.mask.png",
      "test/a r=@/test/a.reconstructed.webp; test/b s=@/test/b.selfconditioned.png; test/c e=@/test/c.exchanged.webp; "
      "test/d m=@/test/d.mask.png e=@/test/d.exchanged.webp | test/c: has no mask (unpaired)",
      SPLITS },
    { "test/a.realfake.png test/a.realfake.webp test/a.mask.webp",
      "test/a m=@/test/a.mask.webp r=@/test/a.realfake.png | test/a: has two realfake files: a.realfake.png and a.realfake.webp "
      "(unpaired)",
      SPLITS },
    { "test/a.original.webp test/notes.txt test/.mask.webp test/x.caption.webp test/a.mask.webp.12.tmp test/sub/ "
      "test/mask.webp",
      "test/a o=@/test/a.original.webp | @/test/a.mask.webp.12.tmp" ODD "; @/test/mask.webp" ODD
      "; @/test/notes.txt" ODD "; @/test/sub" ODD "; @/test/x.caption.webp" ODD,
      SPLITS },
    { "test/ train/", "@: contains no samples; expected files <split>/<id>.<kind>.webp (or .png, .jpg)", SPLITS },
    { "val/ valid/", "@/val and @/valid could both be the validation split; expected only one of them", SPLITS },
    { "photos/",
      "@: is not a data set; expected a folder with train, validation or test, a folder with Tp and Gt, or a JSON list",
      SPLITS },
    { "Tp/b.jpg Gt/b.png Tp/a.PNG Gt/a_gt.png Tp/c.tif Gt/c_mask.jpg Tp/readme.txt Gt/.hidden",
      "a m=@/Gt/a_gt.png r=@/Tp/a.PNG; b m=@/Gt/b.png r=@/Tp/b.jpg; c m=@/Gt/c_mask.jpg r=@/Tp/c.tif", PAIRS },
    /* a missing file in the middle shifts nothing */
    { "Tp/a.jpg Tp/b.jpg Tp/c.jpg Gt/a.png Gt/c.png Gt/d.png",
      "a m=@/Gt/a.png r=@/Tp/a.jpg; c m=@/Gt/c.png r=@/Tp/c.jpg | b: no mask; expected @/Gt/b.png (unpaired); d: no "
      "tampered image; expected @/Tp/d.jpg (or .png, .webp) (unpaired)",
      PAIRS },
    { "Tp/a.jpg Tp/a.png Gt/a.png Tp/b.jpg Gt/b.png Gt/b_gt.png",
      " | a: two tampered images: @/Tp/a.jpg and a.png (unpaired); b: two masks: @/Gt/b.png and b_gt.png (unpaired)",
      PAIRS },
    /* a picture may itself end in _gt */
    { "Tp/a_gt.jpg Gt/a_gt.png", "a_gt m=@/Gt/a_gt.png r=@/Tp/a_gt.jpg", PAIRS },
    { "Tp/a.jpg",
      "cannot read the folder @/Gt: No such file or directory; expected a folder with Tp (tampered images) "
      "and Gt (masks)",
      PAIRS },
    { "Tp/ Gt/a.png", "@/Tp: contains no images", PAIRS },
};

/* Creates empty files; names are divided by blanks, folders end with '/'. */
static void touch(const char *names)
{
    char copy[2000];
    snprintf(copy, sizeof copy, "%s", names);
    for (char *rest = copy, *name; (name = strtok_r(rest, " ", &rest));) {
        if (name[strlen(name) - 1] == '/')
            made_path(name);
        else
            made_text(name, "");
    }
}

Test(listing, lists_folders)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char got[6000];
        made_open();
        touch(folders[i].files);
        list(got, sizeof got, made_folder, folders[i].layout);
        cr_expect_str_eq(got, folders[i].expected, "case %zu: %s", i, got);
        made_close();
    }
}

static const struct listing lists[] = {
    { "[[\"./Tp/6.jpg\", \"./Gt/6.png\"], [\"Au/7.jpg\", \"Negative\"], [\"Tp/10.jpg\", \"Gt/6.png\"]]",
      "Au/7.jpg o=@/Au/7.jpg; Tp/10.jpg m=@/Gt/6.png r=@/Tp/10.jpg; Tp/6.jpg m=@/Gt/6.png r=@/Tp/6.jpg",
      IL_LAYOUT_LIST },
    { "[[\"Tp/6.jpg\", \"Gt/9.png\"], [\"Tp/9.jpg\", \"Gt/6.png\"], [\"Au/7.jpg\", \"Negative\"], [\"./Au/7.jpg\", "
      "\"Negative\"]]",
      "Au/7.jpg o=@/Au/7.jpg | Au/7.jpg: entry 4 of @/list.json repeats it (unpaired); Tp/6.jpg: no mask; expected "
      "@/Gt/9.png (unpaired); Tp/9.jpg: no image; expected @/Tp/9.jpg (unpaired)",
      IL_LAYOUT_LIST },
    { "", "@/list.json:1: invalid JSON: '[' or '{' expected near end of file", IL_LAYOUT_LIST },
    { "[[\"a\", \"b\"],\n[\"c\" \"d\"]]", "@/list.json:2: invalid JSON: ']' expected near '\"d\"'", IL_LAYOUT_LIST },
    { "[]", "@/list.json: expected a list of pairs [\"image\", \"mask\"]", IL_LAYOUT_LIST },
    { "{\"Tp/6.jpg\": \"Gt/6.png\"}", "@/list.json: expected a list of pairs [\"image\", \"mask\"]", IL_LAYOUT_LIST },
    { "[[\"Tp/6.jpg\", \"Gt/6.png\"], [\"Tp/6.jpg\"]]",
      "@/list.json: entry 2: expected [\"image\", \"mask\"] or [\"image\", \"Negative\"]", IL_LAYOUT_LIST },
    { "[\"Tp/6.jpg\", \"Gt/6.png\"]",
      "@/list.json: entry 1: expected [\"image\", \"mask\"] or [\"image\", \"Negative\"]", IL_LAYOUT_LIST },
    { "[[\"Tp/6.jpg\", null]]", "@/list.json: entry 1: expected [\"image\", \"mask\"] or [\"image\", \"Negative\"]",
      IL_LAYOUT_LIST },
    { "[[\"./\", \"x\"]]", "@/list.json: entry 1: expected [\"image\", \"mask\"] or [\"image\", \"Negative\"]",
      IL_LAYOUT_LIST },
    { "[[\"ManiDataset\", \"/data/CASIA2.0\"]]",
      "@/list.json: lists data sets, not images; name one of them, such as /data/CASIA2.0", IL_LAYOUT_LIST },
};

Test(listing, lists_json, .init = made_open, .fini = made_close)
{
    touch("Tp/6.jpg Tp/10.jpg Gt/6.png Au/7.jpg");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char got[6000];
        made_text("list.json", lists[i].files);
        list(got, sizeof got, made_path("list.json"), IL_LAYOUT_LIST);
        cr_expect_str_eq(got, lists[i].expected, "case %zu: %s", i, got);
    }
    char text[400], got[6000];
    snprintf(text, sizeof text, "[[\"%s/Tp/6.jpg\", \"%s/Gt/6.png\"]]", made_folder, made_folder);
    made_text("sub/list.json", text);
    list(got, sizeof got, made_path("sub/list.json"), IL_LAYOUT_LIST);
    cr_expect_str_eq(got, "@/Tp/6.jpg m=@/Gt/6.png r=@/Tp/6.jpg", "absolute paths stay: %s", got);
}

Test(listing, a_path_that_is_none, .init = made_open, .fini = made_close)
{
    char got[6000];
    list(got, sizeof got, made_path("absent"), IL_LAYOUT_LIST);
    cr_expect_str_eq(got,
                     "@/absent: No such file or directory; expected a folder with train, validation or test, a folder "
                     "with Tp and Gt, or a JSON list");
}
