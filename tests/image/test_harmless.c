/* Files that are odd but whole: their pixels are those of the plain file; those that lost pixels are refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <inpaintlab/image.h>

static char path[64];

static void make_path(void)
{
    strcpy(path, "/tmp/inpaintlab-harmless-XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}

static void drop_path(void)
{
    unlink(path);
}

TestSuite(harmless, .init = make_path, .fini = drop_path);

struct file {
    uint8_t data[100000];
    size_t size;
};

static struct file file;

static void get(const char *name)
{
    char from[400];
    snprintf(from, sizeof from, "%s/%s", TEST_DATA, name);
    FILE *f = fopen(from, "rb");
    cr_assert(f, "%s", from);
    file.size = fread(file.data, 1, sizeof file.data, f);
    fclose(f);
    cr_assert(file.size > 0 && file.size < sizeof file.data / 2);
}

static void insert(size_t at, const void *bytes, size_t count)
{
    cr_assert(at <= file.size && file.size + count <= sizeof file.data);
    memmove(file.data + at + count, file.data + at, file.size - at);
    memcpy(file.data + at, bytes, count);
    file.size += count;
}

/* Where a marker or the name of a chunk begins. */
static size_t find(const char *what, size_t count)
{
    for (size_t i = 0; i + count <= file.size; i++)
        if (memcmp(file.data + i, what, count) == 0)
            return i;
    cr_assert_fail("absent");
    return 0;
}

static void put(void)
{
    FILE *f = fopen(path, "wb");
    cr_assert(f && fwrite(file.data, 1, file.size, f) == file.size && fclose(f) == 0);
}

static il_image stored(const char *name)
{
    char from[400];
    il_image image = { 0 };
    il_err e = { 0 };
    snprintf(from, sizeof from, "%s/%s", TEST_DATA, name);
    cr_assert_eq(il_image_read(&image, from, &e), IL_OK, "%s", e.message);
    return image;
}

static void same_as(const char *name, const char *what)
{
    il_image a = { 0 }, b = stored(name);
    il_err e = { 0 };
    put();
    cr_assert_eq(il_image_read(&a, path, &e), IL_OK, "%s: %s", what, e.message);
    cr_assert(a.width == b.width && a.height == b.height && a.channels == b.channels, "%s", what);
    cr_assert(memcmp(a.pixels, b.pixels, (size_t)a.width * (size_t)a.height * (size_t)a.channels) == 0, "%s", what);
    il_image_free(&a);
    il_image_free(&b);
}

static void refused(const char *why)
{
    il_image a = { 0 };
    il_err e = { 0 };
    put();
    cr_assert_eq(il_image_read(&a, path, &e), IL_EFORMAT, "%s: was read", why);
    cr_assert(strstr(e.message, why), "%s", e.message);
    cr_assert_null(a.pixels);
}

/* As some phones write it: the scan of a sequential file says that it ends with coefficient 0. */
Test(harmless, a_wrong_spectral_end_of_a_sequential_jpeg)
{
    get("cases/jpeg-sos/sos-se0.jpg");
    same_as("cases/jpeg-sos/plain.jpg", "the stored file");
    get("images/rgb.jpg");
    size_t scan = find("\xff\xda", 2);
    size_t end = scan + 2 + file.data[scan + 3]; /* after the header of the scan: Ss, Se, Ah/Al */
    cr_assert_eq(file.data[end - 2], 63);
    file.data[end - 2] = 0;
    same_as("images/rgb.jpg", "the end is 0");
    get("images/grey.jpg");
    scan = find("\xff\xda", 2);
    file.data[scan + 2 + file.data[scan + 3] - 1] = 0x11;
    same_as("images/grey.jpg", "bits of successive approximation");
}

Test(harmless, what_the_headers_of_a_jpeg_say)
{
    get("images/rgb.jpg");
    size_t jfif = find("JFIF\0", 5);
    file.data[jfif + 5] = 9;
    same_as("images/rgb.jpg", "version 9 of JFIF");
    memcpy(file.data + jfif, "NONE", 4);
    insert(2,
           "\xff\xee\0\x0e"
           "Adobe\0\x64\0\0\0\0\x09",
           16);
    same_as("images/rgb.jpg", "colour transform 9 of Adobe");
    get("images/rgb.jpg");
    insert(find("\xff\xdb", 2), "abcdefghi", 9);
    same_as("images/rgb.jpg", "bytes between the headers");
    get("images/progressive.jpg");
    insert(find("\xff\xc2", 2), "abcdefghi", 9);
    same_as("images/progressive.jpg", "bytes before the frame");
}

