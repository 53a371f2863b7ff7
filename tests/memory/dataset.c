/* dataset.c - data sets that are listed and checked, their manifests, and recipes that are read and made ready. */
#include "base/dependencies.h"
#include "dataset/check.h"
#include "dataset/made.h"
#include "dataset/photos.h"
#include "dataset/recipe.h"
#include "dataset/splits.h"
#include "memory/failing.h"
#include "plugin/items.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void prepare_data(const char *folder)
{
    snprintf(made_folder, sizeof made_folder, "%s", folder);
    made_sample("train", "a", 1);
    made_sample("train", "b", 2);
    made_sample("test", "c", 2); /* the same photo */
    made_write("test/d.realfake.webp", made_photo(32, 24, 9));
    made_text("train/odd.name.txt", "no picture");
    made_text("train/e.original.webp", "damaged");
    made_text("manifest.jsonl",
              "{\"id\": \"a\", \"split\": \"train\", \"photo\": \"x/1.jpg\", \"photo_sha256\": \"" A64
              "\", \"tile\": -1, \"seed\": \"7\", "
              "\"masker\": \"rectangle\", \"rule\": \"r\", \"area\": 0.5, \"core\": 0.25, \"prompt\": \"a \\u00e4\", "
              "\"inpainted_by\": \"small\", \"inpainted_sha256\": \"" A64
              "\", \"settings\": {\"b\": 1, \"a\": [true, null]}, "
              "\"sha256\": {\"mask\": \"" A64 "\"}}\n"
              "{\"id\": \"c\", \"split\": \"test\", \"photo\": \"x/1.jpg\", \"photo_sha256\": \"" A64
              "\", \"tile\": -1, \"seed\": \"8\", "
              "\"area\": 0.5, \"core\": 0.25, \"sha256\": {}}\n");
}

/* What a check prints names the folder, which differs. */
static int check(FILE *out, const char *folder, bool fast, bool json, il_err *e)
{
    il_check c = { 0 };
    int rc = il_check_run(&c, (il_check_opts){ .path = folder, .as = "dataset1", .fast = fast, .threads = 1 },
                          &(il_observer){ 0 }, e);
    if (rc)
        return rc;
    if (json)
        rc = il_check_json(out, &c, e);
    else
        il_check_print(out, &c, 5);
    il_check_free(&c);
    return rc;
}

static int check_all(const char *folder, FILE *out, il_err *e)
{
    return check(out, folder, false, false, e);
}

static int check_fast(const char *folder, FILE *out, il_err *e)
{
    return check(out, folder, true, true, e);
}

/* ---- IMDL-BenCo's layouts ---- */

static void prepare_pairs(const char *folder)
{
    snprintf(made_folder, sizeof made_folder, "%s", folder);
    made_write("Tp/a.png", made_photo(32, 24, 1));
    made_write("Gt/a_gt.png", made_mask(32, 24));
    made_write("Tp/b.png", made_photo(32, 24, 2));
    made_write("Gt/b.png", made_mask(32, 24));
    made_write("Tp/alone.png", made_photo(32, 24, 3));
    made_text("list.json",
              "[[\"Tp/a.png\", \"Gt/a_gt.png\"], [\"Tp/b.png\", \"Negative\"], [\"Tp/none.png\", \"Negative\"]]");
}

static int listings(const char *folder, FILE *out, il_err *e)
{
    const char *const paths[] = { folder, failing_path(folder, "list.json"), failing_path(folder, "Gt/none") };
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < 3; i++) {
        il_listing l = { 0 };
        rc = il_listing_open(&l, paths[i], e);
        for (size_t k = 0; !rc && k < l.count; k++) {
            char *name = il_listing_name(&l, k);
            rc = name ? IL_OK : il_fail_oom(e);
            fprintf(out, "%s %d\n", name ? name : "", l.list[k].split);
            free(name);
        }
        for (size_t k = 0; !rc && k < l.trouble_count; k++)
            fprintf(out, "%s: %s\n", l.troubles[k].where, l.troubles[k].why);
        if (rc && rc != IL_ENOMEM) {
            fprintf(out, "%s\n", e->message);
            rc = IL_OK;
        }
        il_listing_free(&l);
    }
    return rc;
}

/* ---- manifests ---- */

static int manifest(const char *folder, FILE *out, il_err *e)
{
    il_manifest m = { 0 }, back = { 0 };
    int rc = il_manifest_read(&m, failing_path(folder, "manifest.jsonl"), 1, e);
    if (!rc)
        rc = il_manifest_write(&m, failing_path(folder, "copy.jsonl"), e);
    if (!rc)
        rc = il_manifest_read(&back, failing_path(folder, "copy.jsonl"), 1, e);
    for (size_t i = 0; !rc && i < back.count; i++) {
        char *line = il_manifest_line(&back.list[i]);
        rc = line ? IL_OK : il_fail_oom(e);
        fprintf(out, "%s", line ? line : "");
        free(line);
    }
    il_manifest_free(&back);
    il_manifest_free(&m);
    return rc;
}

