#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/state.h>
#include <inpaintlab/weights.h>
#include "base/sha256.h"
#include "support/figures.h"
#include "torch/bundle.h"

#define OK(call) cr_assert_eq((call), IL_OK, "%s", e.message)

static char folder[200];

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s/bundle-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
}

static void tear_down(void)
{
    cr_assert_eq(rmdir(folder), 0, "files were left behind in %s", folder);
}

static const char *path_of(char out[300], const char *name)
{
    snprintf(out, 300, "%s/%s", folder, name);
    return out;
}

/* ---- what PyTorch and safetensors wrote (make_weight_files.py) ---- */

static void expect(const il_bundle *b, const char *name, il_dtype dtype, int ndim, const int64_t *shape,
                   const float *values)
{
    il_err e = { 0 };
    float got[24];
    const il_tensor *t = il_bundle_find(b, name);
    cr_assert_not_null(t, "%s is absent", name);
    cr_assert_eq(il_dtype_of(t), dtype, "%s: type %d", name, (int)il_dtype_of(t));
    cr_assert_eq(il_ndim(t), ndim, "%s", name);
    for (int i = 0; i < ndim; i++)
        cr_assert_eq(il_dim(t, i), shape[i], "%s", name);
    OK(il_read_f32(t, got, (size_t)il_numel(t), &e));
    for (int64_t i = 0; i < il_numel(t); i++)
        cr_assert_eq(got[i], values[i], "%s: element %lld is %g, expected %g", name, (long long)i, (double)got[i],
                     (double)values[i]);
}

/* The tensors of make_weight_files.py's state(). */
static void expect_state(const il_bundle *b)
{
    float plain[24], columns[24], slice[6];
    for (int i = 0; i < 24; i++) {
        plain[i] = (float)i / 8 - 1;
        columns[i % 6 * 4 + i / 6] = plain[i];
    }
    for (int i = 0; i < 6; i++)
        slice[i] = plain[(1 + i / 3) * 6 + 2 + i % 3];
    expect(b, "plain", IL_DTYPE_F32, 2, (int64_t[]){ 4, 6 }, plain);
    expect(b, "columns", IL_DTYPE_F32, 2, (int64_t[]){ 6, 4 }, columns);
    expect(b, "slice", IL_DTYPE_F32, 2, (int64_t[]){ 2, 3 }, slice);
    expect(b, "tied", IL_DTYPE_F32, 2, (int64_t[]){ 4, 6 }, plain);
    expect(b, "tracked", IL_DTYPE_I64, 0, NULL, (float[]){ 7 });
    expect(b, "empty", IL_DTYPE_F32, 2, (int64_t[]){ 0, 3 }, NULL);
    expect(b, "parameter", IL_DTYPE_F32, 1, (int64_t[]){ 2 }, (float[]){ 0.1f, -0.2f });
    expect(b, "half", IL_DTYPE_F16, 1, (int64_t[]){ 2 }, (float[]){ 1.5f, -2.25f });
    expect(b, "brain", IL_DTYPE_BF16, 1, (int64_t[]){ 3 }, (float[]){ 1.5f, -2.25f, 3 });
    expect(b, "double", IL_DTYPE_F64, 2, (int64_t[]){ 1, 1 }, (float[]){ 1e-3f });
    expect(b, "bytes", IL_DTYPE_U8, 1, (int64_t[]){ 3 }, (float[]){ 0, 127, 255 });
}

Test(bundle, reads_what_python_wrote)
{
    static const char *const files[] = { "python.safetensors", "zip.pth",        "legacy.pth",
                                         "dict.pth",           "checkpoint.pth", "checkpoint_legacy.pth",
                                         "unchecked.pth" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[300];
        il_err e = { 0 };
        il_bundle *b = NULL;
        snprintf(path, sizeof path, TEST_DATA "/weights/%s", files[i]);
        OK(il_bundle_read(&b, path, &e));
        cr_assert_eq(il_bundle_count(b), 11, "%s: %zu tensors", files[i], il_bundle_count(b));
        if (i > 0)
            cr_assert_str_eq(il_bundle_name(b, 1), "columns"); /* safetensors sorts */
        expect_state(b);
        il_bundle_free(b);
    }
}

Test(bundle, notes_of_python)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    OK(il_bundle_read(&b, TEST_DATA "/weights/python.safetensors", &e));
    cr_assert_str_eq(il_bundle_noted(b, "by"), "safetensors");
    cr_assert_null(il_bundle_noted(b, "until"));
    il_bundle_free(b);
}