Test(harmless, a_jpeg_padded_with_zeros)
{
    static const char zeros[600] = { 0 };
    static const char *const names[] = { "images/rgb.jpg", "images/progressive.jpg", "images/grey.jpg" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        get(names[i]);
        insert(file.size - 2, zeros, sizeof zeros);
        same_as(names[i], names[i]);
        get(names[i]);
        insert(file.size, "after the end", 13);
        same_as(names[i], "bytes after the end");
    }
}

Test(harmless, a_jpeg_that_lost_pixels_is_refused)
{
    get("cases/jpeg-sos/cut.jpg");
    refused("damaged JPEG: Premature end of JPEG file");
    get("images/rgb.jpg");
    insert(file.size - 2, "some bytes that stand where the blocks ought to have been", 57);
    refused("extraneous bytes before marker 0xd9");
    get("images/rgb.jpg");
    size_t blocks = find("\xff\xda", 2) + 14, lost = (file.size - blocks) / 2;
    memmove(file.data + blocks + 40, file.data + blocks + 40 + lost, file.size - blocks - 40 - lost);
    file.size -= lost;
    refused("damaged JPEG: Corrupt JPEG data");
    get("images/progressive.jpg");
    size_t frame = find("\xff\xda", 2);
    cr_assert_eq(file.data[frame + 2 + file.data[frame + 3] - 2], 0, "the first scan holds the first coefficients");
    file.data[frame + 2 + file.data[frame + 3] - 1] = 0x10; /* a refinement of what no scan has brought */
    refused("damaged JPEG: ");
}

/* ---- PNG and WebP ---- */

static uint32_t crc(const uint8_t *data, size_t size)
{
    uint32_t c = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        c ^= data[i];
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return c ^ 0xffffffff;
}

enum { AFTER_IHDR = 33 };

static void insert_chunk(const char *name, const void *data, uint8_t count, uint32_t wrong)
{
    uint8_t chunk[300] = { 0, 0, 0, count };
    memcpy(chunk + 4, name, 4);
    memcpy(chunk + 8, data, count);
    uint32_t sum = crc(chunk + 4, 4u + count) ^ wrong;
    for (int k = 0; k < 4; k++)
        chunk[8 + count + k] = (uint8_t)(sum >> (24 - 8 * k));
    insert(AFTER_IHDR, chunk, 12u + count);
}

Test(harmless, what_else_a_png_says)
{
    get("images/rgb.png");
    insert_chunk("iCCP", "a profile\0\0that is no profile", 30, 0);
    same_as("images/rgb.png", "a bad colour profile");
    get("images/rgb.png");
    insert_chunk("gAMA", "\0\0\0\1", 4, 1);
    same_as("images/rgb.png", "a chunk with a wrong checksum");
    get("images/rgb.png");
    insert_chunk("sRGB", "\x09", 1, 0);
    same_as("images/rgb.png", "an unknown rendering intent");
    get("images/rgb.png");
    insert_chunk("eXIf", "no EXIF at all", 14, 0);
    same_as("images/rgb.png", "bad EXIF");
    get("images/rgb.png");
    insert(file.size, "after the end", 13);
    same_as("images/rgb.png", "bytes after the end");
    get("images/rgb.png");
    file.size -= 30;
    refused("damaged PNG: ");
    get("images/rgb.png");
    file.data[find("IDAT", 4) + 40] ^= 0x10;
    refused("damaged PNG: ");
}

Test(harmless, what_else_a_webp_says)
{
    get("images/lossy.webp");
    insert(file.size, "after the end", 13);
    same_as("images/lossy.webp", "bytes after the end");
    get("images/lossless.webp");
    insert(file.size, "EXIF\4\0\0\0none", 12);
    file.data[4] = (uint8_t)(file.size - 8);
    file.data[5] = (uint8_t)((file.size - 8) >> 8);
    same_as("images/lossless.webp", "bad EXIF");
    get("images/lossy.webp");
    file.size -= 30;
    refused("damaged WebP: ");
}