/* ---- recipes ---- */

static void prepare_recipe(const char *folder)
{
    char text[2000];
    snprintf(made_folder, sizeof made_folder, "%s", folder);
    for (int i = 0; i < 4; i++) {
        char name[40];
        snprintf(name, sizeof name, "photos/p%d.png", i);
        made_write(name, made_photo(80, 72, (uint64_t)i + 1));
    }
    made_text("photos/p0.txt", "a caption");
    made_text("photos/p1.json", "{\"caption\": \"another\"}");
    made_text("captions.json",
              "{\"images\": [{\"id\": 1, \"file_name\": \"p0.png\"}, {\"id\": 2, \"file_name\": \"p2.png\"}], "
              "\"annotations\": [{\"image_id\": 1, \"id\": 1, \"caption\": \"one\"}, "
              "{\"image_id\": 2, \"id\": 2, \"caption\": \"two\"}]}");
    snprintf(text, sizeof text,
             "recipe: test\ntitle: A test\nphotos: {root: %s/photos, size: 64}\n"
             "splits: {train: 0.5, validation: 0.25, test: 0.25}\n"
             "maskers: [{name: rectangle, least: 16, share: 2}, {name: specks}]\n"
             "inpaint: {name: small, weights: %s/generator-nearest.safetensors}\nblur: 1\n",
             folder, TEST_DATA);
    made_text("r.yaml", text);
    snprintf(text, sizeof text,
             "recipe: test\nphotos: {root: %s/photos, size: 64, captions: %s/captions.json, fit: tiles}\n"
             "splits: {train: 2}\nmaskers: rectangle\npictures: [original, mask, fakefake]\n"
             "reconstruct: [{name: small, weights: %s/generator-nearest.safetensors}]\n",
             folder, folder, TEST_DATA);
    made_text("captions.yaml", text);
}

static int recipe(FILE *out, const char *path, const char *split, il_err *e)
{
    il_recipe *r = NULL;
    il_items *items = NULL;
    il_uses uses = { 0 };
    int rc = il_recipe_open(&r, path, e);
    if (!rc)
        rc = il_items_new(&items, e);
    if (!rc)
        rc = il_recipe_scan(r, "", split, items, e);
    if (!rc)
        rc = il_recipe_uses(r, &uses, e);
    for (size_t i = 0; !rc && i < items->count; i++)
        fprintf(out, "%s\n", items->list[i].id);
    for (size_t i = 0; !rc && i < r->nprompts; i++)
        fprintf(out, "%s\n", r->prompts[i].text);
    if (!rc)
        fprintf(out, "%s %zu %s\n", r->title, uses.count, uses.notes.data);
    il_uses_clear(&uses);
    il_items_free(items);
    il_recipe_free(r);
    return rc;
}

/* What was seen in the photos may be forgotten, not more. */
static int recipes(const char *folder, FILE *out, il_err *e)
{
    int rc = recipe(out, failing_path(folder, "r.yaml"), "train", e);
    if (!rc)
        rc = recipe(out, failing_path(folder, "r.yaml"), "test", e);
    return rc ? rc : recipe(out, failing_path(folder, "captions.yaml"), "train", e);
}

static int recipes_refused(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    static const char *const texts[] = {
        "recipe: test\nphotos: {root: /tmp, fit: crpo}\nsplits: {train: 1}\nmaskers: rectangle\ninpaint: small\n",
        "recipe: test\nphotos: {root: /tmp}\nsplits: {train: 1}\nmaskers: rectangel\ninpaint: small\n",
        "recipe: test\nfotos: {root: /tmp}\nsplits: {train: 1}\nmaskers: rectangle\ninpaint: small\n",
        "recipe: test\nphotos: {root: /tmp}\nsplits: {train: 1}\nmaskers: {name: rectangle, least: much}\ninpaint: small\n",
    };
    char path[300];
    snprintf(path, sizeof path, "%s", failing_path(folder, "bad.yaml"));
    int rc = IL_OK;
    for (size_t i = 0; !rc && i < sizeof texts / sizeof *texts; i++) {
        il_recipe *r = NULL;
        FILE *f = fopen(path, "w");
        fputs(texts[i], f);
        fclose(f);
        rc = il_recipe_open(&r, path, e);
        if (rc && rc != IL_ENOMEM) {
            fprintf(out, "%s\n", e->message + strlen(path));
            rc = IL_OK;
        }
        il_recipe_free(r);
    }
    return rc;
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "check", .run = check_all, .prepare = prepare_data },
        { .name = "check fast", .run = check_fast, .prepare = prepare_data },
        { .name = "list", .run = listings, .prepare = prepare_pairs },
        { .name = "manifest", .run = manifest, .prepare = prepare_data },
        { .name = "recipe", .run = recipes, .prepare = prepare_recipe },
        { .name = "recipe refused", .run = recipes_refused },
    };
    setenv("XDG_CACHE_HOME", "/nonexistent", 1);
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
