/* pth.cpp - PyTorch state dicts: torch.save's zip archives and the files from before PyTorch 1.6. */
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>
#include "base/file.h"
#include "torch/bundle.h"
#include "torch/pickle.hpp"
#include "torch/zip.hpp"

using pickle::broken;
using pickle::kind;
using pickle::value;

namespace
{

const uint64_t most_pickle = 32u << 20;
const size_t most_tensors = 20000;
enum { MOST_DIMS = 16 };

/* An il_err on its way out of nested calls. */
struct failed {
    il_err err;
};

void check(int rc, const il_err &err)
{
    if (rc != IL_OK)
        throw failed{ err };
}

struct span {
    uint64_t at, bytes;
};

struct source {
    int fd;
    uint64_t size;
    zip::directory entries;            /* empty: the old format */
    std::string root;                  /* of the archive's entries: "archive/" */
    std::map<std::string, span> found; /* storages */
};

/* What a persistent identifier says of a storage. */
struct storage {
    std::string key;
    il_dtype dtype;
    int width;      /* bytes of an element; less than the type's where whole numbers are widened; below 0: signed */
    uint64_t count; /* elements */
    uint64_t first; /* of a view into it */
};

std::vector<unsigned char> read_span(const source &src, uint64_t at, uint64_t size)
{
    std::vector<unsigned char> data(static_cast<size_t>(size));
    il_err err = {};
    check(il_file_pread(src.fd, data.data(), data.size(), at, &err), err);
    return data;
}

/* ---- tensors ---- */

bool is(const value *v, const char *global)
{
    return v->kind == kind::global && v->text == global;
}

const value *item(const value *v, size_t i)
{
    if (i >= v->items.size())
        throw broken("is not what PyTorch writes");
    return v->items[i];
}

uint64_t count_of(const value *v)
{
    if (v->kind != kind::integer || v->number < 0)
        throw broken("has a size that is not a whole number of at least 0");
    return static_cast<uint64_t>(v->number);
}

struct element {
    const char *name;
    il_dtype dtype;
    int width;
};

const element &element_of(const value *v)
{
    static const element known[] = { { "FloatStorage", IL_DTYPE_F32, 4 },  { "DoubleStorage", IL_DTYPE_F64, 8 },
                                     { "HalfStorage", IL_DTYPE_F16, 2 },   { "BFloat16Storage", IL_DTYPE_BF16, 2 },
                                     { "LongStorage", IL_DTYPE_I64, 8 },   { "ByteStorage", IL_DTYPE_U8, 1 },
                                     { "BoolStorage", IL_DTYPE_I64, 1 },   { "IntStorage", IL_DTYPE_I64, -4 },
                                     { "ShortStorage", IL_DTYPE_I64, -2 }, { "CharStorage", IL_DTYPE_I64, -1 } };
    std::string name = v->text.substr(v->text.rfind(' ') + 1);
    for (const auto &k : known)
        if (v->kind == kind::global && name == k.name)
            return k;
    throw broken("has a " + name.substr(0, 40) +
                 "; supported are float, double, half, bfloat16, whole numbers and bool");
}

/* ('storage', type, key, location, count[, None or (key, first, count)]) */
storage read_storage(const value *v)
{
    if (v->kind != kind::persistent)
        throw broken("has no storage");
    const value *id = item(v, 0);
    if (item(id, 0)->text != "storage")
        throw broken("is not what PyTorch writes");
    const element &each = element_of(item(id, 1));
    storage s = { item(id, 2)->text, each.dtype, each.width, count_of(item(id, 4)), 0 };
    if (id->items.size() > 5 && item(id, 5)->kind == kind::tuple)
        s.first = count_of(item(item(id, 5), 1));
    return s;
}

size_t bytes_of(const storage &s)
{
    return static_cast<size_t>(s.width < 0 ? -s.width : s.width);
}

/* Where a storage's elements begin in the file; checks their number. */
uint64_t find_storage(source *src, const storage &s)
{
    auto known = src->found.find(s.key);
    if (known == src->found.end()) {
        auto entry = src->entries.find(src->root + "data/" + s.key);
        if (entry == src->entries.end())
            throw broken("refers to storage " + s.key.substr(0, 40) + ", which the file lacks");
        uint64_t at = 0;
        il_err err = {};
        check(zip::locate(&at, entry->first, entry->second, src->fd, src->size, &err), err);
        known = src->found.emplace(s.key, span{ at, entry->second.size }).first;
    }
    if (s.count > src->size || known->second.bytes != s.count * bytes_of(s))
        throw broken("has a storage of another size than stated");
    return known->second.at;
}

struct layout {
    storage from;
    uint64_t offset; /* elements */
    int ndim;
    int64_t shape[MOST_DIMS], stride[MOST_DIMS];
    uint64_t count;  /* elements of the tensor */
    uint64_t extent; /* elements from the first to the last; 0 if there is none */
    bool dense;      /* row-major without gaps */
};

/* _rebuild_tensor_v2(storage, offset, size, stride, …) */
layout read_layout(const value *args)
{
    layout t = {};
    t.from = read_storage(item(args, 0));
    t.offset = count_of(item(args, 1));
    const value *size = item(args, 2), *stride = item(args, 3);
    if (size->items.size() != stride->items.size() || size->items.size() > MOST_DIMS)
        throw broken("has more than 16 dimensions, or not as many strides as sizes");
    t.ndim = static_cast<int>(size->items.size());
    t.count = t.extent = 1;
    for (int i = 0; i < t.ndim; i++) {
        uint64_t n = count_of(item(size, static_cast<size_t>(i))),
                 step = count_of(item(stride, static_cast<size_t>(i))), more;
        t.shape[i] = static_cast<int64_t>(n);
        t.stride[i] = static_cast<int64_t>(step);
        if (__builtin_mul_overflow(t.count, n, &t.count) || __builtin_mul_overflow(n ? n - 1 : 0, step, &more) ||
            __builtin_add_overflow(t.extent, more, &t.extent))
            throw broken("is too large");
    }
    if (t.count == 0)
        t.extent = 0;
    uint64_t expected = 1, limit = t.from.count;
    t.dense = true;
    for (int i = t.ndim - 1; i >= 0; i--) {
        t.dense = t.dense && (t.shape[i] == 1 || static_cast<uint64_t>(t.stride[i]) == expected);
        expected *= static_cast<uint64_t>(t.shape[i]);
    }
    uint64_t first;
    if (__builtin_add_overflow(t.from.first, t.offset, &first) || first > limit || t.extent > limit - first)
        throw broken("reaches beyond its storage");
    t.offset = first;
    return t;
}

/* Row-major copy of strided elements. */
std::vector<unsigned char> gather(const layout &t, const std::vector<unsigned char> &from, size_t each)
{
    std::vector<unsigned char> to(static_cast<size_t>(t.count) * each);
    int64_t index[MOST_DIMS] = { 0 };
    size_t at = 0; /* element of `from` */
    for (uint64_t n = 0; n < t.count; n++) {
        memcpy(&to[static_cast<size_t>(n) * each], &from[at * each], each);
        for (int i = t.ndim - 1; i >= 0; i--) {
            at += static_cast<size_t>(t.stride[i]);
            if (++index[i] < t.shape[i])
                break;
            at -= static_cast<size_t>(t.stride[i] * index[i]);
            index[i] = 0;
        }
    }
    return to;
}

/* The arguments of the tensor inside parameters and subclasses; nullptr when v is no tensor. */
const value *tensor_arguments(const value *v)
{
    for (int depth = 0; depth < 4 && v->kind == kind::object; depth++) {
        const value *callee = item(v, 0), *args = item(v, 1);
        if (is(callee, "torch._utils _rebuild_tensor_v2") || is(callee, "torch._utils _rebuild_tensor"))
            return args;
        if (!is(callee, "torch._utils _rebuild_parameter") && !is(callee, "torch._utils _rebuild_parameter_with_state"))
            return nullptr;
        v = item(args, 0);
    }
    return nullptr;
}

void add_tensor(il_bundle *b, source *src, const std::string &name, const value *args, uint64_t *budget)
{
    layout t = read_layout(args);
    size_t each = bytes_of(t.from);
    uint64_t bytes;
    if (__builtin_mul_overflow(t.count, il_dtype_size(t.from.dtype), &bytes) || bytes > *budget)
        throw broken("is larger than the file can account for");
    *budget -= bytes;
    std::vector<unsigned char> data;
    if (t.count > 0) {
        uint64_t start = find_storage(src, t.from);
        data = read_span(*src, start + t.offset * each, t.extent * each);
    }
    if (t.count > 0 && !t.dense)
        data = gather(t, data, each);
    if (each < il_dtype_size(t.from.dtype)) {
        std::vector<unsigned char> wide(static_cast<size_t>(t.count) * sizeof(int64_t));
        il_bundle_widen(wide.data(), data.data(), static_cast<size_t>(t.count), t.from.width);
        data.swap(wide);
    }
    il_err err = {};
    check(il_bundle_append(b, name.c_str(), t.from.dtype, t.ndim, t.shape, data.data(), &err), err);
}

/* ---- the state dict ---- */

const value *entry_of(const value *dict, const char *name)
{
    for (size_t i = 0; i + 1 < dict->items.size(); i += 2)
        if (dict->items[i]->kind == kind::text && dict->items[i]->text == name)
            return dict->items[i + 1];
    return nullptr;
}

std::string class_of(const value *object)
{
    std::string name = item(object, 0)->text;
    std::replace(name.begin(), name.end(), ' ', '.');
    return name.substr(0, 100);
}

[[noreturn]] void whole_model(const value *object)
{
    throw broken("holds a whole pickled object (" + class_of(object) + "), not a state dict; save model.state_dict()");
}

const value *find_state_dict(const value *top)
{
    if (top->kind == kind::object && tensor_arguments(top))
        throw broken("holds a single tensor, not a state dict");
    if (top->kind == kind::object)
        whole_model(top);
    if (top->kind != kind::dict)
        throw broken("holds no dict of tensors; save model.state_dict()");
    for (const char *name : { "state_dict", "model", "model_state_dict" }) {
        const value *inner = entry_of(top, name);
        if (inner && inner->kind == kind::dict)
            return inner;
        if (inner && inner->kind == kind::object && !tensor_arguments(inner))
            whole_model(inner);
    }
    return top;
}

void check_name(const std::string &name)
{
    for (unsigned char c : name)
        if (c < ' ' || c == 127)
            throw broken("has a tensor whose name holds control characters");
}

void add_all(il_bundle *b, source *src, const value *top)
{
    const value *dict = find_state_dict(top);
    uint64_t budget = 8 * src->size +
                      (64u << 20); /* shared tensors are copied; a small file must not fill the memory */
    std::set<std::string> seen;
    if (dict->items.size() / 2 > most_tensors)
        throw broken("holds too many tensors");
    for (size_t i = 0; i + 1 < dict->items.size(); i += 2) {
        const value *key = dict->items[i], *args = tensor_arguments(dict->items[i + 1]);
        if (key->kind != kind::text)
            throw broken("holds a dict whose keys are no texts");
        check_name(key->text);
        std::string name = key->text.substr(0, 200);
        if (!il_bundle_wants(b, key->text.c_str()))
            continue;
        if (!args)
            throw broken("entry '" + name + "' is not a tensor; save model.state_dict()");
        if (!seen.insert(key->text).second)
            throw broken("has two tensors called " + name);
        try {
            add_tensor(b, src, key->text, args, &budget);
        } catch (const broken &x) {
            throw broken("tensor " + name + " " + x.what());
        }
    }
}

/* ---- the two containers ---- */

std::vector<unsigned char> read_entry(const source &src, const std::string &name, uint64_t most)
{
    auto entry = src.entries.find(name);
    if (entry == src.entries.end() || entry->second.size > most)
        throw broken(entry == src.entries.end() ? "lacks the archive entry " + name : name + " is too large");
    uint64_t at = 0;
    il_err err = {};
    check(zip::locate(&at, name, entry->second, src.fd, src.size, &err), err);
    return read_span(src, at, entry->second.size);
}

void read_zip(il_bundle *b, source *src)
{
    static const std::string main = "data.pkl";
    il_err err = {};
    check(zip::read_directory(&src->entries, src->fd, src->size, &err), err);
    const std::string *found = nullptr;
    for (const auto &x : src->entries) {
        const std::string &name = x.first;
        if (name.size() >= main.size() && name.compare(name.size() - main.size(), main.size(), main) == 0)
            found = &name;
    }
    if (!found)
        throw broken("is a zip archive, but not one that PyTorch wrote");
    src->root = found->substr(0, found->size() - main.size());
    if (src->entries.count(src->root + "constants.pkl"))
        throw broken("is a TorchScript module, not a state dict; save model.state_dict()");
    if (src->entries.count(src->root + "byteorder")) {
        std::vector<unsigned char> order = read_entry(*src, src->root + "byteorder", 16);
        if (std::string(order.begin(), order.end()) != "little")
            throw broken("was written on a big-endian machine");
    }
    std::vector<unsigned char> text = read_entry(*src, *found, most_pickle);
    pickle::reader reader(text.data(), text.size());
    add_all(b, src, reader.load());
}

/* Bytes per element of any storage type, for those of the file that no tensor of the state dict uses. */
size_t storage_width(const value *v)
{
    static const std::map<std::string, size_t> width = {
        { "FloatStorage", 4 }, { "DoubleStorage", 8 }, { "HalfStorage", 2 },         { "BFloat16Storage", 2 },
        { "LongStorage", 8 },  { "IntStorage", 4 },    { "ShortStorage", 2 },        { "CharStorage", 1 },
        { "ByteStorage", 1 },  { "BoolStorage", 1 },   { "ComplexFloatStorage", 8 }, { "ComplexDoubleStorage", 16 }
    };
    auto found = width.find(v->text.substr(v->text.rfind(' ') + 1));
    if (found == width.end())
        throw broken("holds storages of an unknown type");
    return found->second;
}

/* After the pickles, each storage: its number of elements, then those. Their types stand in the pickle. */
void place_storages(source *src, const pickle::reader &reader, const value *keys, uint64_t at)
{
    std::map<std::string, size_t> width;
    for (const value &v : reader.values())
        if (v.kind == kind::persistent && item(item(&v, 0), 0)->text == "storage")
            width.emplace(item(item(&v, 0), 2)->text, storage_width(item(item(&v, 0), 1)));
    for (const value *key : keys->items) {
        auto known = width.find(key->text);
        if (known == width.end())
            throw broken("has a storage that nothing refers to");
        std::vector<unsigned char> head = read_span(*src, at, 8);
        uint64_t count = 0, bytes;
        for (size_t i = 8; i > 0; i--)
            count = count << 8 | head[i - 1];
        at += 8;
        if (__builtin_mul_overflow(count, known->second, &bytes) || bytes > src->size - at)
            throw broken("is damaged or cut off in storage " + key->text.substr(0, 40));
        src->found[key->text] = { at, bytes };
        at += bytes;
    }
}

void read_legacy(il_bundle *b, source *src)
{
    static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    std::vector<unsigned char> text = read_span(*src, 0, std::min(src->size, most_pickle));
    pickle::reader reader(text.data(), text.size());
    const value *first = reader.load();
    if (first->kind != kind::text || first->text != magic)
        throw broken("is a pickle, but not one that torch.save wrote");
    const value *version = reader.load();
    if (version->kind != kind::integer || version->number != 1001)
        throw broken("was written by an unknown version of PyTorch");
    const value *system = reader.load(), *little = entry_of(system, "little_endian");
    if (little && little->number == 0)
        throw broken("was written on a big-endian machine");
    const value *top = reader.load(), *keys = reader.load();
    place_storages(src, reader, keys, reader.position());
    add_all(b, src, top);
}

} // namespace

int il_pth_read(il_bundle *b, int fd, uint64_t size, il_err *e)
{
    try {
        source src = { fd, size, {}, {}, {} };
        unsigned char head[2] = { 0 };
        int rc = il_file_pread(fd, head, sizeof head, 0, e);
        if (rc != IL_OK)
            return rc;
        if (head[0] == 'P')
            read_zip(b, &src);
        else
            read_legacy(b, &src);
        return IL_OK;
    } catch (const failed &x) {
        return il_fail(e, x.err.code, "%s", x.err.message);
    } catch (const broken &x) {
        return il_fail(e, IL_EFORMAT, "%s", x.what());
    } catch (const std::bad_alloc &) {
        return il_fail_oom(e);
    } catch (const std::exception &x) {
        return il_fail(e, IL_EFORMAT, "cannot be parsed: %s", x.what());
    }
}
