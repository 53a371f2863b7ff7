/* test_maskers.c - the four maskers against ultralytics, transformers, Pillow and SciPy (data/maskers/make.py). */
#include <string.h>
#include <unistd.h>
#include "base/dependencies.h"
#include "base/sha256.h"
#include "base/text.h"
#include "open.h"
#include "support/figures.h"

#define FILES TEST_DATA "/maskers/"
#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)

static struct opened open_masker(const char *name, const char *const *settings)
{
    il_err e = { 0 };
    struct opened o = open_plugin(IL_KIND_MASKER, name, settings);
    il_torch_threads(1);
    if (o.plugin->load)
        OK(o.plugin->load(o.self, (il_device){ IL_DEVICE_CPU, 0 }, &e));
    return o;
}

static int mask_of(const struct opened *o, const il_image *photo, uint64_t seed, il_image *out, il_rule *rule,
                   il_err *e)
{
    int rc = o->plugin->masker->mask(o->self, photo, seed, out, rule, e);
    if (!rc)
        cr_assert(out->channels == 1 && out->width == photo->width && out->height == photo->height);
    return rc;
}

static il_image blank(int width, int height)
{
    il_image image = { 0 };
    cr_assert_eq(il_image_new(&image, width, height, 3, NULL), IL_OK);
    memset(image.pixels, 90, (size_t)width * (size_t)height * 3);
    return image;
}

static int whole(json_t *figure, const char *key)
{
    return (int)json_integer_value(json_object_get(figure, key));
}

static const char *text_of(json_t *figure, const char *key)
{
    return json_string_value(json_object_get(figure, key));
}

/* A number as a setting; the texts last for the next eight calls. */
static const char *number(json_t *figure, const char *key)
{
    static char texts[8][32];
    static int next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%.10g", json_number_value(json_object_get(figure, key)));
    return text;
}

static il_image photo_of(json_t *figure)
{
    char path[1000];
    il_err e = { 0 };
    il_image whole_photo = { 0 }, photo = { 0 };
    json_t *crop = json_object_get(figure, "crop");
    snprintf(path, sizeof path, SOURCE_DIR "/experiments/quickstart/photos/%s.png", text_of(figure, "photo"));
    OK(il_image_read(&whole_photo, path, &e));
    if (json_is_null(crop))
        return whole_photo;
    int at[4];
    for (size_t i = 0; i < 4; i++)
        at[i] = (int)json_integer_value(json_array_get(crop, i));
    OK(il_image_crop(&photo, &whole_photo, at[0], at[1], at[2], at[3], &e));
    il_image_free(&whole_photo);
    return photo;
}

static void expect_bytes(const il_image *mask, json_t *figure, const char *what)
{
    cr_expect_str_eq(il_sha256(mask->pixels, (size_t)mask->width * (size_t)mask->height).hex, text_of(figure, "mask"),
                     "%s: other bytes", what);
}

static void expect_random_rectangle(const il_image *mask, uint64_t seed)
{
    il_image wanted = { 0 };
    il_err e = { 0 };
    OK(il_image_random_rectangle(&wanted, mask->width, mask->height, 64, seed, &e));
    cr_expect_eq(memcmp(mask->pixels, wanted.pixels, (size_t)mask->width * (size_t)mask->height), 0);
    il_image_free(&wanted);
}

static json_t *figures_of(json_t *root, const char *key, size_t least)
{
    json_t *list = json_object_get(root, key);
    cr_assert_geq(json_array_size(list), least, "%s: too few figures", key);
    return list;
}

/* ---- rectangle ---- */

Test(maskers, rectangle_is_pythons)
{
    struct opened o = open_masker("rectangle", NULL);
    json_t *root = figures_load("image_shapes/figures.json"), *figure;
    size_t i, seen = 0;
    json_array_foreach(figures_of(root, "random", 200), i, figure)
    {
        int64_t n[8];
        for (size_t k = 0; k < 8; k++)
            n[k] = json_integer_value(json_array_get(figure, k));
        if (n[2] != 64)
            continue;
        il_err e = { 0 };
        il_rule rule = { "" };
        il_image photo = blank((int)n[0], (int)n[1]), mask = { 0 };
        OK(mask_of(&o, &photo, (uint64_t)n[3], &mask, &rule, &e));
        cr_assert_str_eq(rule.text, "random rectangle");
        for (int y = 0; y < mask.height; y++)
            for (int x = 0; x < mask.width; x++) {
                int inside = x >= n[4] && y >= n[5] && x <= n[6] && y <= n[7];
                cr_assert_eq(mask.pixels[y * mask.width + x], inside ? 255 : 0, "figure %zu at (%d, %d)", i, x, y);
            }
        seen++;
        il_image_free(&photo);
        il_image_free(&mask);
    }
    cr_assert_geq(seen, 160);
    json_decref(root);
    close_plugin(&o);
}

