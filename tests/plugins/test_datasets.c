/* test_datasets.c - Dataset 1 and 2 over folders made for each case: a case is a list of files, and what is found. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loader/loader.h"
#include "open.h"

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/inpaintlab-datasets-XXXXXX");
    cr_assert(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

/* Creates empty files, and the folders above them; names are divided by blanks. Folders end with '/'. */
static void touch(const char *names)
{
    char list[2000], path[400];
    snprintf(list, sizeof list, "%s", names);
    for (char *rest = list, *name; (name = strtok_r(rest, " ", &rest));) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); p++) {
            *p = '\0';
            cr_assert(mkdir(path, 0777) == 0 || errno == EEXIST);
            *p = '/';
        }
        FILE *f = path[strlen(path) - 1] == '/' ? NULL : fopen(path, "w");
        if (f)
            fclose(f);
    }
}

/* Text without the temporary folder's name. */
static void strip(char *out, size_t room, const char *in)
{
    size_t n = 0, skip = strlen(folder);
    while (*in && n + 2 < room) {
        if (strncmp(in, folder, skip) == 0) {
            out[n++] = '@';
            in += skip;
        } else {
            out[n++] = *in++;
        }
    }
    out[n] = '\0';
}

/* The listing as text: "id image mask; … | id: why; …", or the error. */
static void scan(char *out, size_t room, const char *dataset, const char *const *settings, const char *split,
                 const char *images)
{
    struct opened o = open_plugin(IL_KIND_DATASET, dataset, settings);
    char raw[4000] = "";
    il_params *p = NULL;
    il_source *src = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_params_new(&p, o.plugin->params, &e), IL_OK);
    for (; *settings; settings += 2)
        cr_assert_eq(il_params_set(p, settings[0], settings[1], &e), IL_OK, "%s", e.message);
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
    cr_assert(!rc || rc == IL_EDATA || rc == IL_EPARAM);
    il_source_free(src);
    il_params_free(p);
    close_plugin(&o);
}

struct scanning {
    const char *files, *split, *images, *expected;
};

static const struct scanning first[] = {
    { "test/b.realfake.webp test/b.mask.webp test/a.realfake.png test/a.mask.JPG test/a.fakefake.webp", "test",
      "realfake", "a @/test/a.realfake.png @/test/a.mask.JPG; b @/test/b.realfake.webp @/test/b.mask.webp" },
    { "test/a.realfake.webp test/a.mask.webp test/a.fakefake.jpeg test/a.inpainted.png test/a.original.webp", "test",
      "fakefake", "a @/test/a.fakefake.jpeg @/test/a.mask.webp" },
    { "test/a.inpainted.webp test/a.mask.webp", "test", "inpainted", "a @/test/a.inpainted.webp @/test/a.mask.webp" },
    { "test/a.original.webp test/a.mask.webp test/b.mask.webp test/c.original.png", "test", "original",
      "a @/test/a.original.webp -; c @/test/c.original.png -" },
    { "test/a.reconstructed.webp test/a.mask.webp test/c.reconstructed.png", "test", "reconstructed",
      "a @/test/a.reconstructed.webp -; c @/test/c.reconstructed.png -" },
    { "test/a.selfconditioned.webp test/a.mask.webp", "test", "selfconditioned", "a @/test/a.selfconditioned.webp -" },
    { "test/a.exchanged.webp test/a.mask.webp test/b.exchanged.png", "test", "exchanged",
      "a @/test/a.exchanged.webp @/test/a.mask.webp | b: no mask; expected @/test/b.mask.webp" },
    { "train/a.realfake.webp train/a.mask.webp test/b.realfake.webp test/b.mask.webp", "train", "realfake",
      "a @/train/a.realfake.webp @/train/a.mask.webp" },
    { "validation/a.realfake.webp validation/a.mask.webp", "validation", "realfake",
      "a @/validation/a.realfake.webp @/validation/a.mask.webp" },
    { "val/a.realfake.webp val/a.mask.webp", "validation", "realfake", "a @/val/a.realfake.webp @/val/a.mask.webp" },
    { "valid/a.realfake.webp valid/a.mask.webp", "validation", "realfake",
      "a @/valid/a.realfake.webp @/valid/a.mask.webp" },
    /* ids with dots, files that are none of ours, hidden files */
    { "test/a.1.realfake.webp test/a.1.mask.webp test/notes.txt test/.realfake.webp test/realfake.webp test/x.caption.webp "
      "test/a.1.realfake.webp.part test/a.1.realfake",
      "test", "realfake", "a.1 @/test/a.1.realfake.webp @/test/a.1.mask.webp" },
    /* incomplete pairs */
    { "test/a.realfake.webp test/a.mask.webp test/000012.realfake.webp", "test", "realfake",
      "a @/test/a.realfake.webp @/test/a.mask.webp | 000012: no mask; expected @/test/000012.mask.webp" },
    { "test/a.realfake.webp test/a.mask.webp test/b.mask.png", "test", "realfake",
      "a @/test/a.realfake.webp @/test/a.mask.webp | b: no realfake image; expected @/test/b.realfake.webp" },
    { "test/a.realfake.webp test/a.mask.webp test/b.realfake.webp test/b.realfake.png test/b.mask.png", "test",
      "realfake",
      "a @/test/a.realfake.webp @/test/a.mask.webp | b: two realfake files: @/test/b.realfake.png and b.realfake.webp" },
    { "test/a.realfake.webp test/a.mask.webp test/b.realfake.webp test/b.mask.png test/b.mask.webp", "test", "realfake",
      "a @/test/a.realfake.webp @/test/a.mask.webp | b: two mask files: @/test/b.mask.png and b.mask.webp" },
    /* nothing to list */
    { "train/", "test", "realfake", "@: has no folder for the test split; expected @/test" },
    { "train/", "validation", "realfake",
      "@: has no folder for the validation split; expected @/validation (or val, "
      "valid)" },
    { "val/ valid/", "validation", "realfake",
      "@/val and @/valid could both be the validation split; expected only "
      "one of them" },
    { "test/a.mask.webp test/a.fakefake.webp", "test", "realfake",
      "@/test: has no realfake images; expected files "
      "<id>.realfake.webp (or .png, .jpg)" },
    { "test/", "test", "realfake",
      "@/test: has no realfake images; expected files <id>.realfake.webp (or .png, .jpg)" },
    { "test/a.realfake.webp", "test", "realfake",
      "a: no mask; expected @/test/a.mask.webp: all 1 samples (realfake of "
      "test) cannot be used" },
    { "test/", "test", "realfke",
      "unknown image kind 'realfke'; expected original, inpainted, realfake, fakefake, reconstructed, selfconditioned or "
      "exchanged "
      "(did you mean 'realfake'?)" },
    { "test/", "tests", "realfake", "unknown split 'tests'; expected train, validation or test" },
};

