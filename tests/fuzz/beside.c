/* beside.c - what lies beside pictures, by the first byte: captions (PHOTO.txt, PHOTO.json, COCO), the description of a data
 * set, cached facts of photos, cached pictures, the manifest that tells the photos of pictures. */
#include <fcntl.h>
#include "base/build_seal.h"
#include "base/file.h"
#include "base/sha256.h"
#include "dataset/photo_info_cache.h"
#include "dataset/photos.h"
#include "fuzz.h"
#include "loader/disk_cache.h"
#include "loader/source_photos.h"
#include "plan.h"
#include "plugin/made_by.h"

enum { CAPTION_TEXT, CAPTION_JSON, CAPTIONS_COCO, DESCRIPTION, FACTS, PICTURES, PHOTOS, KINDS };

static const char *photos_folder;
static char facts_path[80];

static void must(bool good)
{
    if (!good)
        abort();
}

static const char *in(const char *name)
{
    static char paths[4][200];
    static int next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return p;
}

/* A folder with a photo, and the name that the cache of its facts gets. */
static void set_up(void)
{
    static char folder[200];
    il_photos photos = { 0 };
    il_photo_info facts = { .sha256 = il_sha256("", 0), .width = 3, .height = 4 };
    il_file_names names = { 0 };
    il_err e = { 0 };
    snprintf(folder, sizeof folder, "%s", in("photos"));
    must(setenv("XDG_CACHE_HOME", in("cache"), 1) == 0 && mkdir(folder, 0777) == 0);
    photos_folder = folder;
    const struct timespec never[2] = { { 0 }, { 0 } }; /* so that an input can be of this photo */
    must(utimensat(AT_FDCWD, fuzz_file("photos/a.png", (const uint8_t *)"", 0), never, 0) == 0);
    must(il_photos_list(&photos, (il_photos_opts){ .root = folder }, &e) == IL_OK && photos.count == 1);
    il_photo_info_cache_keep(folder, &photos, &facts);
    il_photos_free(&photos);
    must(il_file_list(&names, in("cache/inpaintlab"), &e) == IL_OK && names.count == 1);
    snprintf(facts_path, sizeof facts_path, "cache/inpaintlab/%.40s", names.list[0]);
    il_file_names_free(&names);
}

static void read_captions(const char *name, const uint8_t *data, size_t size)
{
    il_photos photos = { 0 };
    il_err e = { 0 };
    const char *path = fuzz_file(name, data, size);
    bool coco = strchr(name, '/') == NULL;
    int rc = il_photos_list(&photos, (il_photos_opts){ .root = photos_folder, .captions = coco ? path : NULL }, &e);
    fuzz_told(rc, &e);
    il_photos_free(&photos);
    remove(path);
}

static void read_description(const uint8_t *data, size_t size)
{
    il_made_by m = { 0 };
    il_err e = { 0 };
    fuzz_file("recipe.json", data, size);
    fuzz_told(il_made_by_read(&m, fuzz_folder(), "inpainted", &e), &e);
    il_made_by_free(&m);
    e = (il_err){ 0 };
    fuzz_told(il_build_seal_check(NULL, fuzz_folder(), "{}\n", 3, &e), &e);
}

static void read_facts(const uint8_t *data, size_t size)
{
    il_photo_info_cache *cache = NULL;
    il_photos photos = { 0 };
    il_photo_info facts = { 0 };
    il_err e = { 0 };
    fuzz_file(facts_path, data, size);
    must(il_photos_list(&photos, (il_photos_opts){ .root = photos_folder }, &e) == IL_OK);
    fuzz_told(il_photo_info_cache_open(&cache, photos_folder, &e), &e);
    if (cache && il_photo_info_cache_find(&facts, cache, &photos.list[0]))
        must(facts.width > 0 && facts.height > 0 && strlen(facts.sha256.hex) == 64);
    il_photo_info_cache_free(cache);
    il_photos_free(&photos);
}

static void read_pictures(const uint8_t *data, size_t size)
{
    enum { COUNT = 4 };
    static uint8_t pixels[12];
    il_digest key = il_sha256("", 0);
    const il_image image = { 2, 2, 3, pixels }, none = { 0 };
    il_disk_cache *cache = NULL;
    il_err e = { 0 };
    fuzz_file("some.pictures", data, size);
    int rc = il_disk_cache_open(&cache, "some", &key, COUNT, (il_disk_cache_opts){ .folder = fuzz_folder() }, &e);
    fuzz_told(rc, &e);
    for (size_t i = 0; !rc && i <= COUNT; i++) {
        bool found = false;
        il_cached p = { 0 };
        fuzz_told(il_disk_cache_get(&found, &p, cache, i, (il_band_wanted){ 0 }, &e), &e);
        must(!found || (p.first == 0 && p.image.height == p.height));
        il_image_free(&p.image);
        il_image_free(&p.mask);
    }
    if (!rc) {
        bool found = false;
        il_cached p = { 0 };
        il_disk_cache_put(cache, 1, &image, &none);
        fuzz_told(il_disk_cache_get(&found, &p, cache, 1, (il_band_wanted){ 0 }, &e), &e);
        il_image_free(&p.image);
        il_image_free(&p.mask);
    }
    il_disk_cache_free(cache);
}

static void read_photos(const uint8_t *data, size_t size)
{
    static const il_run *run; /* and its folder */
    il_source *source = NULL;
    il_err e = { 0 };
    if (!run)
        run = fuzz_run();
    fuzz_file("data/manifest.jsonl", data, size);
    must(il_source_open(&source, &run->dataset, "test", "realfake", IL_MISSING_REFUSE, &e) == IL_OK);
    fuzz_told(il_source_photos_read(source, &e), &e); /* a seal that is wrong is told */
    for (size_t i = 0; i < il_source_count(source); i++) {
        const char *hash = il_source_photo_hash(source, i);
        must(!hash || strlen(hash) == 0 || strlen(hash) == 64);
    }
    il_source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!photos_folder)
        set_up();
    if (size == 0)
        return 0;
    switch (data[0] % KINDS) {
    case CAPTION_TEXT: read_captions("photos/a.txt", data + 1, size - 1); break;
    case CAPTION_JSON: read_captions("photos/a.json", data + 1, size - 1); break;
    case CAPTIONS_COCO: read_captions("coco.json", data + 1, size - 1); break;
    case DESCRIPTION: read_description(data + 1, size - 1); break;
    case FACTS: read_facts(data + 1, size - 1); break;
    case PICTURES: read_pictures(data + 1, size - 1); break;
    default: read_photos(data + 1, size - 1); break;
    }
    return 0;
}