Test(maskers, rectangle_needs_room)
{
    struct opened o = open_masker("rectangle", (const char *const[]){ "least", "100", NULL });
    il_image photo = blank(300, 199), mask = { 0 };
    il_rule rule = { "" };
    il_err e = { 0 };
    cr_assert_eq(mask_of(&o, &photo, 1, &mask, &rule, &e), IL_EDATA);
    cr_assert_str_eq(e.message, "an image of 300x199 pixels is too small for the random rectangle; expected at least "
                                "200 pixels a side, twice the least side 100");
    cr_assert_null(mask.pixels);
    il_image_free(&photo);
    close_plugin(&o);
}

/* ---- yolov8 ---- */

/* What the rule says of the box. */
struct said {
    int class;
    double confidence, at[4];
};

static struct said parse_box(const char *text)
{
    struct said s = { 0 };
    const char *from = strstr(text, ", class ");
    cr_assert_not_null(from, "%s", text);
    cr_assert_eq(sscanf(from, ", class %d, confidence %lf, at %lf %lf to %lf %lf", &s.class, &s.confidence, &s.at[0],
                        &s.at[1], &s.at[2], &s.at[3]),
                 6, "%s", text);
    return s;
}

static void expect_box(const char *text, json_t *box)
{
    struct said s = parse_box(text);
    cr_expect_eq(s.class, json_integer_value(json_array_get(box, 5)), "%s", text);
    cr_expect_float_eq(s.confidence, json_number_value(json_array_get(box, 4)), 0.00501, "%s", text);
    for (size_t k = 0; k < 4; k++) /* the rule has two decimals */
        cr_expect_float_eq(s.at[k], json_number_value(json_array_get(box, k)), 0.015, "%s: expected %.4f", text,
                           json_number_value(json_array_get(box, k)));
}

static void expect_choice(json_t *figure, const il_image *photo, const il_image *mask, const il_rule *rule)
{
    char which[80];
    json_t *boxes = json_object_get(figure, "boxes");
    size_t count = json_array_size(boxes);
    if (count == 0) {
        cr_expect_str_eq(rule->text, "random rectangle: no box");
        expect_random_rectangle(mask, 77);
        return;
    }
    int at = whole(figure, "chosen");
    if (json_is_true(json_object_get(figure, "last")))
        snprintf(which, sizeof which, "last of %zu box%s, ", count, count == 1 ? "" : "es");
    else
        snprintf(which, sizeof which, "box %d of %zu, ", at + 1, count);
    cr_expect(strncmp(rule->text, which, strlen(which)) == 0, "%s: expected %s", rule->text, which);
    expect_box(rule->text, json_array_get(boxes, (size_t)at));
    expect_bytes(mask, figure, rule->text);
    cr_expect(photo->channels == 3);
}

static struct opened open_yolo(json_t *figure, const char *most, const char *max_det)
{
    return open_masker("yolov8", (const char *const[]){ "file", FILES "yolov8.torchscript", "size", "320", "confidence",
                                                        number(figure, "confidence"), "iou", number(figure, "iou"),
                                                        "most", most, "max_det", max_det, NULL });
}

Test(maskers, yolov8_chooses_as_ultralytics_and_the_paper)
{
    json_t *root = figures_load("maskers/figures.json"), *figure;
    size_t i, seen[3] = { 0 };
    json_array_foreach(figures_of(root, "yolov8", 30), i, figure)
    {
        il_err e = { 0 };
        il_rule rule = { "" };
        il_image photo = photo_of(figure), mask = { 0 };
        struct opened o = open_yolo(figure, number(figure, "most"), "300");
        OK(mask_of(&o, &photo, 77, &mask, &rule, &e));
        expect_choice(figure, &photo, &mask, &rule);
        seen[rule.text[0] == 'r' ? 0 : rule.text[0] == 'l' ? 1 : 2]++;
        il_image_free(&photo);
        il_image_free(&mask);
        close_plugin(&o);
    }
    cr_assert(seen[0] > 3 && seen[1] > 3 && seen[2] > 3, "one kind of rule was hardly tested: %zu %zu %zu", seen[0],
              seen[1], seen[2]);
    json_decref(root);
}

