/* make-quickstart.c - tiles of experiments/quickstart: masks, and what the two small generators make of 24 photos.
 *
 *     make-quickstart --photos DIR --weights-dir DIR -o OUT
 *
 * Writes OUT/{a,b}/{train,validation,test}/<photo>-<tile>.<kind>.webp. Photos 1-14 are for training, 15-18 for
 * validation, 19-24 for testing. Both generators see the same photos and masks. Tiles that are there are kept. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <inpaintlab/image.h>
#include <inpaintlab/layers.h>
#include "generator.h"
#include "patch_hole.h"

enum { PHOTOS = 24, TILE = 256, LEAST = 64, PLANE = TILE * TILE, NAME = 1024 };

/* Raise when the tiles change for the same photos and weights. */
#define REVISION 1

enum kind { ORIGINAL, MASK, INPAINTED, REALFAKE, FAKEFAKE, KINDS };
static const char *const kind_names[KINDS] = { "original", "mask", "inpainted", "realfake", "fakefake" };
static const char *const generator_names[] = { "a", "b" };

struct tile {
    il_image kinds[KINDS];
    il_image mask;    /* blurred, one channel */
    il_image patched; /* the original, its hole filled by patch_hole */
    il_image decoded; /* the autoencoder's reconstruction of the whole tile */
};

struct options { const char *photos, *weights, *out; };

struct job {
    struct options opts;
    const char *name; /* "a" or "b" */
    generator *net;
    long made;
};

/* ---- numbers that are the same everywhere ---- */

/* FNV-1a, 64 bits */
static uint64_t hash(uint64_t h, const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001b3u;
    return h;
}
#define HASH_START 0xcbf29ce484222325u

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* uniform in [0,1) */
static double random_unit(uint64_t *state)
{
    return (double)(random_bits(state) >> 11) * 0x1p-53;
}

/* ---- masks ---- */

static int clip(double v)
{
    return v < 0 ? 0 : v > TILE ? TILE : (int)lround(v);
}

/* The random rectangle of the paper's Dataset 1, for this tile size; blurred. */
static int make_mask(il_image *out, const char *id, il_err *e)
{
    uint64_t state = hash(HASH_START, id, strlen(id));
    double x = LEAST / 2.0 + random_unit(&state) * (TILE - LEAST);
    double y = LEAST / 2.0 + random_unit(&state) * (TILE - LEAST);
    double w = round(random_unit(&state) * (TILE / 2.0 - LEAST)) + LEAST;
    double h = round(random_unit(&state) * (TILE / 2.0 - LEAST)) + LEAST;

    il_image sharp = { 0 };
    int rc = il_image_new(&sharp, TILE, TILE, 1, e);
    if (rc)
        return rc;
    memset(sharp.pixels, 0, PLANE);
    int left = clip(x - w / 2), right = clip(x + w / 2);
    for (int row = clip(y - h / 2), end = clip(y + h / 2); row < end; row++)
        memset(sharp.pixels + (ptrdiff_t)row * TILE + left, 255, (size_t)(right - left));
    rc = il_image_blur(out, &sharp, 3, e);
    il_image_free(&sharp);
    return rc;
}

/* ---- pictures and tensors ---- */

static il_tensor *from_image(il_scope *s, const il_image *image)
{
    static const int64_t shape[] = { 1, TILE, TILE, 3 };
    static const int order[] = { 0, 3, 1, 2 };
    il_tensor *t = il_from_bytes(s, image->pixels, IL_U8, 4, shape);
    return il_affine(s, il_permute(s, il_to(s, t, IL_F32), 4, order), 1.0 / 255, 0);
}

static il_tensor *hard_mask(il_scope *s, const il_image *mask)
{
    static const int64_t shape[] = { 1, 1, TILE, TILE };
    il_tensor *t = il_from_bytes(s, mask->pixels, IL_U8, 4, shape);
    return il_greater(s, il_to(s, t, IL_F32), 254.5);
}

/* t (1,3,TILE,TILE) in [0,1] */
static int to_image(il_image *out, il_scope *s, il_tensor *t, il_err *e)
{
    static const int order[] = { 0, 2, 3, 1 };
    il_tensor *rows = il_affine(s, il_permute(s, t, 4, order), 255, 0);
    int rc = il_scope_status(s, e);
    if (rc)
        return rc;
    float *values = malloc(sizeof *values * (size_t)PLANE * 3);
    if (!values)
        return il_fail_oom(e);
    rc = il_read_f32(rows, values, (size_t)PLANE * 3, e);
    if (!rc)
        rc = il_image_new(out, TILE, TILE, 3, e);
    for (int i = 0; !rc && i < PLANE * 3; i++)
        out->pixels[i] = (uint8_t)lrintf(values[i]);
    free(values);
    return rc;
}

/* ---- one tile ---- */

