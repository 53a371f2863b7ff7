/* metadata.c - format, EXIF orientation and special features of an image file, from its markers and chunks. */
#include <string.h>
#include "image/metadata.h"

/* Bytes that may end anywhere; bytes beyond the end read as 0. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

static unsigned at(struct bytes b, size_t i)
{
    return i < b.size ? b.data[i] : 0;
}

static bool begins(struct bytes b, size_t from, const char *magic, size_t n)
{
    return from <= b.size && b.size - from >= n && memcmp(b.data + from, magic, n) == 0;
}

static struct bytes part(struct bytes b, size_t from, size_t size)
{
    if (from > b.size)
        from = b.size;
    return (struct bytes){ b.data + from, size < b.size - from ? size : b.size - from };
}

static uint32_t number(struct bytes b, size_t i, int size, bool big)
{
    uint32_t value = 0;
    for (int k = 0; k < size; k++)
        value = value << 8 | at(b, i + (size_t)(big ? k : size - 1 - k));
    return value;
}

/* ---- EXIF: a TIFF header and its first directory ---- */

enum { TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY = 12 };
enum { TAG_BITS = 258, TAG_COMPRESSION = 259, TAG_PHOTOMETRIC = 262, TAG_ORIENTATION = 274, TAG_EXTRA = 338 };

/* Where the first directory stands; 0: this is no TIFF. */
static size_t directory_of(struct bytes tiff, bool *big)
{
    *big = begins(tiff, 0, "MM\0*", 4);
    size_t directory = *big || begins(tiff, 0, "II*\0", 4) ? number(tiff, 4, 4, *big) : 0;
    return directory <= tiff.size ? directory : 0;
}

/* The first number of a tag in the first directory; `missing` where there is none. */
static uint32_t tag_of(struct bytes tiff, unsigned tag, uint32_t missing)
{
    bool big;
    size_t directory = directory_of(tiff, &big);
    uint32_t count = directory ? number(tiff, directory, 2, big) : 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = directory + 2 + (size_t)i * ENTRY;
        if (entry + ENTRY > tiff.size)
            return missing;
        if (number(tiff, entry, 2, big) != tag)
            continue;
        uint32_t type = number(tiff, entry + 2, 2, big), values = number(tiff, entry + 4, 4, big);
        size_t place = type == TYPE_SHORT && values > 2 ? number(tiff, entry + 8, 4, big) : entry + 8;
        return type == TYPE_SHORT  ? number(tiff, place, 2, big)
               : type == TYPE_LONG ? number(tiff, entry + 8, 4, big)
                                   : missing;
    }
    return missing;
}

static int orientation_of(struct bytes tiff)
{
    uint32_t value = tag_of(tiff, TAG_ORIENTATION, 1);
    return value >= 1 && value <= 8 ? (int)value : 1;
}

static void read_tiff(il_metadata *out, struct bytes b)
{
    bool big;
    size_t directory = directory_of(b, &big);
    uint32_t compression = tag_of(b, TAG_COMPRESSION, 1);
    out->format = "tiff";
    out->orientation = orientation_of(b);
    out->deep = tag_of(b, TAG_BITS, 1) > 8;
    out->alpha = tag_of(b, TAG_EXTRA, 0) != 0;
    out->cmyk = tag_of(b, TAG_PHOTOMETRIC, 1) == 5;
    out->lossy = compression == 6 || compression == 7;
    out->animated = directory && number(b, directory + 2 + (size_t)number(b, directory, 2, big) * ENTRY, 4, big) != 0;
}

/* ---- JPEG: markers up to the first scan ---- */

static bool is_frame(unsigned marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static void read_jpeg(il_metadata *out, struct bytes b)
{
    bool told = false;
    out->format = "jpeg";
    out->lossy = true;
    for (size_t i = 2; i + 4 <= b.size;) {
        if (at(b, i) != 0xff)
            return;
        unsigned marker = at(b, i + 1);
        if (marker == 0xff) { /* fill byte */
            i++;
            continue;
        }
        if (marker == 0xd9 || marker == 0xda)
            return;
        if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) { /* markers without a length */
            i += 2;
            continue;
        }
        size_t length = number(b, i + 2, 2, true);
        if (length < 2)
            return;
        struct bytes body = part(b, i + 4, length - 2);
        if (marker == 0xe1 && !told && begins(body, 0, "Exif\0\0", 6)) {
            out->orientation = orientation_of(part(body, 6, body.size));
            told = true;
        }
        if (is_frame(marker)) {
            out->deep = at(body, 0) > 8;
            out->cmyk = at(body, 5) == 4;
        }
        i += 2 + length;
    }
}