/* With most 0 the last of at most n boxes is taken: all of them appear, in ultralytics' order. */
Test(maskers, yolov8_finds_every_box_of_ultralytics)
{
    json_t *root = figures_load("maskers/figures.json"), *figure;
    size_t i, checked = 0;
    json_array_foreach(figures_of(root, "yolov8", 30), i, figure)
    {
        json_t *boxes = json_object_get(figure, "boxes");
        if (i % 4 != 1) /* one figure per photo */
            continue;
        il_image photo = photo_of(figure);
        size_t step = i % 8 == 1 ? 1 : 4; /* opening takes its time: every photo, but every box of each other one */
        for (size_t n = 0; n < json_array_size(boxes); n += step) {
            char max_det[24];
            il_err e = { 0 };
            il_rule rule = { "" };
            il_image mask = { 0 };
            snprintf(max_det, sizeof max_det, "%zu", n + 1);
            struct opened o = open_yolo(figure, "0", max_det);
            OK(mask_of(&o, &photo, 1, &mask, &rule, &e));
            expect_box(rule.text, json_array_get(boxes, n));
            il_image_free(&mask);
            close_plugin(&o);
            checked++;
        }
        il_image_free(&photo);
    }
    cr_assert_gt(checked, 30);
    json_decref(root);
}

static void expect_refusal(const char *masker, const char *file, const char *size, int code, const char *part)
{
    il_err e = { 0 };
    il_rule rule = { "" };
    il_image photo = blank(512, 384), mask = { 0 };
    const char *const sized[] = { "file", file, "size", size, NULL }, *const plain[] = { "file", file, NULL };
    struct opened o = open_plugin(IL_KIND_MASKER, masker, size ? sized : plain);
    int rc = o.plugin->load(o.self, (il_device){ IL_DEVICE_CPU, 0 }, &e);
    if (!rc)
        rc = mask_of(&o, &photo, 1, &mask, &rule, &e);
    cr_expect_eq(rc, code, "%s: %d (%s)", file, rc, e.message);
    cr_expect(strstr(e.message, part), "%s", e.message);
    cr_expect_null(strchr(e.message, '\n'), "%s", e.message);
    cr_expect_null(mask.pixels);
    il_image_free(&photo);
    il_image_free(&mask);
    close_plugin(&o);
}

