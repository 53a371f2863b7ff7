/* zip.cpp - central directory (zip64 too), local headers, checksums. */
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>
#include <zlib.h>
#include "base/file.h"
#include "torch/bundle.h"
#include "torch/zip.hpp"

namespace zip
{

namespace
{

using bytes = std::vector<unsigned char>;

uint64_t little(const unsigned char *at, int count)
{
    uint64_t n = 0;
    for (int i = count; i > 0; i--)
        n = n << 8 | at[i - 1];
    return n;
}

int damaged(il_err *e)
{
    return il_fail(e, IL_EFORMAT, "the zip archive is damaged or truncated");
}

struct span {
    uint64_t count, size, offset; /* of the central directory */
};

/* The end record lies before a comment of at most 65535 bytes. */
int find_directory(span *out, int fd, uint64_t size, il_err *e)
{
    enum { END = 22, LOCATOR = 20, END64 = 56, COMMENT = 65535 };
    uint64_t from = size > END + COMMENT + LOCATOR ? size - END - COMMENT - LOCATOR : 0;
    bytes tail(static_cast<size_t>(size - from));
    int rc = il_file_pread(fd, tail.data(), tail.size(), from, e);
    if (rc != IL_OK)
        return rc;
    if (tail.size() < END)
        return damaged(e);
    size_t at = tail.size() - END;
    while (at > 0 && memcmp(&tail[at], "PK\5\6", 4) != 0)
        at--;
    if (memcmp(&tail[at], "PK\5\6", 4) != 0)
        return damaged(e);
    *out = { little(&tail[at + 10], 2), little(&tail[at + 12], 4), little(&tail[at + 16], 4) };
    if (at >= LOCATOR && memcmp(&tail[at - LOCATOR], "PK\6\7", 4) == 0) {
        unsigned char end[END64];
        uint64_t where = little(&tail[at - LOCATOR + 8], 8);
        if (where > size || size - where < END64)
            return damaged(e);
        rc = il_file_pread(fd, end, sizeof end, where, e);
        if (rc != IL_OK)
            return rc;
        if (memcmp(end, "PK\6\6", 4) != 0)
            return damaged(e);
        *out = { little(end + 32, 8), little(end + 40, 8), little(end + 48, 8) };
    }
    return out->offset > size || out->size > size - out->offset ? damaged(e) : IL_OK;
}

/* Values of 0xFFFFFFFF stand in the zip64 extra field instead, in this order. */
bool widen(entry *x, uint64_t *packed, const unsigned char *extra, size_t size)
{
    uint64_t *fields[] = { &x->size, packed, &x->header };
    for (size_t at = 0; at + 4 <= size;) {
        uint64_t id = little(extra + at, 2), length = little(extra + at + 2, 2);
        at += 4;
        if (length > size - at)
            return false;
        size_t field = at;
        for (uint64_t *f : fields) {
            if (id != 1 || *f != 0xFFFFFFFFu)
                continue;
            if (field + 8 > at + length)
                return false;
            *f = little(extra + field, 8);
            field += 8;
        }
        at += static_cast<size_t>(length);
    }
    return true;
}

} // namespace

int read_directory(directory *out, int fd, uint64_t size, il_err *e)
{
    enum { RECORD = 46 };
    const uint64_t most = 100000000;
    span where = {};
    int rc = find_directory(&where, fd, size, e);
    if (rc != IL_OK)
        return rc;
    if (where.size > most)
        return damaged(e);
    bytes all(static_cast<size_t>(where.size));
    rc = il_file_pread(fd, all.data(), all.size(), where.offset, e);
    if (rc != IL_OK)
        return rc;
    size_t at = 0;
    for (uint64_t i = 0; i < where.count; i++) {
        if (all.size() - at < RECORD || memcmp(&all[at], "PK\1\2", 4) != 0)
            return damaged(e);
        const unsigned char *r = &all[at];
        size_t name = little(r + 28, 2), extra = little(r + 30, 2), comment = little(r + 32, 2);
        if (all.size() - at - RECORD < name + extra + comment)
            return damaged(e);
        uint64_t packed = little(r + 20, 4);
        entry x = { little(r + 24, 4), little(r + 42, 4), static_cast<uint32_t>(little(r + 16, 4)) };
        if (!widen(&x, &packed, r + RECORD + name, extra))
            return damaged(e);
        bool plain = (little(r + 8, 2) & 1) == 0; /* not encrypted */
        x.stored = little(r + 10, 2) == 0 && packed == x.size && plain;
        x.deflated = little(r + 10, 2) == Z_DEFLATED && plain;
        x.packed = packed;
        if (!out->emplace(std::string(reinterpret_cast<const char *>(r + RECORD), name), x).second)
            return damaged(e); /* two of one name: readers differ in which they take */
        at += RECORD + name + extra + comment;
    }
    return IL_OK;
}

namespace
{

/* Where the entry's data begin; all of them lie in the file. */
int find_data(uint64_t *start, const entry &x, int fd, uint64_t size, il_err *e)
{
    enum { HEADER = 30 };
    unsigned char head[HEADER];
    if (x.header > size || size - x.header < HEADER)
        return damaged(e);
    int rc = il_file_pread(fd, head, sizeof head, x.header, e);
    if (rc != IL_OK)
        return rc;
    *start = x.header + HEADER + little(head + 26, 2) + little(head + 28, 2);
    return memcmp(head, "PK\3\4", 4) != 0 || *start > size || size - *start < x.packed ? damaged(e) : IL_OK;
}

/* What went through: its length and its CRC-32. */
struct content {
    uint64_t size = 0;
    uint32_t crc = 0;