Test(bundle, refused_files)
{
    static const struct {
        const char *file;
        int code;
        const char *message; /* after the path; NULL: cannot be opened */
    } cases[] = {
        { "absent.pth", IL_EIO, NULL },
        { ".", IL_EIO, "is a folder; expected a regular file" },
        { "../make_weight_files.py", IL_EFORMAT, "is neither safetensors nor a PyTorch state dict" },
        { "whole.pth", IL_EFORMAT,
          "holds a whole pickled object (torch.nn.modules.container.Sequential), not a state "
          "dict; save model.state_dict()" },
        { "whole_inside.pth", IL_EFORMAT,
          "holds a whole pickled object (torch.nn.modules.linear.Linear), not a state "
          "dict; save model.state_dict()" },
        { "not_only_tensors.pth", IL_EFORMAT, "entry 'epoch' is not a tensor; save model.state_dict()" },
        { "one_tensor.pth", IL_EFORMAT, "holds a single tensor, not a state dict" },
        { "list.pth", IL_EFORMAT, "holds no dict of tensors; save model.state_dict()" },
        { "script_pair.pt", IL_EFORMAT, "is a TorchScript module, not a state dict; save model.state_dict()" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        il_err e = { 0 };
        il_bundle *b = NULL;
        char path[300], message[600];
        snprintf(path, sizeof path, TEST_DATA "/weights/%s", cases[i].file);
        if (cases[i].message)
            snprintf(message, sizeof message, "%s: %s", path, cases[i].message);
        else
            snprintf(message, sizeof message, "cannot open %s: No such file or directory", path);
        cr_assert_eq(il_bundle_read(&b, path, &e), cases[i].code, "%s: %s", path, e.message);
        cr_assert_str_eq(e.message, message);
        cr_assert_null(b);
    }
}

/* Whole numbers of other types than the tensors have are kept, as longer ones. */
Test(bundle, whole_numbers_are_widened)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    int64_t got[6];
    const int16_t shorts[] = { 0, 1, -1, 300, INT16_MIN, INT16_MAX };
    const uint32_t words[] = { 0, 1, UINT32_MAX, 300, 1u << 31, 7 };
    cr_assert_eq(il_bundle_read(&b, TEST_DATA "/weights/int32.pth", &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_dtype_of(il_bundle_find(b, "a")), IL_DTYPE_I64);
    cr_assert_eq(il_read_i64(il_bundle_find(b, "a"), got, 2, &e), IL_OK, "%s", e.message);
    cr_assert(got[0] == 1 && got[1] == 1);
    il_bundle_free(b);
    il_bundle_widen(got, shorts, 6, -2);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(got[i], shorts[i], "%d", i);
    il_bundle_widen(got, words, 6, 4);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(got[i], words[i], "%d", i);
}

/* ---- writing ---- */

static il_bundle *sample(void)
{
    il_err e = { 0 };
    il_bundle *b = NULL;
    float numbers[] = { 1.5f, -2, 3 };
    int64_t count = 7;
    OK(il_bundle_new(&b, &e));
    OK(il_bundle_add_bytes(b, "bytes", IL_DTYPE_U8, 1, (int64_t[]){ 3 }, "abc", &e)); /* would misalign what follows */
    OK(il_bundle_add_bytes(b, "w", IL_DTYPE_F32, 2, (int64_t[]){ 1, 3 }, numbers, &e));
    OK(il_bundle_add_bytes(b, "count", IL_DTYPE_I64, 0, NULL, &count, &e));
    OK(il_bundle_add_bytes(b, "empty", IL_DTYPE_F16, 1, (int64_t[]){ 0 }, NULL, &e));
    OK(il_bundle_note(b, "key", "first", &e));
    OK(il_bundle_note(b, "key", "t\xC3\xA9xt \"quoted\"\n", &e));
    return b;
}

Test(bundle, written_files_read_back, .init = set_up, .fini = tear_down)
{
    char path[300];
    il_err e = { 0 };
    il_bundle *b = sample(), *back = NULL;
    path_of(path, "a.safetensors");
    OK(il_bundle_write(b, path, &e));
    OK(il_bundle_write(b, path, &e)); /* replaces */
    OK(il_bundle_read(&back, path, &e));
    cr_assert_eq(il_bundle_count(back), 4);
    for (size_t i = 0; i < 4; i++)
        cr_assert_str_eq(il_bundle_name(back, i), il_bundle_name(b, i));
    expect(back, "bytes", IL_DTYPE_U8, 1, (int64_t[]){ 3 }, (float[]){ 97, 98, 99 });
    expect(back, "w", IL_DTYPE_F32, 2, (int64_t[]){ 1, 3 }, (float[]){ 1.5f, -2, 3 });
    expect(back, "count", IL_DTYPE_I64, 0, NULL, (float[]){ 7 });
    expect(back, "empty", IL_DTYPE_F16, 1, (int64_t[]){ 0 }, NULL);
    cr_assert_str_eq(il_bundle_noted(back, "key"), "t\xC3\xA9xt \"quoted\"\n");
    il_bundle_free(b);
    il_bundle_free(back);
    cr_assert_eq(unlink(path), 0);
}

/* The layout that the format asks for, byte by byte. */
Test(bundle, written_bytes, .init = set_up, .fini = tear_down)
{
    static const char header[] = "{\"bytes\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]},"
                                 "\"w\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}      ";
    char path[300], got[400];
    float one = 1;
    il_err e = { 0 };
    il_bundle *b = NULL;
    OK(il_bundle_new(&b, &e));
    OK(il_bundle_add_bytes(b, "bytes", IL_DTYPE_U8, 1, (int64_t[]){ 2 }, "ab", &e));
    OK(il_bundle_add_bytes(b, "w", IL_DTYPE_F32, 0, NULL, &one, &e));
    OK(il_bundle_write(b, path_of(path, "b.safetensors"), &e));
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f);
    size_t n = fread(got, 1, sizeof got, f), length = (unsigned char)got[0];
    fclose(f);
    cr_assert_eq(length % 8, 0);
    cr_assert_eq(n, 8 + length + 6);
    cr_assert_eq(strncmp(got + 8, header, length), 0, "%.*s", (int)length, got + 8);
    cr_assert_eq(memcmp(got + 8 + length,
                        "\0\0\x80\x3F"
                        "ab",
                        6),
                 0);
    il_bundle_free(b);
    cr_assert_eq(unlink(path), 0);
}