static int generate(struct tile *t, const generator *net, il_err *e)
{
    il_scope *s = NULL;
    int rc = il_scope_open(&s, (il_scope_opts){ .device = { IL_CPU, 0 } }, e);
    if (rc)
        return rc;
    il_tensor *inpainted = generator_inpaint(s, net, from_image(s, &t->patched), hard_mask(s, &t->mask));
    rc = to_image(&t->kinds[INPAINTED], s, inpainted, e);
    if (!rc)
        rc = to_image(&t->decoded, s, generator_reconstruct(s, net, from_image(s, &t->kinds[ORIGINAL])), e);
    il_scope_close(s);
    return rc;
}

/* The original is there; makes the rest. */
static int make_tile(struct tile *t, const generator *net, const char *id, il_err *e)
{
    il_image *k = t->kinds;
    int rc;
    if ((rc = make_mask(&t->mask, id, e)) ||
        (rc = il_image_to_rgb(&k[MASK], &t->mask, e)) ||
        (rc = il_image_to_rgb(&t->patched, &k[ORIGINAL], e)))
        return rc;
    patch_hole(&t->patched, &t->mask);
    if ((rc = generate(t, net, e)) ||
        (rc = il_image_composite(&k[REALFAKE], &k[INPAINTED], &k[ORIGINAL], &t->mask, e)))
        return rc;
    return il_image_composite(&k[FAKEFAKE], &t->decoded, &k[ORIGINAL], &t->mask, e);
}

static void free_tile(struct tile *t)
{
    for (int i = 0; i < KINDS; i++)
        il_image_free(&t->kinds[i]);
    il_image_free(&t->mask);
    il_image_free(&t->patched);
    il_image_free(&t->decoded);
}

static const char *split_of(int photo)
{
    return photo <= 14 ? "train" : photo <= 18 ? "validation" : "test";
}

static il_name_buf tile_id(int photo, int tile)
{
    return il_name("%02d-%d", photo, tile);
}

/* IL_EPARAM when OUT is too long a name. */
static int tile_path(char out[NAME], const struct job *job, int photo, int tile, enum kind kind, il_err *e)
{
    int n = snprintf(out, NAME, "%s/%s/%s/%s.%s.webp", job->opts.out, job->name, split_of(photo),
                     tile_id(photo, tile).text, kind_names[kind]);
    return n < NAME ? IL_OK : il_fail(e, IL_EPARAM, "the name of the output folder is too long");
}

static bool tile_is_there(const struct job *job, int photo, int tile)
{
    char path[NAME];
    for (int k = 0; k < KINDS; k++)
        if (tile_path(path, job, photo, tile, (enum kind)k, NULL) || access(path, F_OK))
            return false;
    return true;
}

static int write_tile(struct job *job, const il_image *photo, int number, int tile, il_err *e)
{
    struct tile t = { 0 };
    char path[NAME];
    int across = photo->width / TILE;
    int rc = il_image_crop(&t.kinds[ORIGINAL], photo, tile % across * TILE, tile / across * TILE, TILE, TILE, e);
    if (!rc)
        rc = make_tile(&t, job->net, tile_id(number, tile).text, e);
    for (int k = 0; !rc && k < KINDS; k++) {
        rc = tile_path(path, job, number, tile, (enum kind)k, e);
        if (!rc)
            rc = il_image_write(&t.kinds[k], path, e);
    }
    free_tile(&t);
    job->made += !rc;
    return rc;
}

/* ---- all of them ---- */

static int write_photo(struct job *job, int number, il_err *e)
{
    il_image photo = { 0 }, rgb = { 0 };
    char path[NAME];
    snprintf(path, sizeof path, "%s/%02d.png", job->opts.photos, number);
    int rc = il_image_read(&photo, path, e);
    if (!rc)
        rc = il_image_to_rgb(&rgb, &photo, e);
    if (!rc && (rgb.width % TILE || rgb.height % TILE))
        rc = il_fail(e, IL_EDATA, "%s: %dx%d cannot be cut into tiles of %d", path, rgb.width, rgb.height, TILE);
    for (int tile = 0; !rc && tile < rgb.width / TILE * (rgb.height / TILE); tile++)
        if (!tile_is_there(job, number, tile))
            rc = write_tile(job, &rgb, number, tile, e);
    il_image_free(&rgb);
    il_image_free(&photo);
    return rc;
}

static int make_folder(const char *format, const char *a, const char *b, const char *c, il_err *e)
{
    char path[NAME];
    snprintf(path, sizeof path, format, a, b, c);
    if (mkdir(path, 0777) && errno != EEXIST)
        return il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    return IL_OK;
}

