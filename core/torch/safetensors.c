/* safetensors.c - the file format: a length, a JSON header, then the tensors' bytes without gaps. Little-endian. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "torch/bundle.h"

enum { MOST_DIMS = 16, ALIGN = 8 };
static const uint64_t most_header = 100000000; /* as the reference implementation */

static const char *const type_names[] = { "F32", "F64", "F16", "BF16", "I64", "U8" }; /* by il_dtype */
enum { TYPES = sizeof type_names / sizeof *type_names };

/* ---- reading ---- */

struct entry {
    const char *name;
    il_dtype dtype;
    int width; /* bytes of an element; less than the type's where whole numbers are widened; below 0: signed */
    int ndim;
    int64_t shape[MOST_DIMS];
    uint64_t begin, end; /* in the data */
};

static int read_type(struct entry *x, json_t *spec, il_err *e)
{
    const char *text = json_string_value(json_object_get(spec, "dtype"));
    if (!text)
        return il_fail(e, IL_EFORMAT, "has no dtype");
    for (int i = 0; i < TYPES; i++)
        if (strcmp(text, type_names[i]) == 0) {
            x->dtype = (il_dtype)i;
            x->width = (int)il_dtype_size(x->dtype);
            return IL_OK;
        }
    static const struct {
        const char *name;
        int width;
    } whole[] = { { "BOOL", 1 }, { "I8", -1 }, { "I16", -2 }, { "U16", 2 }, { "I32", -4 }, { "U32", 4 } };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(text, whole[i].name) == 0) {
            x->dtype = IL_DTYPE_I64;
            x->width = whole[i].width;
            return IL_OK;
        }
    return il_fail(e, IL_EFORMAT, "has dtype %.20s; supported are F32, F64, F16, BF16, whole numbers and BOOL", text);
}