Test(datasets, dataset1_lists_folders)
{
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        char got[4000];
        make_folder();
        touch(first[i].files);
        scan(got, sizeof got, "dataset1", (const char *[]){ "root", folder, NULL }, first[i].split, first[i].images);
        cr_expect_str_eq(got, first[i].expected, "case %zu (%s): %s", i, first[i].files, got);
        /* Dataset 2 without its settings is the same */
        scan(got, sizeof got, "dataset2", (const char *[]){ "root", folder, NULL }, first[i].split, first[i].images);
        cr_expect_str_eq(got, first[i].expected, "dataset2, case %zu (%s): %s", i, first[i].files, got);
        remove_folder();
    }
}

Test(datasets, a_root_that_is_none, .init = make_folder, .fini = remove_folder)
{
    char got[4000], path[100];
    snprintf(path, sizeof path, "%s/absent", folder);
    scan(got, sizeof got, "dataset1", (const char *[]){ "root", path, NULL }, "test", "realfake");
    cr_expect_str_eq(got, "@/absent: No such file or directory; expected the folder of a data set");
    touch("absent");
    scan(got, sizeof got, "dataset1", (const char *[]){ "root", path, NULL }, "test", "realfake");
    cr_expect_str_eq(got, "@/absent: is not a folder; expected the folder of a data set");
}

Test(datasets, dataset2_has_an_inpainted_subset, .init = make_folder, .fini = remove_folder)
{
    char got[4000];
    const char *settings[] = { "root", folder, "subset", "inpainted", NULL };
    touch("test/a.realfake.webp test/a.mask.webp test/b.realfake.webp test/b.mask.webp test/b.inpainted.webp "
          "test/c.mask.webp test/d.realfake.webp test/e.inpainted.webp test/e.realfake.webp");
    scan(got, sizeof got, "dataset2", settings, "test", "realfake");
    cr_expect_str_eq(got, "b @/test/b.realfake.webp @/test/b.mask.webp | e: no mask; expected @/test/e.mask.webp");
    scan(got, sizeof got, "dataset2", settings, "test", "inpainted");
    cr_expect_str_eq(got, "b @/test/b.inpainted.webp @/test/b.mask.webp | e: no mask; expected @/test/e.mask.webp");
}

Test(datasets, dataset2_unites_two_roots, .init = make_folder, .fini = remove_folder)
{
    char got[4000], one[100], two[100];
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(two, sizeof two, "%s/two", folder);
    const char *settings[] = { "root", two, "with", one, NULL };
    touch("one/test/a.realfake.webp one/test/a.mask.webp two/test/b.realfake.webp two/test/b.mask.webp "
          "two/test/b.inpainted.webp one/test/x.realfake.webp");
    scan(got, sizeof got, "dataset2", settings, "test", "realfake");
    cr_expect_str_eq(got, "a @/one/test/a.realfake.webp @/one/test/a.mask.webp; b @/two/test/b.realfake.webp "
                          "@/two/test/b.mask.webp | x: no mask; expected @/one/test/x.mask.webp");
    /* Dataset 1 has no inpainted pictures: the union has those of Dataset 2 */
    scan(got, sizeof got, "dataset2", settings, "test", "inpainted");
    cr_expect_str_eq(got, "b @/two/test/b.inpainted.webp @/two/test/b.mask.webp");
    touch("one/test/b.realfake.png one/test/b.mask.png");
    scan(got, sizeof got, "dataset2", settings, "test", "realfake");
    cr_expect_str_eq(
        got, "@/one/test/b.realfake.png and @/two/test/b.realfake.webp have the same id 'b'; ids must be unique "
             "within a split");
    const char *gone[] = { "root", two, "with", folder, NULL };
    scan(got, sizeof got, "dataset2", gone, "test", "realfake");
    cr_expect_str_eq(got, "@: has no folder for the test split; expected @/test");
}