Test(maskers, yolov8_refuses)
{
    static const struct {
        const char *file, *size;
        int code;
        const char *part;
    } cases[] = {
        { FILES "absent.pt", "320", IL_EIO, "cannot open " FILES "absent.pt: No such file or directory" },
        { FILES "make.py", "320", IL_EFORMAT, "make.py: is not a TorchScript module" },
        { FILES "yolov8.torchscript", "640", IL_ETORCH, "an image of 640x640 (the setting size must be the export's" },
        { FILES "yolov8_picture.pt", "320", IL_EFORMAT, "a tensor of 4 dimensions and 307200 values, expected one of" },
        { FILES "yolov8_no_class.pt", "320", IL_EFORMAT, "a tensor of 3 dimensions and 80 values, expected one of" },
        { FILES "yolov8_finished.pt", "320", IL_EFORMAT, "returns final boxes (1,300,6); export it without nms" },
        { FILES "yolov8_nan.pt", "320", IL_EFORMAT, "yolov8_nan.pt: returns values that are not finite" },
        { FILES "maskformer_two_inputs.pt", "320", IL_ETORCH, "is missing value for argument 'pixel_mask'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refusal("yolov8", cases[i].file, cases[i].size, cases[i].code, cases[i].part);
}

/* A box in the padding below the picture marks nothing: that is said, and the random rectangle taken. */
Test(maskers, yolov8_empty_box_is_replaced)
{
    il_err e = { 0 };
    il_rule rule = { "" };
    il_image wide = blank(640, 320), tall = blank(200, 640), mask = { 0 };
    struct opened o = open_masker("yolov8",
                                  (const char *const[]){ "file", FILES "yolov8_outside.pt", "size", "320", NULL });
    OK(mask_of(&o, &wide, 5, &mask, &rule, &e));
    cr_expect_str_eq(rule.text, "random rectangle: box 1 of 1 is empty");
    expect_random_rectangle(&mask, 5);
    il_image_free(&mask);
    OK(mask_of(&o, &tall, 5, &mask, &rule, &e));
    cr_expect_str_eq(rule.text, "box 1 of 1, class 0, confidence 0.90, at 60.00 622.00 to 140.00 638.00");
    cr_expect(mask.pixels[630 * 200 + 100] == 255 && mask.pixels[630 * 200 + 141] == 0);
    il_image_free(&mask);
    il_image_free(&wide);
    il_image_free(&tall);
    close_plugin(&o);
}

/* ---- maskformer ---- */

/* The bytes of the figure, or (*near counts them) all but a few pixels of its area: which side of one half a pixel's
 * probability falls on depends on the processor's rounding. */
static void expect_nearly(size_t *near, json_t *figure, const il_image *mask, const char *what)
{
    enum { SLACK = 4 };
    const size_t count = (size_t)mask->width * (size_t)mask->height;
    if (strcmp(il_sha256(mask->pixels, count).hex, text_of(figure, "mask")) == 0)
        return;
    double outside = json_number_value(json_object_get(figure, "outside")) * (double)count;
    for (size_t i = 0; i < count; i++)
        outside -= mask->pixels[i] == 0;
    cr_expect_lt(fabs(outside), SLACK + 0.5, "%s: %g pixels off", what, outside);
    ++*near;
}

static void expect_segment(size_t *near, json_t *figure, const il_image *mask, const il_rule *rule)
{
    char wanted[160];
    json_t *chosen = json_object_get(figure, "chosen");
    if (!chosen) {
        cr_expect_str_eq(rule->text, "random rectangle: no segment");
        expect_random_rectangle(mask, 78);
        return;
    }
    double outside = json_number_value(json_object_get(figure, "outside"));
    if (json_integer_value(chosen) == 0)
        snprintf(wanted, sizeof wanted, "the pixels of none of %d segments, outside %.4f", whole(figure, "segments"),
                 outside);
    else
        snprintf(wanted, sizeof wanted, "segment %d of %d, outside %.4f%s", whole(figure, "chosen"),
                 whole(figure, "segments"), outside,
                 json_is_true(json_object_get(figure, "fits")) ? "" : ", as none is in range");
    cr_expect_str_eq(rule->text, wanted);
    expect_nearly(near, figure, mask, wanted);
}

Test(maskers, maskformer_segments_as_transformers)
{
    json_t *root = figures_load("maskers/figures.json"), *figure;
    size_t i, near = 0, seen[4] = { 0 };
    json_array_foreach(figures_of(root, "maskformer", 100), i, figure)
    {
        char file[1000];
        il_err e = { 0 };
        il_rule rule = { "" };
        il_image photo = photo_of(figure), mask = { 0 };
        snprintf(file, sizeof file, FILES "%s", text_of(figure, "file"));
        struct opened o = open_masker(
            "maskformer", (const char *const[]){ "file", file, "shortest", "96", "longest", "160", "square",
                                                 number(figure, "square"), "threshold", number(figure, "threshold"),
                                                 "outside_least", number(figure, "outside_least"), "outside_most",
                                                 number(figure, "outside_most"), NULL });
        OK(mask_of(&o, &photo, 78, &mask, &rule, &e));
        expect_segment(&near, figure, &mask, &rule);
        seen[rule.text[0] == 'r' ? 0 : rule.text[0] == 't' ? 1 : strstr(rule.text, "as none") ? 2 : 3]++;
        il_image_free(&photo);
        il_image_free(&mask);
        close_plugin(&o);
    }
    for (size_t k = 0; k < 4; k++)
        cr_expect_gt(seen[k], 5, "rule %zu was hardly tested", k);
    cr_expect_lt(near, 8, "%zu masks have other bytes", near);
    json_decref(root);
}

Test(maskers, maskformer_refuses)
{
    static const struct {
        const char *file;
        int code;
        const char *part;
    } cases[] = {
        { FILES "absent.pt", IL_EIO, "cannot open " FILES "absent.pt: No such file or directory" },
        { FILES "figures.json", IL_EFORMAT, "figures.json: is not a TorchScript module" },
        { FILES "maskformer_three_inputs.pt", IL_EFORMAT, "forward takes 3 inputs, expected pixel_values" },
        { FILES "maskformer_one.pt", IL_ETORCH, "gives a list of 1, expected \"masks_queries_logits\" as number 2" },
        { FILES "maskformer_queries.pt", IL_EFORMAT, "expected class logits of shape (1, queries, classes + 1)" },
        { FILES "maskformer_flat.pt", IL_EFORMAT, "gives tensors of 3 and 3 dimensions" },
        { FILES "maskformer_nan_class.pt", IL_EFORMAT, "returns values that are not finite in the class logits" },
        { FILES "maskformer_nan_mask.pt", IL_EFORMAT, "returns values that are not finite in the mask of query 0" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refusal("maskformer", cases[i].file, NULL, cases[i].code, cases[i].part);
}

/* ---- irregular ---- */

Test(maskers, irregular_is_pillows_and_scipys)
{
    json_t *root = figures_load("maskers/figures.json"), *figure;
    size_t i;
    json_array_foreach(figures_of(root, "irregular", 40), i, figure)
    {
        il_err e = { 0 };
        il_rule rule = { "" };
        il_image photo = blank(whole(figure, "width"), whole(figure, "height")), mask = { 0 };
        struct opened o = open_masker("irregular", (const char *const[]){ "root", FILES "scribbles", "maximum",
                                                                          number(figure, "maximum"), NULL });
        OK(mask_of(&o, &photo, (uint64_t)whole(figure, "seed"), &mask, &rule, &e));
        cr_expect_str_eq(rule.text, text_of(figure, "file"));
        expect_bytes(&mask, figure, rule.text);
        il_image_free(&photo);
        il_image_free(&mask);
        close_plugin(&o);
    }
    json_decref(root);
}

Test(maskers, irregular_names_its_files)
{
    static const char *const names[] = { "C.PNG", "a.jpg", "b.png", "d.jpeg" };
    struct opened o = open_masker("irregular", (const char *const[]){ "root", FILES "scribbles", NULL });
    il_uses uses = { 0 };
    il_err e = { 0 };
    OK(o.plugin->uses(o.self, &uses, &e));
    cr_assert_eq(uses.count, 4);
    for (size_t i = 0; i < 4; i++) {
        char path[1000];
        snprintf(path, sizeof path, FILES "scribbles/%s", names[i]);
        cr_expect_str_eq(uses.paths[i], path);
    }
    il_uses_clear(&uses);
    close_plugin(&o);
}

static void refuse_to_open(const char *const settings[5], int code, const char *part)
{
    il_err e = { 0 };
    il_params *p = NULL;
    il_registry *r = NULL;
    const il_plugin *plugin = NULL;
    void *self = NULL;
    OK(il_registry_open(&r, &e));
    OK(il_registry_find(&plugin, r, IL_KIND_MASKER, "irregular", &e));
    OK(il_params_new(&p, plugin->params, &e));
    for (; settings[0]; settings += 2)
        OK(il_params_set(p, settings[0], settings[1], &e));
    cr_expect_eq(plugin->open(&self, p, &e), code, "%s", e.message);
    cr_expect(strstr(e.message, part), "%s", e.message);
    cr_expect_null(self);
    il_params_free(p);
    il_registry_free(r);
}

Test(maskers, irregular_refuses)
{
    char folder[] = "/tmp/inpaintlab-maskers-XXXXXX", file[100];
    cr_assert_not_null(mkdtemp(folder));
    refuse_to_open((const char *const[5]){ "root", FILES "absent" }, IL_EIO, "absent: No such file or directory");
    refuse_to_open((const char *const[5]){ "root", FILES "make.py" }, IL_EIO, "make.py: Not a directory");
    refuse_to_open((const char *const[5]){ "root", folder }, IL_EDATA, "contains no mask image; expected .png or .jpg");
    refuse_to_open((const char *const[5]){ "root", FILES "scribbles", "maximum", "14" }, IL_EPARAM, "14 is even");
    il_err e = { 0 };
    il_rule rule = { "" };
    il_image white = blank(40, 30), mask = { 0 };
    memset(white.pixels, 255, 3600);
    snprintf(file, sizeof file, "%s/white.png", folder);
    OK(il_image_write(&white, file, &e));
    struct opened o = open_masker("irregular", (const char *const[]){ "root", folder, NULL });
    cr_expect_eq(mask_of(&o, &white, 1, &mask, &rule, &e), IL_EDATA);
    cr_expect(strstr(e.message, "white.png: is entirely white"), "%s", e.message);
    FILE *f = fopen(file, "w");
    cr_assert(f && fputs("no picture", f) >= 0 && fclose(f) == 0);
    cr_expect_eq(mask_of(&o, &white, 1, &mask, &rule, &e), IL_EFORMAT, "%s", e.message);
    cr_expect(strstr(e.message, "white.png: not a supported image"), "%s", e.message);
    cr_expect_null(mask.pixels);
    il_image_free(&white);
    close_plugin(&o);
    unlink(file);
    rmdir(folder);
}