/* ---- PNG and WebP: chunks ---- */

static void read_png(il_metadata *out, struct bytes b)
{
    out->format = "png";
    for (size_t i = 8; i + 8 <= b.size;) {
        size_t length = number(b, i, 4, true);
        struct bytes body = part(b, i + 8, length);
        if (begins(b, i + 4, "IHDR", 4)) {
            out->deep = at(body, 8) == 16;
            out->alpha = (at(body, 9) & 4) != 0;
        } else if (begins(b, i + 4, "tRNS", 4)) {
            out->alpha = true;
        } else if (begins(b, i + 4, "acTL", 4)) {
            out->animated = true;
        } else if (begins(b, i + 4, "eXIf", 4)) {
            out->orientation = orientation_of(body);
        }
        if (length > b.size)
            return;
        i += 12 + length;
    }
}

enum { VP8X_ALPHA = 0x10, VP8X_ANIMATION = 0x02 };

static void read_webp(il_metadata *out, struct bytes b)
{
    out->format = "webp";
    for (size_t i = 12; i + 8 <= b.size;) {
        size_t length = number(b, i + 4, 4, false);
        struct bytes body = part(b, i + 8, length);
        if (begins(b, i, "VP8X", 4)) {
            out->alpha = (at(body, 0) & VP8X_ALPHA) != 0;
            out->animated = (at(body, 0) & VP8X_ANIMATION) != 0;
        } else if (begins(b, i, "VP8 ", 4)) {
            out->lossy = true;
        } else if (begins(b, i, "VP8L", 4)) {
            out->alpha = out->alpha || (at(body, 4) & 0x10) != 0; /* after 14 bits of width and 14 of height */
        } else if (begins(b, i, "EXIF", 4)) {
            size_t skip = begins(body, 0, "Exif\0\0", 6) ? 6 : 0;
            out->orientation = orientation_of(part(body, skip, body.size));
        }
        if (length > b.size)
            return;
        i += 8 + length + (length & 1);
    }
}

/* ---- unsupported formats ---- */

/* ISO base media: the first known brand among the major and the compatible ones. */
static const char *foreign_brand(struct bytes b)
{
    static const struct {
        const char *brand, *name;
    } known[] = { { "heic", "HEIC" },    { "heix", "HEIC" },     { "heim", "HEIC" }, { "heis", "HEIC" },
                  { "hevc", "HEIC" },    { "hevx", "HEIC" },     { "avif", "AVIF" }, { "avis", "AVIF" },
                  { "jxl ", "JPEG XL" }, { "crx ", "Canon raw" } };
    struct bytes box = part(b, 0, number(b, 0, 4, true));
    for (size_t at = 8; at + 4 <= box.size; at += 4)
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (begins(box, at, known[i].brand, 4))
                return known[i].name;
    return begins(box, 8, "mif1", 4) ? "HEIF" : NULL;
}

const char *il_metadata_foreign(const uint8_t *data, size_t size)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *name;
    } known[] = { { "GIF8", 4, "GIF" },
                  { "\xff\x0a", 2, "JPEG XL" },
                  { "\0\0\0\x0cJXL ", 8, "JPEG XL" },
                  { "\0\0\0\x0cjP  ", 8, "JPEG 2000" } };
    struct bytes b = { data, size };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (begins(b, 0, known[i].magic, known[i].size))
            return known[i].name;
    return begins(b, 4, "ftyp", 4) ? foreign_brand(b) : NULL;
}

/* ---- the whole ---- */

il_metadata il_metadata_read(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    il_metadata h = { .orientation = 1 };
    if (begins(b, 0, "\x89PNG\r\n\x1a\n", 8))
        read_png(&h, b);
    else if (begins(b, 0, "\xff\xd8\xff", 3))
        read_jpeg(&h, b);
    else if (begins(b, 0, "RIFF", 4) && begins(b, 8, "WEBP", 4))
        read_webp(&h, b);
    else if (begins(b, 0, "II*\0", 4) || begins(b, 0, "MM\0*", 4))
        read_tiff(&h, b);
    return h;
}
