/* test_perceptual_hash.c - the perceptual hash against Pillow and scipy, and near pairs against comparing every pair. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <inpaintlab/random.h>
#include "image/perceptual_hash.h"

enum { PHOTOS = 24 };

static int bits_between(uint64_t a, uint64_t b)
{
    int n = 0;
    for (uint64_t x = a ^ b; x; x >>= 1)
        n += x & 1;
    return n;
}

static il_image read_photo(const char *folder, int number, const char *ending)
{
    char path[500];
    il_image image = { 0 };
    il_err e = { 0 };
    snprintf(path, sizeof path, "%s/%02d.%s", folder, number, ending);
    cr_assert_eq(il_image_read(&image, path, &e), IL_OK, "%s", e.message);
    return image;
}

static uint64_t hash_of(const il_image *image)
{
    uint64_t hash = 0;
    il_err e = { 0 };
    cr_assert_eq(il_perceptual_hash_of(&hash, image, &e), IL_OK, "%s", e.message);
    return hash;
}

static uint64_t hash_photo(const char *folder, int number, const char *ending)
{
    il_image image = read_photo(folder, number, ending);
    uint64_t hash = hash_of(&image);
    il_image_free(&image);
    return hash;
}

#define KODAK SOURCE_DIR "/experiments/quickstart/photos"

Test(twins, hashes_are_those_of_scipy)
{
    json_t *root = json_load_file(TEST_DATA "/twins/hashes.json", 0, NULL);
    cr_assert(root && json_object_size(root) == PHOTOS + 1);
    for (int i = 1; i <= PHOTOS; i++) {
        char name[16], got[17];
        snprintf(name, sizeof name, "%02d.png", i);
        snprintf(got, sizeof got, "%016" PRIx64, hash_photo(KODAK, i, "png"));
        cr_expect_str_eq(got, json_string_value(json_object_get(root, name)), "%s: %s", name, got);
    }
    il_image flat = { 0 };
    char got[17];
    cr_assert_eq(il_image_new(&flat, 40, 30, 3, NULL), IL_OK);
    for (int i = 0; i < 40 * 30 * 3; i++)
        flat.pixels[i] = 90;
    snprintf(got, sizeof got, "%016" PRIx64, hash_of(&flat));
    cr_expect_str_eq(got, json_string_value(json_object_get(root, "flat")));
    il_image_free(&flat);
    json_decref(root);
}

Test(twins, different_photos_are_far)
{
    uint64_t hashes[PHOTOS + 1];
    int least = 64;
    for (int i = 1; i <= PHOTOS; i++)
        hashes[i] = hash_photo(KODAK, i, "png");
    for (int a = 1; a <= PHOTOS; a++)
        for (int b = a + 1; b <= PHOTOS; b++) {
            int distance = bits_between(hashes[a], hashes[b]);
            cr_expect_gt(distance, 2 * IL_TWINS_NEAR, "photos %d and %d differ in %d bits", a, b, distance);
            least = distance < least ? distance : least;
        }
    printf("nearest two of %d photos: %d bits\n", PHOTOS, least);
}

Test(twins, the_same_photo_smaller_or_recompressed_is_near)
{
    int most = 0;
    for (int i = 1; i <= PHOTOS; i += 5) {
        il_image photo = read_photo(KODAK, i, "png"), small = { 0 };
        uint64_t hash = hash_of(&photo);
        int distance = bits_between(hash, hash_photo(TEST_DATA "/twins", i, "jpg"));
        cr_expect_leq(distance, IL_TWINS_NEAR, "photo %d, a third as large, JPEG at 35: %d bits", i, distance);
        most = distance > most ? distance : most;
        cr_assert_eq(il_image_resize(&small, &photo, 200, 200, NULL), IL_OK);
        distance = bits_between(hash, hash_of(&small));
        cr_expect_leq(distance, IL_TWINS_NEAR, "photo %d resized to 200x200: %d bits", i, distance);
        most = distance > most ? distance : most;
        il_image_free(&small);
        il_image_free(&photo);
    }
    printf("farthest copy: %d bits\n", most);
}

/* Every pair compared; as many as there are. */
static size_t all_pairs(il_perceptual_hash_pair *out, const uint64_t *hashes, size_t n, int most)
{
    size_t count = 0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++) {
            int distance = bits_between(hashes[a], hashes[b]);
            if (distance <= most)
                out[count++] = (il_perceptual_hash_pair){ a, b, distance };
        }
    return count;
}

enum { HASHES = 1000 };
static uint64_t hashes[HASHES];
static il_perceptual_hash_pair expected[HASHES * HASHES / 2];

/* Random ones; every fifth is an earlier one with a few bits turned over. */
static void make_hashes(void)
{
    uint64_t state = 7;
    for (size_t i = 0; i < HASHES; i++) {
        hashes[i] = il_random_bits(&state);
        if (i % 5 == 4) {
            hashes[i] = hashes[il_random_bits(&state) % i];
            for (uint64_t flips = il_random_bits(&state) % 12; flips-- > 0;)
                hashes[i] ^= UINT64_C(1) << il_random_bits(&state) % 64;
        }
    }
}

Test(twins, finds_exactly_the_near_pairs, .init = make_hashes)
{
    static const int distances[] = { -1, 0, 1, 4, 7, 8, 20, 64 };
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        il_perceptual_hash_pair *list = NULL;
        size_t count = 0, wanted = all_pairs(expected, hashes, HASHES, distances[i]);
        int more = 1;
        il_err e = { 0 };
        cr_assert_eq(il_perceptual_hash_pairs(&list, &count, &more, hashes, HASHES, distances[i], SIZE_MAX, &e), IL_OK);
        cr_expect_eq(more, 0);
        cr_assert_eq(count, wanted, "distance %d: %zu of %zu", distances[i], count, wanted);
        for (size_t k = 0; k < count; k++)
            cr_assert(list[k].a == expected[k].a && list[k].b == expected[k].b &&
                          list[k].distance == expected[k].distance,
                      "distance %d, pair %zu", distances[i], k);
        if (distances[i] == IL_TWINS_NEAR)
            cr_assert_gt(count, 50, "the set holds near pairs");
        free(list);
    }
}

Test(twins, keeps_the_first_pairs, .init = make_hashes)
{
    il_perceptual_hash_pair *list = NULL;
    size_t count = 0, all = all_pairs(expected, hashes, HASHES, 4);
    const size_t limits[] = { 0, 1, 17, all - 1, all, all + 1 };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        int more = -1;
        cr_assert_eq(il_perceptual_hash_pairs(&list, &count, &more, hashes, HASHES, 4, limits[i], NULL), IL_OK);
        cr_expect_eq(count, limits[i] < all ? limits[i] : all);
        cr_expect_eq(more, limits[i] < all, "limit %zu of %zu", limits[i], all);
        for (size_t k = 0; k < count; k++)
            cr_assert(list[k].a == expected[k].a && list[k].b == expected[k].b, "limit %zu, pair %zu", limits[i], k);
        free(list);
        list = NULL;
    }
    cr_assert_eq(il_perceptual_hash_pairs(&list, &count, NULL, NULL, 0, 4, 10, NULL), IL_OK);
    cr_expect_eq(count, 0);
    cr_expect_null(list);
    cr_assert_eq(il_perceptual_hash_pairs(&list, &count, NULL, hashes, 1, 4, 10, NULL), IL_OK);
    cr_expect_eq(count, 0);
}
