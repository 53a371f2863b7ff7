/* disk_cache.c - decoded images of one source and size, kept in a file.
 *
 * The file: a header, one record per image, then pixels in the order of arrival. A record is valid only if its
 * checksum over itself and its pixels matches, so nothing has to reach the disk in any order: images lost to a crash,
 * a full disk or damage are decoded and written again. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <inpaintlab/random.h>
#include "base/file.h"
#include "base/sha256.h"
#include "image/codec.h"
#include "image/limits.h"
#include "loader/disk_cache.h"

#define ENDING ".pictures"
#define MAGIC "ilpics1"
#define BYTE_ORDER_MARK UINT64_C(0x0102030405060708)
#define RESERVE (UINT64_C(1) << 30) /* disk space left free for databases and checkpoints */

struct head {
    char magic[8], key[64];
    uint64_t order, count;
};

struct record {
    uint64_t check, offset;
    uint32_t width, height; /* 0: no image */
    uint32_t masked, index;
};

struct il_disk_cache {
    char *path, *folder;
    int fd;
    uint64_t seed; /* of the checksums; derived from the key */
    size_t count;
    uint64_t limit;
    _Atomic uint64_t *verified; /* checksums of images whose bytes were all verified; 0: none */
    pthread_mutex_t lock;       /* guards the members below */
    bool *written;              /* by this process */
    uint64_t end;               /* offset of the next pixels */
    bool stopped;
    il_err why; /* why it stopped; code IL_OK: another process is writing the file */
};

static uint64_t records_end(const il_disk_cache *c)
{
    return sizeof(struct head) + (uint64_t)c->count * sizeof(struct record);
}

/* ---- bytes ---- */