Test(bundle, what_cannot_be_written_leaves_nothing, .init = set_up, .fini = tear_down)
{
    char path[300], message[600];
    il_err e = { 0 };
    il_bundle *b = sample();
    path_of(path, "none/a.safetensors");
    cr_assert_eq(il_bundle_write(b, path, &e), IL_EIO);
    snprintf(message, sizeof message, "cannot create %s: No such file or directory", path);
    cr_assert_str_eq(e.message, message);
    path_of(path, "a");
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(il_bundle_write(b, path, &e), IL_EIO);
    snprintf(message, sizeof message, "%s: cannot write the file: Is a directory", path);
    cr_assert_str_eq(e.message, message);
    cr_assert_eq(rmdir(path), 0);
    OK(il_bundle_note(b, "bad", "\xFF", &e));
    cr_assert_eq(il_bundle_write(b, path, &e), IL_EPARAM);
    il_bundle_free(b);
}

Test(bundle, names_are_unique)
{
    il_err e = { 0 };
    il_bundle *b = sample();
    cr_assert_eq(il_bundle_add_bytes(b, "w", IL_DTYPE_U8, 0, NULL, "a", &e), IL_EPARAM);
    cr_assert_str_eq(e.message, "tensor w: this name exists already");
    cr_assert_eq(il_bundle_add_bytes(b, "__metadata__", IL_DTYPE_U8, 0, NULL, "a", &e), IL_EPARAM);
    cr_assert_eq(il_bundle_count(b), 4);
    il_bundle_free(b);
    il_bundle_free(NULL);
}

/* ---- broken safetensors ---- */

#define W "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

static void write_raw(const char *path, uint64_t length, const char *header, size_t data)
{
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f);
    for (int i = 0; i < 8; i++)
        fputc((int)(length >> (8 * i) & 0xFF), f);
    fputs(header, f);
    for (size_t i = 0; i < data; i++)
        fputc(0, f);
    cr_assert_eq(fclose(f), 0);
}