    void add(const bytes &chunk, size_t count)
    {
        crc = static_cast<uint32_t>(crc32(crc, chunk.data(), static_cast<uInt>(count)));
        size += count;
    }
};

struct inflater {
    z_stream z = {};
    bool ready = inflateInit2(&z, -MAX_WBITS) == Z_OK; /* raw */
    ~inflater()
    {
        if (ready)
            inflateEnd(&z);
    }
};

/* Inflates a part; false where it is damaged or holds more than `most` bytes in all. */
bool inflate_part(content *out, inflater *in, bytes *part, size_t count, bytes *room, uint64_t most)
{
    in->z.next_in = part->data();
    in->z.avail_in = static_cast<uInt>(count);
    for (int result = Z_OK; result == Z_OK;) {
        in->z.next_out = room->data();
        in->z.avail_out = static_cast<uInt>(room->size());
        result = inflate(&in->z, Z_NO_FLUSH);
        out->add(*room, room->size() - in->z.avail_out);
        if (out->size > most || (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR))
            return false;
    }
    return true;
}

/* IL_EFORMAT where it differs from what the directory says. */
int check_content(const std::string &name, const entry &x, uint64_t start, int fd, il_err *e)
{
    enum { CHUNK = 1 << 18 };
    bytes part(static_cast<size_t>(std::min<uint64_t>(x.packed, CHUNK))), room(x.deflated ? CHUNK : 0);
    content all;
    inflater in;
    bool sound = true;
    if (!in.ready)
        return il_fail_oom(e);
    for (uint64_t done = 0; sound && done < x.packed;) {
        size_t n = static_cast<size_t>(std::min<uint64_t>(x.packed - done, CHUNK));
        int rc = il_file_pread(fd, part.data(), n, start + done, e);
        if (rc != IL_OK)
            return rc;
        if (x.deflated)
            sound = inflate_part(&all, &in, &part, n, &room, x.size);
        else
            all.add(part, n);
        done += n;
    }
    /* 0: torch.save was told to leave it out */
    if (!sound || all.size != x.size || (x.crc != 0 && all.crc != x.crc))
        return il_fail(e, IL_EFORMAT, "%.100s inside the archive is damaged (its checksum differs)", name.c_str());
    return IL_OK;
}

int compressed(const std::string &name, il_err *e)
{
    return il_fail(e, IL_EFORMAT, "%.100s is compressed or encrypted inside the archive", name.c_str());
}

} // namespace

int locate(uint64_t *position, const std::string &name, const entry &x, int fd, uint64_t size, il_err *e)
{
    uint64_t start = 0;
    int rc = x.stored ? find_data(&start, x, fd, size, e) : compressed(name, e);
    if (rc == IL_OK)
        rc = check_content(name, x, start, fd, e);
    if (rc == IL_OK)
        *position = start;
    return rc;
}

int check(int fd, uint64_t size, il_err *e)
{
    directory all;
    int rc = read_directory(&all, fd, size, e);
    uint64_t left = 8 * std::min(size, UINT64_MAX / 16) + (64u << 20); /* as for a state dict */
    for (auto x = all.begin(); rc == IL_OK && x != all.end(); ++x) {
        uint64_t start = 0;
        if (x->second.size > left)
            return il_fail(e, IL_EFORMAT, "%.100s inside the archive is too large for a file of this size",
                           x->first.c_str());
        left -= x->second.size;
        rc = x->second.stored || x->second.deflated ? find_data(&start, x->second, fd, size, e)
                                                    : compressed(x->first, e);
        if (rc == IL_OK)
            rc = check_content(x->first, x->second, start, fd, e);
    }
    return rc;
}

} // namespace zip

int il_script_check(int fd, uint64_t size, il_err *e)
{
    try {
        unsigned char head[4] = { 0 };
        int rc = size < sizeof head ? IL_OK : il_file_pread(fd, head, sizeof head, 0, e);
        if (rc == IL_OK && memcmp(head, "PK\3\4", sizeof head) != 0)
            return il_fail(e, IL_EFORMAT, "it is not a zip archive");
        return rc == IL_OK ? zip::check(fd, size, e) : rc;
    } catch (const std::bad_alloc &) {
        return il_fail_oom(e);
    } catch (const std::exception &x) {
        return il_fail(e, IL_EFORMAT, "cannot be parsed: %s", x.what());
    }
}
