/* augmented.c - the pictures that a training would see, by the loader that it reads them with. */
#include "base/text.h"
#include "loader/loader.h"
#include "loader/source_share.h"
#include "train/augmented.h"

/* An image of the batch. */
static int write_image(const il_augmented_opts *o, size_t number, const char *ending, const il_image *image, il_err *e)
{
    il_text path = { 0 };
    il_text_add(&path, "%s/%04zu%s.png", o->folder, number, ending);
    int rc = path.failed ? il_fail_oom(e) : il_image_write(image, path.data, e);
    il_text_free(&path);
    return rc;
}

static int write_one(FILE *to, const il_source *src, const il_run *run, const il_batch *b, int n, size_t number,
                     const il_augmented_opts *o, il_err *e)
{
    size_t area = (size_t)b->width * (size_t)b->height, at = (size_t)n * area;
    const il_image image = { b->width, b->height, 3, (uint8_t *)b->pixels + 3 * at }; /* written, not changed */
    const il_image mask = { b->width, b->height, 1, (uint8_t *)b->greys + at };
    il_text done = { 0 };
    int rc = write_image(o, number, "", &image, e);
    if (!rc)
        rc = write_image(o, number, ".mask", &mask, e);
    il_augment_show(&done, &run->training.augment, b->stream[n]);
    if (!rc && done.failed)
        rc = il_fail_oom(e);
    if (!rc)
        fprintf(to, "%04zu  %s  %s\n", number, il_source_at(src, b->index[n]).id, done.data);
    il_text_free(&done);
    return rc;
}

static int write_all(FILE *to, il_loader *l, const il_source *src, const il_run *run, const il_augmented_opts *o,
                     il_err *e)
{
    size_t number = 0;
    int more = 1, rc = il_loader_start(l, o->epoch, 0, e);
    while (!rc && more && number < o->count) {
        il_batch b;
        rc = il_loader_next(l, &b, &more, e);
        for (int n = 0; !rc && more && n < b.n && number < o->count; n++)
            rc = write_one(to, src, run, &b, n, ++number, o, e);
    }
    return rc;
}

int il_augmented_write(FILE *to, const il_run *run, const il_augmented_opts *o, il_err *e)
{
    static const float labels[256] = { 0 }; /* targets are not looked at */
    il_loader_opts opts = il_loader_of_training(run, il_loader_of_run(run, o->device, NULL));
    il_source *src = NULL;
    il_loader *l = NULL;
    int rc = il_source_open(&src, &run->dataset, "train", run->training.on, run->missing, e);
    if (!rc && run->validation_share > 0)
        rc = il_source_keep(src, run->validation_share, false, e);
    if (!rc && run->training.pairs)
        rc = il_source_pair(src, e);
    if (!rc)
        rc = il_loader_open(&l, src, labels, opts, e);
    if (!rc)
        rc = write_all(to, l, src, run, o, e);
    il_loader_free(l);
    il_source_free(src);
    return rc;
}
