/* on_the_fly.c - samples of one recipe asked for by several threads, alone and through a loader; and what another thread may
 * ask of the recipe meanwhile. */
#include "dataset/recipe.h"
#include "dataset/workshop.h"
#include "loader/loader.h"
#include "threads/threads.h"

enum { PHOTOS = 4, SAMPLES = 12 };

static const char *const kinds[] = { "fakefake", "realfake", "inpainted", "original" };

static size_t size_of(const il_image *i)
{
    return (size_t)i->width * (size_t)i->height * (size_t)i->channels;
}

struct studio {
    il_recipe *recipe;
    il_image expected[4][SAMPLES]; /* as one thread makes them */
};

static void paint(il_image *picture, il_recipe *r, int kind, int sample)
{
    char photo[300];
    il_image mask = { 0 };
    il_err e = { 0 };
    snprintf(photo, sizeof photo, "%s/photos/p%02d.png", work_folder, sample % PHOTOS);
    WORK_OK(il_recipe_fake(r, kinds[kind], photo, (uint64_t)sample, picture, &mask, &e), e);
    cr_assert_eq(mask.pixels != NULL, kind != 3);
    il_image_free(&mask);
}

static void ask(void *shared, int number)
{
    struct studio *s = shared;
    for (int k = 0; k < SAMPLES * 4; k++) {
        int kind = (k + number) % 4, sample = k % SAMPLES;
        il_image picture = { 0 };
        for (int i = 0; i < 4; i++)
            cr_assert(il_recipe_makes(s->recipe, kinds[i]), "%s is denied", kinds[i]);
        cr_assert(!il_recipe_makes(s->recipe, "mask"));
        paint(&picture, s->recipe, kind, sample);
        cr_assert_eq(size_of(&picture), size_of(&s->expected[kind][sample]));
        cr_assert(memcmp(picture.pixels, s->expected[kind][sample].pixels, size_of(&picture)) == 0, "%s %d",
                  kinds[kind], sample);
        il_image_free(&picture);
    }
}

/* The data set of recipes, through a loader. */
static void load(const char *recipe)
{
    il_registry *registry = NULL;
    il_err e = { 0 };
    il_choice fakes = { .label = "fakes" };
    il_source *source = NULL;
    il_loader *loader = NULL;
    float labels[256] = { 0 };
    int more = 1;
    size_t seen = 0;
    WORK_OK(il_registry_open(&registry, &e), e);
    WORK_OK(il_registry_find(&fakes.plugin, registry, IL_KIND_DATASET, "fakes", &e), e);
    WORK_OK(il_params_new(&fakes.params, fakes.plugin->params, &e), e);
    WORK_OK(il_params_set(fakes.params, "recipe", recipe, &e), e);
    WORK_OK(il_params_check(fakes.params, &e), e);
    WORK_OK(il_source_open(&source, &fakes, "train", "realfake+original", IL_MISSING_REFUSE, &e), e);
    il_loader_opts o = { .batch = 2, .size = 64, .crops = 1, .shuffle = true, .threads = THREADS };
    WORK_OK(il_loader_open(&loader, source, labels, o, &e), e);
    for (int epoch = 0; epoch < 4; epoch++) {
        WORK_OK(il_loader_start(loader, epoch, 0, &e), e);
        for (il_batch b; more; seen += more ? (size_t)b.n : 0)
            WORK_OK(il_loader_next(loader, &b, &more, &e), e);
        more = 1;
    }
    cr_assert_eq(seen, 4 * 2 * PHOTOS);
    WORK_OK(il_loader_start(loader, 0, 0, &e), e);
    il_loader_free(loader); /* while generators are at work */
    il_source_free(source);
    il_params_free(fakes.params);
    il_registry_free(registry);
}

int main(void)
{
    il_err e = { 0 };
    char text[2000];
    struct studio s = { 0 };
    stub_torch();
    work_open();
    setenv("XDG_CACHE_HOME", work_path("cache"), 1);
    work_photos(PHOTOS, 80, 72);
    snprintf(text, sizeof text,
             "recipe: test\nphotos: {root: %s/photos, size: 64}\nsplits: {train: %d}\n"
             "maskers: {name: rectangle, least: 16}\ninpaint: brush\nblur: 1\n",
             work_folder, PHOTOS);
    work_text("r.yaml", text);
    s.recipe = work_read(work_path("r.yaml"));
    WORK_OK(il_recipe_load(s.recipe, (il_device){ IL_DEVICE_CPU, 0 }, &e), e);
    for (int kind = 0; kind < 4; kind++)
        for (int i = 0; i < SAMPLES; i++)
            paint(&s.expected[kind][i], s.recipe, kind, i);
    at_once(ask, &s);
    load(work_path("r.yaml"));
    for (int kind = 0; kind < 4; kind++)
        for (int i = 0; i < SAMPLES; i++)
            il_image_free(&s.expected[kind][i]);
    il_recipe_free(s.recipe);
    work_close();
    return 0;
}