/* Shape and the number of bytes that it and the type ask for. */
static int read_shape(struct entry *x, uint64_t *bytes, json_t *spec, il_err *e)
{
    json_t *shape = json_object_get(spec, "shape");
    if (!json_is_array(shape) || json_array_size(shape) > MOST_DIMS)
        return il_fail(e, IL_EFORMAT, "has no shape of at most %d sizes", MOST_DIMS);
    x->ndim = (int)json_array_size(shape);
    *bytes = (uint64_t)(x->width < 0 ? -x->width : x->width);
    for (int i = 0; i < x->ndim; i++) {
        json_t *size = json_array_get(shape, (size_t)i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return il_fail(e, IL_EFORMAT, "has a shape with sizes that are not whole numbers of at least 0");
        x->shape[i] = json_integer_value(size);
        if (__builtin_mul_overflow(*bytes, (uint64_t)x->shape[i], bytes) || *bytes > INT64_MAX)
            return il_fail(e, IL_EFORMAT, "has a shape that is too large");
    }
    return IL_OK;
}

static int read_entry(struct entry *x, json_t *spec, uint64_t room, il_err *e)
{
    uint64_t bytes = 0;
    int rc = read_type(x, spec, e);
    if (!rc)
        rc = read_shape(x, &bytes, spec, e);
    if (rc)
        return rc;
    json_t *span = json_object_get(spec, "data_offsets");
    json_t *begin = json_array_get(span, 0), *end = json_array_get(span, 1);
    if (json_array_size(span) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
        return il_fail(e, IL_EFORMAT, "has no valid data_offsets");
    x->begin = (uint64_t)json_integer_value(begin);
    x->end = (uint64_t)json_integer_value(end);
    if (x->end > room)
        return il_fail(e, IL_EFORMAT,
                       "ends at byte %" PRIu64 " of the data, which has %" PRIu64 " (is the file cut off?)", x->end,
                       room);
    if (x->end - x->begin != bytes)
        return il_fail(e, IL_EFORMAT, "has %" PRIu64 " bytes, but its shape and dtype need %" PRIu64, x->end - x->begin,
                       bytes);
    return IL_OK;
}

struct span {
    uint64_t begin, end;
    const char *name;
};

static int by_begin(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Every byte of the data belongs to exactly one tensor. */
static int check_cover(const struct entry *entries, size_t count, uint64_t room, il_err *e)
{
    struct span *order = malloc((count + 1) * sizeof *order);
    if (!order)
        return il_fail_oom(e);
    for (size_t i = 0; i < count; i++)
        order[i] = (struct span){ entries[i].begin, entries[i].end, entries[i].name };
    qsort(order, count, sizeof *order, by_begin);
    uint64_t at = 0;
    int rc = IL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        if (order[i].begin != at)
            rc = il_fail(e, IL_EFORMAT, "tensor %.150s: its data %s", order[i].name,
                         order[i].begin < at ? "overlap another tensor's" : "follow a gap");
        at = order[i].end;
    }
    if (!rc && at != room)
        rc = il_fail(e, IL_EFORMAT, "has %" PRIu64 " bytes that belong to no tensor", room - at);
    free(order);
    return rc;
}

static int read_notes(il_bundle *b, json_t *notes, il_err *e)
{
    const char *key;
    json_t *text;
    if (!json_is_object(notes))
        return il_fail(e, IL_EFORMAT, "__metadata__ must be a JSON object");
    json_object_foreach(notes, key, text)
    {
        if (!json_is_string(text))
            return il_fail(e, IL_EFORMAT, "__metadata__: %.100s must be a string", key);
        int rc = il_bundle_note(b, key, json_string_value(text), e);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static bool printable(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < ' ' || *name == 127)
            return false;
    return true;
}

/* Fills *entries (one per tensor, names lent by header) and the notes. */
static int read_header(struct entry *entries, size_t *count, il_bundle *b, json_t *header, uint64_t room, il_err *e)
{
    const char *name;
    json_t *spec;
    json_object_foreach(header, name, spec)
    {
        int rc;
        if (strcmp(name, "__metadata__") == 0) {
            rc = read_notes(b, spec, e);
        } else if (!printable(name)) {
            rc = il_fail(e, IL_EFORMAT, "the name of tensor %zu has control characters", *count + 1);
        } else {
            struct entry *x = &entries[(*count)++];
            x->name = name;
            rc = read_entry(x, spec, room, e);
            if (rc)
                il_fail_in(e, "tensor %.150s", name);
        }
        if (rc)
            return rc;
    }
    return check_cover(entries, *count, room, e);
}

/* Whole numbers of a type that tensors here do not have become longer ones. */
static int widen(void **data, const struct entry *x, size_t bytes, il_err *e)
{
    size_t each = (size_t)(x->width < 0 ? -x->width : x->width), count = bytes / each;
    if (each == il_dtype_size(x->dtype))
        return IL_OK;
    void *wide = malloc(count ? count * sizeof(int64_t) : 1);
    if (!wide)
        return il_fail_oom(e);
    il_bundle_widen(wide, *data, count, x->width);
    free(*data);
    *data = wide;
    return IL_OK;
}

static int read_data(il_bundle *b, int fd, uint64_t start, const struct entry *entries, size_t count, il_err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct entry *x = &entries[i];
        if (!il_bundle_wants(b, x->name))
            continue;
        size_t bytes = (size_t)(x->end - x->begin);
        void *data = malloc(bytes ? bytes : 1);
        if (!data)
            return il_fail_oom(e);
        int rc = il_file_pread(fd, data, bytes, start + x->begin, e);
        if (!rc)
            rc = widen(&data, x, bytes, e);
        if (!rc)
            rc = il_bundle_append(b, x->name, x->dtype, x->ndim, x->shape, data, e);
        free(data);
        if (rc)
            return rc;
    }
    return IL_OK;
}

static int parse_header(json_t **out, int fd, uint64_t length, il_err *e)
{
    char *text = malloc(length ? length : 1);
    if (!text)
        return il_fail_oom(e);
    int rc = il_file_pread(fd, text, length, 8, e);
    if (!rc) {
        json_error_t why;
        *out = il_json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
        if (!*out)
            rc = il_fail(e, IL_EFORMAT, "the safetensors header is not valid JSON: %s", why.text);
        else if (!json_is_object(*out))
            rc = il_fail(e, IL_EFORMAT, "the safetensors header must be a JSON object");
    }
    free(text);
    return rc;
}

/* Compares the seal, and takes it out of the entries. room: of the data, which end the file. */
static int take_seal(struct entry *entries, size_t *count, const il_bundle *b, int fd, uint64_t size, uint64_t room,
                     il_err *e)
{
    size_t i = 0;
    while (i < *count && strcmp(entries[i].name, IL_SEAL) != 0)
        i++;
    if (i == *count)
        return il_bundle_sealed(b) ? il_seal_check(false, fd, size, e) : IL_OK;
    bool placed = il_bundle_sealed(b) && entries[i].end == room && room - entries[i].begin == IL_SEAL_SIZE;
    memmove(&entries[i], &entries[i + 1], (--*count - i) * sizeof *entries);
    return il_seal_check(placed, fd, size, e);
}

int il_safetensors_read(il_bundle *b, int fd, uint64_t size, il_err *e)
{
    json_t *header = NULL;
    struct entry *entries = NULL;
    size_t count = 0;
    unsigned char head[8];
    uint64_t length = 0;
    int rc = il_file_pread(fd, head, sizeof head, 0, e);
    if (rc)
        return rc;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | head[i];
    if (length > most_header || length > size - 8)
        return il_fail(e, IL_EFORMAT,
                       "the safetensors header claims %" PRIu64 " bytes, the file has %" PRIu64 " (is it cut off?)",
                       length, size);
    rc = parse_header(&header, fd, length, e);
    if (rc)
        goto done;
    entries = calloc(json_object_size(header) + 1, sizeof *entries);
    if (!entries) {
        rc = il_fail_oom(e);
        goto done;
    }
    rc = read_header(entries, &count, b, header, size - 8 - length, e);
    if (!rc)
        rc = take_seal(entries, &count, b, fd, size, size - 8 - length, e);
    if (!rc)
        rc = read_data(b, fd, 8 + length, entries, count, e);
done:
    free(entries);
    json_decref(header);
    return rc;
}

/* ---- writing ---- */

struct sink {
    il_atomic_file *file;
    il_sha256_sum *sum; /* of what was written; NULL: the file is not sealed */
};

static int put(const struct sink *to, const void *data, size_t size, il_err *e)
{
    if (to->sum)
        il_sha256_add(to->sum, data, size);
    return il_atomic_file_put(to->file, data, size, e);
}

static size_t bytes_of(const il_tensor *t)
{
    return (size_t)il_numel(t) * il_dtype_size(il_dtype_of(t));
}

static json_t *describe(const il_tensor *t, uint64_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < il_ndim(t); i++)
        json_array_append_new(shape, json_integer(il_dim(t, i)));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_names[il_dtype_of(t)], "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)begin + (json_int_t)bytes_of(t));
}

static json_t *describe_seal(uint64_t begin)
{
    return json_pack("{s:s, s:[i], s:[I, I]}", "dtype", type_names[IL_DTYPE_U8], "shape", IL_SEAL_SIZE, "data_offsets",
                     (json_int_t)begin, (json_int_t)begin + IL_SEAL_SIZE);
}

/* The data lie by falling element size, so that each is aligned; the header keeps the bundle's order. Returns their
 * size. */
static uint64_t place(const il_bundle *b, uint64_t *begin, size_t *order)
{
    uint64_t at = 0;
    size_t n = 0;
    for (size_t size = 8; size > 0; size /= 2)
        for (size_t i = 0; i < il_bundle_count(b); i++)
            if (il_dtype_size(il_dtype_of(il_bundle_at(b, i))) == size) {
                begin[i] = at;
                at += bytes_of(il_bundle_at(b, i));
                order[n++] = i;
            }
    return at;
}

/* end: of the data, where the seal begins. */
static int build_header(char **out, const il_bundle *b, const uint64_t *begin, uint64_t end, il_err *e)
{
    json_t *header = json_object(), *notes = il_bundle_notes(b) ? json_object() : NULL;
    int rc = IL_OK;
    for (size_t i = 0; i < il_bundle_notes(b) && !rc; i++) {
        il_bundle_text n = il_bundle_note_at(b, i);
        if (json_object_set_new(notes, n.key, json_string(n.text)) != 0)
            rc = il_fail(e, IL_EPARAM, "note %.100s must be UTF-8", n.key);
    }
    if (notes && json_object_set(header, "__metadata__", notes) != 0 && !rc)
        rc = il_fail_oom(e);
    for (size_t i = 0; i < il_bundle_count(b) && !rc; i++)
        if (json_object_set_new(header, il_bundle_name(b, i), describe(il_bundle_at(b, i), begin[i])) != 0)
            rc = il_fail(e, IL_EPARAM, "tensor %.150s: the name must be UTF-8", il_bundle_name(b, i));
    if (!rc && il_bundle_sealed(b) && json_object_set_new(header, IL_SEAL, describe_seal(end)) != 0)
        rc = il_fail_oom(e);
    if (!rc) {
        *out = il_json_text(header, JSON_COMPACT);
        if (!*out)
            rc = il_fail_oom(e);
    }
    json_decref(notes);
    json_decref(header);
    return rc;
}

static int write_header(const struct sink *w, const char *header, il_err *e)
{
    size_t length = strlen(header), padded = (length + ALIGN - 1) / ALIGN * ALIGN;
    if (padded > most_header)
        return il_fail(e, IL_EPARAM, "the header would be larger than 100 MB");
    unsigned char head[8];
    for (int i = 0; i < 8; i++)
        head[i] = (unsigned char)((uint64_t)padded >> (8 * i));
    int rc = put(w, head, sizeof head, e);
    if (!rc)
        rc = put(w, header, length, e);
    if (!rc)
        rc = put(w, "        ", padded - length, e);
    return rc;
}

static int write_tensor(const struct sink *w, const il_tensor *t, il_err *e)
{
    size_t bytes = bytes_of(t);
    void *data = malloc(bytes ? bytes : 1);
    if (!data)
        return il_fail_oom(e);
    int rc = il_read_bytes(t, data, bytes, e);
    if (!rc)
        rc = put(w, data, bytes, e);
    free(data);
    return rc;
}

int il_safetensors_write(const il_bundle *b, il_atomic_file *w, il_err *e)
{
    size_t count = il_bundle_count(b);
    char *header = NULL;
    uint64_t *begin = malloc((count + 1) * sizeof *begin);
    size_t *order = malloc((count + 1) * sizeof *order);
    struct sink to = { .file = w };
    int rc = begin && order ? IL_OK : il_fail_oom(e);
    if (!rc && il_bundle_sealed(b))
        rc = il_sha256_begin(&to.sum, e);
    if (!rc)
        rc = build_header(&header, b, begin, place(b, begin, order), e);
    if (!rc)
        rc = write_header(&to, header, e);
    for (size_t i = 0; i < count && !rc; i++)
        rc = write_tensor(&to, il_bundle_at(b, order[i]), e);
    if (to.sum) {
        il_digest seal = il_sha256_end(to.sum);
        rc = rc ? rc : il_atomic_file_put(w, seal.hex, IL_SEAL_SIZE, e);
    }
    free(header);
    free(order);
    free(begin);
    return rc;
}