Test(bundle, broken_safetensors, .init = set_up, .fini = tear_down)
{
    static const struct {
        uint64_t length; /* 0: the header's */
        const char *header;
        size_t data;
        const char *message; /* NULL: it is good */
    } cases[] = {
        { 0, "{" W "}", 8, NULL },
        { 0, "{" W "}    ", 8, NULL },
        { 0, "{}", 0, NULL },
        { 9999, "{" W "}", 8, "the safetensors header claims 9999 bytes, the file has 70 (is it cut off?)" },
        { UINT64_MAX, "{" W "}", 8,
          "the safetensors header claims 18446744073709551615 bytes, the file has 70 (is it cut off?)" },
        { 0, "{" W "", 8, "the safetensors header is not valid JSON: '}' expected near end of file" },
        { 0, "{" W "," W "}", 16, "the safetensors header is not valid JSON: duplicate object key near '\"w\"'" },
        { 0, "{" W "}", 7, "tensor w: ends at byte 8 of the data, which has 7 (is the file cut off?)" },
        { 0, "{" W "}", 9, "has 1 bytes that belong to no tensor" },
        { 0, "{" W ",\"v\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[7,9]}}", 9,
          "tensor v: its data overlap another tensor's" },
        { 0, "{" W ",\"v\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[9,11]}}", 11,
          "tensor v: its data follow a gap" },
        { 0, "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8,
          "tensor w: has dtype F8_E4M3; supported are F32, F64, F16, BF16, whole numbers and BOOL" },
        { 0, "{\"w\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "tensor w: has no dtype" },
        { 0, "{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
          "tensor w: has 8 bytes, but its shape and dtype need 12" },
        { 0, "{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8,
          "tensor w: has a shape with sizes that are not whole numbers of at least 0" },
        { 0, "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
          "tensor w: has a shape that is too large" },
        { 0, "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
          "tensor w: has no valid data_offsets" },
        { 0, "{\"w\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8,
          "tensor w: has no shape of at most 16 sizes" },
        { 0, "{\"w\":7}", 0, "tensor w: has no dtype" },
        { 0, "{\"a\\nb\":{}}", 0, "the name of tensor 1 has control characters" },
        { 0, "{\"__metadata__\":{\"a\":1}}", 0, "__metadata__: a must be a string" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[300], message[600];
        il_err e = { 0 };
        il_bundle *b = NULL;
        path_of(path, "x.safetensors");
        write_raw(path, cases[i].length ? cases[i].length : strlen(cases[i].header), cases[i].header, cases[i].data);
        int rc = il_bundle_read(&b, path, &e);
        if (cases[i].message) {
            snprintf(message, sizeof message, "%s: %s", path, cases[i].message);
            cr_assert_str_eq(e.message, message, "case %zu: %s", i, e.message);
            cr_assert_eq(rc, IL_EFORMAT, "case %zu", i);
        } else {
            OK(rc);
        }
        il_bundle_free(b);
        unlink(path);
    }
}

/* ---- sealed files ---- */

static size_t read_all(unsigned char *out, size_t room, const char *path)
{
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    size_t n = fread(out, 1, room, f);
    fclose(f);
    return n;
}

static void refused(const unsigned char *bytes, size_t size, size_t at)
{
    char path[300];
    il_err e = { 0 };
    il_bundle *b = NULL;
    FILE *f = fopen(path_of(path, "changed"), "wb");
    cr_assert(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
    cr_expect_eq(il_bundle_read(&b, path, &e), IL_EFORMAT, "byte %zu", at);
    cr_expect_null(b);
    unlink(path);
}

Test(bundle, a_sealed_file_has_no_byte_that_may_change, .init = set_up, .fini = tear_down)
{
    unsigned char bytes[4096];
    char path[300], made[] = TEST_DATA "/weights/sealed.safetensors"; /* by Python */
    const char *files[] = { made, path_of(path, "sealed") };
    il_err e = { 0 };
    for (int i = 0; i < 2; i++) {
        il_bundle *b = NULL, *from = NULL;
        if (i) {
            OK(il_bundle_read(&from, TEST_DATA "/weights/python.safetensors", &e));
            cr_assert_not(il_bundle_sealed(from));
            OK(il_bundle_seal(from, &e));
            OK(il_bundle_write(from, path, &e));
        }
        OK(il_bundle_read(&b, files[i], &e));
        cr_expect(il_bundle_sealed(b));
        cr_expect_eq(il_bundle_count(b), i ? il_bundle_count(from) : 1, "the seal is none of its tensors");
        size_t size = read_all(bytes, sizeof bytes, files[i]);
        cr_assert(size > 64 && size < sizeof bytes);
        cr_expect_eq(memcmp(bytes + size - 64, il_sha256(bytes, size - 64).hex, 64), 0);
        for (size_t at = 0; at < size; at++) {
            bytes[at] ^= (unsigned char)(1u << at % 8);
            refused(bytes, size, at);
            bytes[at] ^= (unsigned char)(1u << at % 8);
        }
        il_bundle_free(b);
        il_bundle_free(from);
    }
    unlink(path);
}

/* ---- damage: any cut and many flipped bytes must end in an error or in a bundle, never in anything else ---- */

static int read_bytes(const unsigned char *data, size_t size)
{
    char path[300];
    il_err e = { 0 };
    il_bundle *b = NULL;
    FILE *f = fopen(path_of(path, "damaged"), "wb");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(data, 1, size, f), size);
    fclose(f);
    int rc = il_bundle_read(&b, path, &e);
    cr_assert(!rc || strlen(e.message) > 0);
    cr_assert_null(strchr(e.message, '\n'), "%s", e.message);
    il_bundle_free(b);
    unlink(path);
    return rc;
}

static void damage(const char *name)
{
    static unsigned char good[8192], bad[8192];
    char path[300];
    snprintf(path, sizeof path, TEST_DATA "/weights/%s", name);
    size_t size = read_all(good, sizeof good, path);
    cr_assert_lt(size, sizeof good);
    for (size_t cut = 0; cut < size; cut += 1 + cut / 64)
        cr_assert_neq(read_bytes(good, cut), IL_OK, "%s cut at %zu is taken", name, cut);
    uint32_t random = 1;
    const char *rounds = getenv("DAMAGE_ROUNDS"); /* more of them, by hand */
    for (long i = 0; i < (rounds ? strtol(rounds, NULL, 10) : 400); i++) {
        memcpy(bad, good, size);
        for (int k = 0; k < 1 + i % 3; k++) {
            random = random * 1664525u + 1013904223u;
            bad[(random >> 8) % size] ^= (unsigned char)(1u << (random & 7));
        }
        read_bytes(bad, size);
    }
}

Test(bundle, damaged_files, .init = set_up, .fini = tear_down)
{
    damage("python.safetensors");
    damage("sealed.safetensors");
    damage("zip.pth");
    damage("unchecked.pth"); /* no checksum stops what is wrong inside */
    damage("legacy.pth");
    damage("checkpoint_legacy.pth");
    damage("whole.pth");
}

/* ---- small files that ask for much memory ---- */

static void check_pickle(const char *text, size_t size, const char *message)
{
    char path[300];
    il_err e = { 0 };
    il_bundle *b = NULL;
    FILE *f = fopen(path_of(path, "bomb.pth"), "wb");
    cr_assert(f && fwrite(text, 1, size, f) == size && fclose(f) == 0);
    cr_assert_eq(il_bundle_read(&b, path, &e), IL_EFORMAT);
    cr_assert_not_null(strstr(e.message, message), "%s", e.message);
    unlink(path);
}

Test(bundle, what_one_value_stands_for_is_not_multiplied, .init = set_up, .fini = tear_down)
{
    enum { PAIRS = 60000, COPIES = 40, LONG = 2000 };
    static const char pair[] = "\x80\x02NN\x86q\1"
                               "0]q\0(",
                      copy[] = "h\2h\0\x85R0", class[] = "eccollections\nOrderedDict\nq\2";
    static char text[sizeof pair + 2 * PAIRS + sizeof class + COPIES * sizeof copy],
        name[LONG + 16] = "\x80\x02X\xd0\x07\0\0";
    size_t size = sizeof pair - 1;
    memcpy(text, pair, size);
    for (int i = 0; i < PAIRS; i++, size += 2)
        memcpy(text + size, "h\1", 2);
    memcpy(text + size, class, sizeof class - 1);
    size += sizeof class - 1;
    for (int i = 0; i < COPIES; i++, size += sizeof copy - 1)
        memcpy(text + size, copy, sizeof copy - 1);
    check_pickle(text, size, "holds too many values");

    memset(name + 7, 'a', LONG);
    memcpy(name + 7 + LONG, "q\0h\0\x93", 5);
    check_pickle(name, 7 + LONG + 5, "names a class at endless length");
}
