/* zip.cpp - central directory (zip64 too), local headers, checksums. */
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>
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

constexpr std::array<uint32_t, 256> crc_table = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}();

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
        entry x = { little(r + 24, 4), little(r + 42, 4), static_cast<uint32_t>(little(r + 16, 4)), false };
        if (!widen(&x, &packed, r + RECORD + name, extra))
            return damaged(e);
        x.stored = little(r + 10, 2) == 0 && packed == x.size && (little(r + 8, 2) & 1) == 0;
        out->emplace(std::string(reinterpret_cast<const char *>(r + RECORD), name), x);
        at += RECORD + name + extra + comment;
    }
    return IL_OK;
}

int locate(uint64_t *position, const std::string &name, const entry &x, int fd, uint64_t size, il_err *e)
{
    enum { HEADER = 30, CHUNK = 1 << 20 };
    if (!x.stored)
        return il_fail(e, IL_EFORMAT, "%.100s is compressed or encrypted inside the archive", name.c_str());
    unsigned char head[HEADER];
    if (x.header > size || size - x.header < HEADER)
        return damaged(e);
    int rc = il_file_pread(fd, head, sizeof head, x.header, e);
    if (rc != IL_OK)
        return rc;
    uint64_t start = x.header + HEADER + little(head + 26, 2) + little(head + 28, 2);
    if (memcmp(head, "PK\3\4", 4) != 0 || start > size || size - start < x.size)
        return damaged(e);
    bytes chunk(static_cast<size_t>(std::min<uint64_t>(x.size, CHUNK)));
    uint32_t crc = 0xFFFFFFFFu;
    for (uint64_t done = 0; done < x.size;) {
        size_t n = static_cast<size_t>(std::min<uint64_t>(x.size - done, CHUNK));
        rc = il_file_pread(fd, chunk.data(), n, start + done, e);
        if (rc != IL_OK)
            return rc;
        for (size_t i = 0; i < n; i++)
            crc = crc_table[(crc ^ chunk[i]) & 0xFF] ^ (crc >> 8);
        done += n;
    }
    if (x.crc != 0 && (crc ^ 0xFFFFFFFFu) != x.crc) /* 0: torch.save was told to leave it out */
        return il_fail(e, IL_EFORMAT, "%.100s inside the archive is damaged (its checksum differs)", name.c_str());
    *position = start;
    return IL_OK;
}

} // namespace zip
