/* test_pairs.c - IMDL-BenCo's layouts as a data set: what is listed, and what of it is read. */
#include "dataset/made.h"
#include "loader/loader.h"
#include "open.h"

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

/* The listing as text: "id image mask; … | id: why; …", or the error. split_setting NULL: the default. */
static void scan(char *out, size_t room, const char *root, const char *split_setting, const char *split,
                 const char *images)
{
    const char *settings[] = { "root", root, split_setting ? "split" : NULL, split_setting, NULL };
    struct opened o = open_plugin(IL_KIND_DATASET, "pairs", settings);
    char raw[4000] = "";
    il_params *p = NULL;
    il_source *src = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK);
    for (int i = 0; settings[i]; i += 2)
        cr_assert_eq(il_params_set(p, settings[i], settings[i + 1], &e), IL_OK, "%s", e.message);
    il_choice choice = { .plugin = o.plugin, .params = p };
    int rc = il_source_open(&src, &choice, split, images, IL_MISSING_SKIP, &e);
    size_t n = 0;
    for (size_t i = 0; !rc && i < il_source_count(src); i++) {
        il_item item = il_source_at(src, i);
        n += (size_t)snprintf(raw + n, sizeof raw - n, "%s%s %s %s", i ? "; " : "", item.id, item.image,
                              item.mask ? item.mask : "-");
    }
    for (size_t i = 0; !rc && i < il_source_left_out_count(src); i++) {
        il_source_left_out l = il_source_left_out_at(src, i);
        n += (size_t)snprintf(raw + n, sizeof raw - n, "%s%s: %s", i ? "; " : " | ", l.id, l.why);
    }
    strip(out, room, rc ? e.message : raw);
    cr_assert(!rc || rc == IL_EDATA || rc == IL_EPARAM || rc == IL_EFORMAT || rc == IL_EIO, "%d", rc);
    il_source_free(src);
    il_params_free(p);
    close_plugin(&o);
}

static void make_files(void)
{
    made_open();
    made_write("Tp/a.png", made_photo(16, 16, 1));
    made_write("Gt/a_gt.png", made_mask(16, 16));
    made_write("Tp/b.png", made_photo(16, 16, 2));
    made_write("Gt/b.png", made_mask(16, 16));
    made_write("Tp/c.png", made_photo(16, 16, 3));
    made_write("Au/d.png", made_photo(16, 16, 4));
    made_text("list.json",
              "[[\"./Tp/a.png\", \"Gt/a_gt.png\"], [\"Au/d.png\", \"Negative\"], [\"Tp/c.png\", \"Gt/c.png\"]]");
    made_text("negative.json", "[[\"Au/d.png\", \"Negative\"]]");
    made_text("broken.json", "[[\"Au/d.png\"]");
}

struct scanning {
    const char *root, *setting, *split, *images, *expected;
};

#define AB "a @/Tp/a.png @/Gt/a_gt.png; b @/Tp/b.png @/Gt/b.png | c: no mask; expected @/Gt/c.png"

static const struct scanning cases[] = {
    { ".", NULL, "test", "tampered", AB },
    { ".", NULL, "test", "all", AB },
    { ".", NULL, "train", "tampered", "@/.: has no train split; its samples belong to the test split (setting split)" },
    { ".", "train", "train", "tampered", AB },
    { ".", "train", "test", "tampered",
      "@/.: has no test split; its samples belong to the train split (setting split)" },
    { ".", "all", "train", "tampered", AB },
    { ".", "all", "validation", "tampered", AB },
    { ".", NULL, "test", "original", "@/.: has no authentic images; a pair of folders contains only tampered ones" },
    { ".", NULL, "test", "tamperd",
      "unknown image kind 'tamperd'; expected tampered, original or all (did you mean "
      "'tampered'?)" },
    { ".", NULL, "test", "realfake", "unknown image kind 'realfake'; expected tampered, original or all" },
    { "list.json", NULL, "test", "tampered",
      "Tp/a.png @/Tp/a.png @/Gt/a_gt.png | Tp/c.png: no mask; expected "
      "@/Gt/c.png" },
    { "list.json", NULL, "test", "original", "Au/d.png @/Au/d.png -" },
    { "list.json", NULL, "test", "all",
      "Au/d.png @/Au/d.png -; Tp/a.png @/Tp/a.png @/Gt/a_gt.png | Tp/c.png: no mask; "
      "expected @/Gt/c.png" },
    { "negative.json", NULL, "test", "tampered", "@/negative.json: lists no tampered images" },
    { "broken.json", NULL, "test", "tampered", "@/broken.json:1: invalid JSON: ']' expected near end of file" },
    { "absent.json", NULL, "test", "tampered",
      "cannot read the folder @/absent.json/Tp: No such file or directory; "
      "expected a folder with Tp (tampered images) and Gt (masks)" },
};

Test(pairs, lists_both_layouts, .init = make_files, .fini = made_close)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[4000], root[200];
        if (strcmp(cases[i].root, ".") == 0)
            snprintf(root, sizeof root, "%s/.", made_folder);
        else
            snprintf(root, sizeof root, "%s/%s", made_folder, cases[i].root);
        scan(got, sizeof got, root, cases[i].setting, cases[i].split, cases[i].images);
        /* paths hold the root as given */
        for (char *p; (p = strstr(got, "@/./"));)
            memmove(p + 2, p + 4, strlen(p + 4) + 1);
        cr_expect_str_eq(got, cases[i].expected, "case %zu: %s", i, got);
    }
}

Test(pairs, a_list_is_part_of_a_run_s_identity)
{
    struct opened o = open_plugin(IL_KIND_DATASET, "pairs", (const char *[]){ "root", "/x", NULL });
    cr_expect_null(o.plugin->uses, "so that the file that the IL_PARAM_PATH setting names is hashed");
    cr_expect_eq(o.plugin->params[0].type, IL_PARAM_PATH);
    close_plugin(&o);
}