static int write_generator(struct job *job, il_err *e)
{
    char path[NAME];
    snprintf(path, sizeof path, "%s/generator-%s.safetensors", job->opts.weights, job->name);
    int rc = generator_read(&job->net, path, e);
    if (!rc)
        rc = make_folder("%s/%s", job->opts.out, job->name, "", e);
    static const int first[] = { 1, 15, 19 }; /* of each split */
    for (int i = 0; !rc && i < 3; i++)
        rc = make_folder("%s/%s/%s", job->opts.out, job->name, split_of(first[i]), e);
    for (int number = 1; !rc && number <= PHOTOS; number++) {
        rc = write_photo(job, number, e);
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\rgenerator %s: photo %d of %d%s", job->name, number, PHOTOS, number < PHOTOS && !rc ? "" : "\n");
    }
    generator_free(job->net);
    return rc;
}

/* ---- the stamp: what the tiles were made of, and whether all are there ---- */

static int hash_file(uint64_t *h, const char *path, il_err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, f));)
        *h = hash(*h, block, n);
    int bad = ferror(f);
    fclose(f);
    return bad ? il_fail(e, IL_EIO, "%s: cannot be read", path) : IL_OK;
}

static int describe(il_name_buf *out, const struct options *o, il_err *e)
{
    uint64_t h = HASH_START;
    char path[NAME];
    int rc = IL_OK;
    for (int i = 0; !rc && i < 2; i++) {
        snprintf(path, sizeof path, "%s/generator-%s.safetensors", o->weights, generator_names[i]);
        rc = hash_file(&h, path, e);
    }
    for (int i = 1; !rc && i <= PHOTOS; i++) {
        snprintf(path, sizeof path, "%s/%02d.png", o->photos, i);
        rc = hash_file(&h, path, e);
    }
    *out = il_name("quickstart %d %016llx", REVISION, (unsigned long long)h);
    return rc;
}

/* found: whether the file holds `text`. A file that holds anything else is an error. */
static int check_stamp(bool *found, const char *path, const char *text, il_err *e)
{
    char line[200] = "";
    *found = false;
    FILE *f = fopen(path, "r");
    if (!f)
        return errno == ENOENT ? IL_OK : il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    *found = fgets(line, sizeof line, f) && !strncmp(line, text, strlen(text));
    fclose(f);
    return *found ? IL_OK : il_fail(e, IL_EDATA, "%s: made of other photos or weights; remove the folder first", path);
}

static int write_stamp(const char *path, const char *text, il_err *e)
{
    char temporary[NAME + 8];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *f = fopen(temporary, "w");
    bool ok = f && fprintf(f, "%s\n", text) > 0;
    if (f && fclose(f))
        ok = false;
    if (!ok || rename(temporary, path))
        return il_fail(e, IL_EIO, "%s: %s", path, strerror(errno));
    return IL_OK;
}

static int make_quickstart(const struct options *o, il_err *e)
{
    char begun[NAME], complete[NAME];
    snprintf(begun, sizeof begun, "%s/begun", o->out);
    int n = snprintf(complete, sizeof complete, "%s/complete", o->out);
    if (n >= NAME || strlen(o->photos) > NAME - 64 || strlen(o->weights) > NAME - 64)
        return il_fail(e, IL_EPARAM, "the name of a folder is too long");

    il_name_buf text;
    bool found;
    int rc;
    if ((rc = describe(&text, o, e)) || (rc = check_stamp(&found, complete, text.text, e)) || found)
        return rc;
    if ((rc = make_folder("%s", o->out, "", "", e)) || (rc = check_stamp(&found, begun, text.text, e)))
        return rc;
    if (!found && (rc = write_stamp(begun, text.text, e)))
        return rc;
    long made = 0;
    for (int i = 0; !rc && i < 2; i++) {
        struct job job = { .opts = *o, .name = generator_names[i] };
        rc = write_generator(&job, e);
        made += job.made;
    }
    if (!rc)
        rc = write_stamp(complete, text.text, e);
    if (!rc)
        printf("%ld tiles made in %s\n", made, o->out);
    return rc;
}

static int read_options(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        const char **slot = !strcmp(argv[i], "--photos") ? &o->photos
                          : !strcmp(argv[i], "--weights-dir") ? &o->weights
                          : !strcmp(argv[i], "-o") ? &o->out : NULL;
        if (!slot || i + 1 == argc || *slot)
            return IL_EUSAGE;
        *slot = argv[i + 1];
    }
    return o->photos && o->weights && o->out ? IL_OK : IL_EUSAGE;
}

int main(int argc, char **argv)
{
    struct options o = { 0 };
    il_err e = { 0 };
    if (read_options(&o, argc, argv)) {
        fputs("usage: make-quickstart --photos DIR --weights-dir DIR -o OUT\n", stderr);
        return 2;
    }
    il_torch_init();
    if (make_quickstart(&o, &e)) {
        fprintf(stderr, "make-quickstart: %s\n", e.message);
        return 1;
    }
    return 0;
}
