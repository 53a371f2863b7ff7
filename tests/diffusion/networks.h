/* networks.h - what the tests of the diffusion networks share: the small models, their figures, and edited copies. */
#ifndef NETWORKS_H
#define NETWORKS_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/diffusion.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)

static const char *const kinds[] = { "sd15-small", "sd2-small" };
enum { KINDS = 2 };

static const il_network_opts in_f32 = { .size = sizeof(il_network_opts), .dtype = IL_DTYPE_F32 };

typedef struct path {
    char text[600];
} path;

static inline path data_path(const char *kind, const char *rest)
{
    path p;
    snprintf(p.text, sizeof p.text, "%s/diffusion/%s/%s", TEST_DATA, kind, rest);
    return p;
}

static inline il_bundle *read_bundle(const char *file)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    OK(il_bundle_read(&b, file, &e));
    return b;
}

static inline il_scope *open_scope(void)
{
    il_err e = { 0 };
    il_scope *s = NULL;
    OK(il_scope_open(&s, NULL, &e));
    return s;
}

/* A figure, "unet.%s.x" with the name of a case. */
static inline const il_tensor *figure(const il_bundle *b, const char *format, const char *name)
{
    char key[100];
    snprintf(key, sizeof key, "%.*s%s%s", (int)strcspn(format, "%"), format, name, strchr(format, '%') + 2);
    const il_tensor *t = il_bundle_find(b, key);
    cr_assert_not_null(t, "figures lack %s", key);
    return t;
}

/* A copy of a figure as input. */
static inline il_tensor *input(il_scope *s, const il_bundle *b, const char *format, const char *name)
{
    const il_tensor *t = figure(b, format, name);
    int64_t shape[4];
    il_err e = { 0 };
    for (int i = 0; i < il_ndim(t); i++)
        shape[i] = il_dim(t, i);
    il_tensor *x = il_full(s, 0, il_dtype_of(t), il_ndim(t), shape);
    OK(il_scope_status(s, &e));
    OK(il_copy(x, t, &e));
    return x;
}

/* Greatest absolute difference; the shapes must be equal and got float32. */
static inline double difference(const il_scope *s, const il_tensor *got, const il_tensor *want)
{
    il_err e = { 0 };
    OK(il_scope_status(s, &e));
    cr_assert_not_null(got);
    cr_assert_eq(il_dtype_of(got), IL_DTYPE_F32);
    cr_assert_eq(il_ndim(got), il_ndim(want));
    for (int i = 0; i < il_ndim(got); i++)
        cr_assert_eq(il_dim(got, i), il_dim(want, i), "size %d is %lld, not %lld", i, (long long)il_dim(got, i),
                     (long long)il_dim(want, i));
    size_t count = (size_t)il_numel(got);
    float *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b);
    cr_assert(a && b && count > 0);
    OK(il_read_f32(got, a, count, &e));
    OK(il_read_f32(want, b, count, &e));
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        cr_assert(isfinite(a[i]), "element %zu is %g", i, (double)a[i]);
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    }
    free(a);
    free(b);
    return most;
}

#define WITHIN(limit, s, got, want, ...)                                                                               \
    do {                                                                                                               \
        double most_ = difference(s, got, want);                                                                       \
        cr_log_info("%s %s: greatest difference %.2g", __VA_ARGS__, most_);                                            \
        cr_assert_leq(most_, limit, "%s %s: greatest difference %g", __VA_ARGS__, most_);                              \
    } while (0)

/* ---- edited copies ---- */

static inline path temp_folder(void)
{
    path p;
    snprintf(p.text, sizeof p.text, "%s/networks-XXXXXX", BUILD_DIR);
    cr_assert_not_null(mkdtemp(p.text));
    return p;
}

static inline path in_folder(const path *folder, const char *name)
{
    path p;
    cr_assert_lt(snprintf(p.text, sizeof p.text, "%s/%s", folder->text, name), (int)sizeof p.text);
    return p;
}

static inline void remove_folder(const path *folder)
{
    DIR *d = opendir(folder->text);
    cr_assert_not_null(d);
    for (struct dirent *x; (x = readdir(d));)
        unlink(in_folder(folder, x->d_name).text); /* . and .. stay */
    closedir(d);
    rmdir(folder->text);
}

static inline void write_text(const char *file, const char *text)
{
    FILE *f = fopen(file, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

/* Copies config.json with one key set to a JSON value; value NULL: removed; key NULL: nothing changed. */
static inline void edit_config(const path *folder, const char *from, const char *key, const char *value)
{
    char file[700];
    snprintf(file, sizeof file, "%s/config.json", from);
    json_t *root = json_load_file(file, 0, NULL);
    cr_assert_not_null(root);
    if (key && value) {
        json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
        cr_assert_not_null(v, "%s", value);
        json_object_set_new(root, key, v);
    } else if (key) {
        json_object_del(root, key);
    }
    cr_assert_eq(json_dump_file(root, in_folder(folder, "config.json").text, 0), 0);
    json_decref(root);
}

/* Adds tensor i of `from` to `to` under another name and shape. */
static inline void add_as(il_bundle *to, const il_bundle *from, size_t i, const char *name, int ndim,
                          const int64_t *shape)
{
    il_err e = { 0 };
    const il_tensor *t = il_bundle_at(from, i);
    size_t bytes = (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
    void *data = malloc(bytes + 1);
    cr_assert_not_null(data);
    OK(il_read_bytes(t, data, bytes, &e));
    OK(il_bundle_add_bytes(to, name, il_dtype_of(t), ndim, shape, data, &e));
    free(data);
}

static inline void add_same(il_bundle *to, const il_bundle *from, size_t i)
{
    il_err e = { 0 };
    OK(il_bundle_add(to, il_bundle_name(from, i), il_bundle_at(from, i), &e));
}

static inline il_bundle *new_bundle(void)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    OK(il_bundle_new(&b, &e));
    return b;
}

static inline void write_bundle(il_bundle *b, const path *folder, const char *name)
{
    il_err e = { 0 };
    OK(il_bundle_write(b, in_folder(folder, name).text, &e));
    il_bundle_free(b);
}

/* The message must hold `part` and be one line. */
static inline void expect_message(int rc, int code, const il_err *e, const char *part)
{
    cr_assert_eq(rc, code, "code %d, expected %d: %s", rc, code, e->message);
    cr_assert_not_null(strstr(e->message, part), "'%s' does not hold '%s'", e->message, part);
    cr_assert_null(strchr(e->message, '\n'), "%s", e->message);
}

static inline int64_t full_count(const char *key)
{
    json_t *root = json_load_file(data_path("full", "counts.json").text, 0, NULL);
    int64_t count = json_integer_value(json_object_get(root, key));
    cr_assert_gt(count, 0, "counts.json lacks %s", key);
    json_decref(root);
    return count;
}

#endif