static bool write_at(int fd, const void *data, size_t size, uint64_t at)
{
    const char *from = data;
    while (size > 0) {
        ssize_t n = pwrite(fd, from, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        from += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

static bool read_at(int fd, void *data, size_t size, uint64_t at)
{
    char *to = data;
    while (size > 0) {
        ssize_t n = pread(fd, to, size, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

static uint64_t step(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15); /* odd, so a changed word always changes the sum */
    return sum ^ sum >> 32;
}

/* Four sums side by side, since a single one would wait for each product. */
static uint64_t sum_bytes(uint64_t seed, const uint8_t *data, size_t size)
{
    uint64_t sums[4] = { seed, seed + 1, seed + 2, seed + 3 }, words[4];
    for (; size >= sizeof words; data += sizeof words, size -= sizeof words) {
        memcpy(words, data, sizeof words);
        for (int k = 0; k < 4; k++)
            sums[k] = step(sums[k], words[k]);
    }
    memset(words, 0, sizeof words);
    memcpy(words, data, size);
    for (int k = 0; k < 4; k++)
        sums[k] = il_random_mix(step(sums[k], words[k]) + size);
    return step(step(sums[0], sums[1]), step(sums[2], sums[3]));
}

static size_t bytes_of(const il_image *image)
{
    return (size_t)image->width * (size_t)image->height * (size_t)image->channels;
}

static uint64_t check_of(const il_disk_cache *c, struct record r, const il_image *image, const il_image *mask)
{
    r.check = 0;
    uint64_t sum = sum_bytes(c->seed, (const uint8_t *)&r, sizeof r);
    sum = sum_bytes(sum, image->pixels, bytes_of(image));
    return r.masked ? sum_bytes(sum, mask->pixels, bytes_of(mask)) : sum;
}

/* ---- opening ---- */

static void stop(il_disk_cache *c, int code, const char *what)
{
    c->stopped = true;
    il_fail(&c->why, code, "%s: no more images are cached (%s); the others are decoded each time", c->path, what);
}

static bool is_ours(const il_disk_cache *c, const struct head *expected)
{
    struct head h;
    return read_at(c->fd, &h, sizeof h, 0) && memcmp(&h, expected, sizeof h) == 0;
}

/* The header is written last: without it the file is started anew. */
static void begin(il_disk_cache *c, const struct head *h)
{
    if (ftruncate(c->fd, 0) || ftruncate(c->fd, (off_t)records_end(c)) || !write_at(c->fd, h, sizeof *h, 0))
        stop(c, IL_EIO, strerror(errno));
}

/* Only the process that holds the lock may add images. */
static int prepare(il_disk_cache *c, const il_digest *key, il_err *e)
{
    struct head h = { .magic = MAGIC, .order = BYTE_ORDER_MARK, .count = c->count };
    struct stat st;
    memcpy(h.key, key->hex, sizeof h.key);
    bool ours = is_ours(c, &h);
    if ((fcntl(c->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
        stop(c, IL_EIO, "cannot write the file");
    else if (flock(c->fd, LOCK_EX | LOCK_NB))
        c->stopped = true;
    else if (!ours)
        begin(c, &h);
    if (fstat(c->fd, &st))
        return il_fail(e, IL_EIO, "cannot read %s: %s", c->path, strerror(errno));
    if (c->stopped && !ours) /* no image can be read or added */
        c->count = 0;
    c->end = (uint64_t)st.st_size > records_end(c) ? (uint64_t)st.st_size : records_end(c);
    return IL_OK;
}

static int open_file(il_disk_cache *c, const char *name, il_err *e)
{
    il_text file = { 0 };
    il_text_add(&file, "%s" ENDING, name);
    c->path = file.failed ? NULL : il_text_path(c->folder, file.data);
    il_text_free(&file);
    if (!c->path)
        return il_fail_oom(e);
    int rc = il_file_make_folders(c->folder, e);
    if (rc)
        return il_fail_in(e, "cache of decoded images");
    struct stat st;
    int careful = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK; /* only a file of ours is written to */
    c->fd = open(c->path, O_RDWR | O_CREAT | careful, 0666);
    if (c->fd < 0 && (errno == EACCES || errno == EROFS))
        c->fd = open(c->path, O_RDONLY | careful);
    if (c->fd < 0 || fstat(c->fd, &st))
        return il_fail(e, IL_EIO, "cannot open %s, the cache of decoded images: %s", c->path, strerror(errno));
    return S_ISREG(st.st_mode)
               ? IL_OK
               : il_fail(e, IL_EIO, "%s, the cache of decoded images, is not a regular file; remove it", c->path);
}

int il_disk_cache_open(il_disk_cache **out, const char *name, const il_digest *key, size_t count, il_disk_cache_opts o,
                       il_err *e)
{
    il_disk_cache *c = calloc(1, sizeof *c);
    if (!c || pthread_mutex_init(&c->lock, NULL)) {
        free(c);
        return il_fail_oom(e);
    }
    c->fd = -1;
    c->count = count;
    c->limit = o.limit ? o.limit : UINT64_MAX;
    c->seed = il_random_seed(0, key->hex);
    c->folder = il_text_copy(o.folder);
    c->written = calloc(count ? count : 1, sizeof *c->written);
    c->verified = calloc(count ? count : 1, sizeof *c->verified);
    int rc = c->folder && c->written && c->verified ? open_file(c, name, e) : il_fail_oom(e);
    if (!rc)
        rc = prepare(c, key, e);
    if (rc)
        il_disk_cache_free(c);
    else
        *out = c;
    return rc;
}

void il_disk_cache_free(il_disk_cache *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    pthread_mutex_destroy(&c->lock);
    free(c->written);
    free(c->verified);
    free(c->folder);
    free(c->path);
    free(c);
}

bool il_disk_cache_stopped(il_disk_cache *c, il_err *why)
{
    pthread_mutex_lock(&c->lock);
    bool stopped = c->stopped;
    *why = c->why;
    pthread_mutex_unlock(&c->lock);
    return stopped;
}

/* ---- reading ---- */

/* Whether the record is plausible, before memory is allocated for it. */
static bool is_sane(const il_disk_cache *c, const struct record *r, size_t i)
{
    struct stat st;
    uint64_t area = (uint64_t)r->width * r->height;
    if (r->index != i || !area || area > IL_IMAGE_MAX_PIXELS || r->masked > 1 || fstat(c->fd, &st))
        return false;
    uint64_t size = (uint64_t)st.st_size;
    return r->offset >= records_end(c) && r->offset <= size && area <= (size - r->offset) / (3 + r->masked);
}

static bool read_rows(const il_disk_cache *c, il_image *to, uint64_t offset, int first)
{
    return read_at(c->fd, to->pixels, bytes_of(to),
                   offset + (uint64_t)first * (uint64_t)to->width * (uint64_t)to->channels);
}

int il_disk_cache_get(bool *found, il_cached *out, il_disk_cache *c, size_t i, il_band_wanted wanted, il_err *e)
{
    struct record r;
    *found = false;
    if (i >= c->count || !read_at(c->fd, &r, sizeof r, sizeof(struct head) + i * sizeof r) || !is_sane(c, &r, i))
        return IL_OK;
    bool verified = r.check && atomic_load(&c->verified[i]) == r.check;
    il_cached p = { .height = (int)r.height };
    il_band rows = { .count = p.height };
    if (verified && wanted.of)
        rows = wanted.of(wanted.context, (int)r.width, p.height);
    p.first = rows.first;
    int rc = il_image_new(&p.image, (int)r.width, rows.count, 3, e);
    if (!rc && r.masked)
        rc = il_image_new(&p.mask, (int)r.width, rows.count, 1, e);
    if (!rc && read_rows(c, &p.image, r.offset, rows.first) &&
        (!r.masked || read_rows(c, &p.mask, r.offset + UINT64_C(3) * r.width * r.height, rows.first)))
        *found = verified || check_of(c, r, &p.image, &p.mask) == r.check;
    if (*found) {
        atomic_store(&c->verified[i], r.check);
        *out = p;
    } else {
        il_image_free(&p.image);
        il_image_free(&p.mask);
    }
    return rc;
}

/* ---- adding ---- */

static uint64_t folder_bytes(const char *path)
{
    uint64_t sum = 0;
    il_file_names names = { 0 };
    il_err ignored = { 0 };
    (void)il_file_list(&names, path, &ignored);
    for (size_t i = 0; i < names.count; i++) {
        struct stat st;
        const char *ending = strrchr(names.list[i], '.');
        char *file = ending && strcmp(ending, ENDING) == 0 ? il_text_path(path, names.list[i]) : NULL;
        if (file && stat(file, &st) == 0)
            sum += (uint64_t)st.st_size;
        free(file);
    }
    il_file_names_free(&names);
    return sum;
}

/* Reserves `bytes` at the end of the file, if there is space. */
static bool reserve(uint64_t *offset, il_disk_cache *c, size_t i, uint64_t bytes)
{
    struct statvfs disk;
    pthread_mutex_lock(&c->lock);
    bool wanted = !c->stopped && i < c->count && !c->written[i];
    if (wanted && folder_bytes(c->folder) + bytes > c->limit)
        stop(c, IL_EIO, "the size limit is reached");
    else if (wanted && fstatvfs(c->fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < bytes + RESERVE)
        stop(c, IL_EIO, "the disk is nearly full");
    wanted = wanted && !c->stopped;
    if (wanted) {
        *offset = c->end;
        c->end += bytes;
        c->written[i] = true;
    }
    pthread_mutex_unlock(&c->lock);
    return wanted;
}

void il_disk_cache_put(il_disk_cache *c, size_t i, const il_image *image, const il_image *mask)
{
    struct record r = { .width = (uint32_t)image->width,
                        .height = (uint32_t)image->height,
                        .masked = mask->pixels != NULL,
                        .index = (uint32_t)i };
    size_t bytes = bytes_of(image), more = bytes_of(mask);
    if (!reserve(&r.offset, c, i, bytes + more))
        return;
    r.check = check_of(c, r, image, mask);
    if (write_at(c->fd, image->pixels, bytes, r.offset) && write_at(c->fd, mask->pixels, more, r.offset + bytes) &&
        write_at(c->fd, &r, sizeof r, sizeof(struct head) + i * sizeof r))
        return;
    int why = errno;
    pthread_mutex_lock(&c->lock);
    if (!c->stopped)
        stop(c, IL_EIO, strerror(why));
    pthread_mutex_unlock(&c->lock);
}
