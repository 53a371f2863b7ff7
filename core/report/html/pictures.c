/* pictures.c - the best, the median and the worst picture of each cell: photo, truth, score, overlay. */
#include <stdlib.h>
#include <string.h>
#include "image/heatmap.h"
#include "image/image_file.h"
#include "report/html/page_parts.h"

enum { OPEN_SETS = 8, SMALL = 200, MARKED = 128, QUALITY = 80 };
enum {
    SIDE = 512,
    BYTES = 2 << 20
}; /* of a kept picture: pixels, as schema/results.sql says, and what they may take */

/* Its header, after a look at its size: a small file may claim pixels for minutes of work. */
static int check(const il_blob *from, const char *what, il_err *e)
{
    const il_image_file file = { .path = what, .data = from->data, .size = from->size, .header_only = true };
    il_image size = { 0 };
    if (from->size > BYTES)
        return il_fail(e, IL_EFORMAT, "%s: %zu bytes; expected at most %d", what, from->size, BYTES);
    int rc = il_image_file_decode(&size, &file, e);
    if (!rc && (size.width > SIDE || size.height > SIDE))
        rc = il_fail(e, IL_EFORMAT, "%s: %d x %d pixels; expected at most %d x %d", what, size.width, size.height, SIDE,
                     SIDE);
    il_image_free(&size);
    return rc;
}

static int decode(il_image *out, const il_blob *from, const char *what, il_err *e)
{
    const il_image_file file = { .path = what, .data = from->data, .size = from->size };
    int rc = check(from, what, e);
    return rc ? rc : il_image_file_decode(out, &file, e);
}

/* The photo with what the detector marks. */
static int make_overlay(il_blob *out, il_image *photo, il_image *score, il_err *e)
{
    size_t pixels = (size_t)score->width * (size_t)score->height;
    if (photo->width != score->width || photo->height != score->height || score->channels != 1 || photo->channels != 3)
        return il_fail(e, IL_EFORMAT, "photo and score must have the same size");
    for (size_t i = 0; i < pixels; i++)
        score->pixels[i] = score->pixels[i] >= MARKED ? 255 : 0;
    int rc = il_heatmap_overlay(photo, score, e);
    return rc ? rc : il_image_webp_encode_lossy(&out->data, &out->size, photo, QUALITY, "overlay", e);
}

static void put_figure(il_text *t, const il_example *x, const il_blob *picture, const char *type, const char *label,
                       const char *what, const il_image *size)
{
    bool small = size->width < SMALL && size->height < SMALL;
    il_text_add(t, "<figure><img%s width=\"%d\" height=\"%d\" alt=\"", small ? " class=\"small\"" : "", size->width,
                size->height);
    il_html_text(t, x->id);
    il_text_add(t, ", %s\" src=\"", what);
    il_html_data(t, type, picture->data, picture->size);
    il_text_add(t, "\"><figcaption>%s</figcaption></figure>\n", label);
}

/* A picture that cannot be decoded is told of; the page goes on. */
static int put_example(il_text *t, const il_example *x, il_err *e)
{
    static const char *const names[] = { "Best", "Median", "Worst" };
    il_image photo = { 0 }, score = { 0 };
    il_blob overlay = { 0 };
    il_err why = { 0 };
    il_text_add(t, "<div class=\"rank\"><p><strong>%s</strong> ", names[x->rank]);
    il_html_text(t, x->id);
    il_text_add(t, ", IoU ");
    il_page_number(t, x->iou);
    il_text_add(t, "</p>\n");
    int rc = decode(&photo, &x->photo, "photo", &why);
    if (!rc)
        rc = decode(&score, &x->score, "score", &why);
    if (!rc)
        rc = check(&x->truth, "truth", &why);
    if (!rc)
        rc = make_overlay(&overlay, &photo, &score, &why);
    if (!rc) {
        il_text_add(t, "<div class=\"four\">\n");
        put_figure(t, x, &x->photo, "image/webp", "photo", "the picture that was tested", &photo);
        put_figure(t, x, &x->truth, "image/png", "truth", "the true mask, white where tampered", &photo);
        put_figure(t, x, &x->score, "image/png", "score", "the detector's score, white where sure", &photo);
        put_figure(t, x, &overlay, "image/webp", "overlay", "what the detector marks, over the picture", &photo);
        il_text_add(t, "</div>");
    } else if (rc != IL_ENOMEM) {
        il_text_add(t, "<p class=\"hole\">cannot be shown: ");
        il_html_text(t, why.message);
        il_text_add(t, "</p>");
        rc = IL_OK;
    }
    il_text_add(t, "</div>\n");
    free(overlay.data);
    il_image_free(&photo);
    il_image_free(&score);
    return rc ? il_fail_oom(e) : rc;
}

static int put_set(il_chapter *c, const il_matrix_cell *cell, const il_example *examples, size_t count, bool open,
                   il_err *e)
{
    int rc = IL_OK;
    il_text_add(c->t, "<details class=\"set\"%s><summary><h4>", open ? " open" : "");
    il_page_put_run(c, cell);
    il_text_add(c->t, " \xe2\x86\x92 ");
    il_html_text(c->t, cell->tested_on);
    if (c->m.nparts > 1) {
        il_text_add(c->t, " <span class=\"soft\">(");
        il_html_text(c->t, cell->tested_dataset);
        il_page_put_split(c->t, cell->split);
        il_text_add(c->t, ")</span>");
    }
    il_text_add(c->t, "</h4></summary>\n");
    for (size_t i = 0; i < count && !rc; i++)
        rc = put_example(c->t, &examples[i], e);
    il_text_add(c->t, "</details>\n");
    return rc;
}

/* How many measured cells with a defined IoU have no pictures kept. */
static void put_lack(il_chapter *c, size_t lacking, size_t sets)
{
    if (lacking && !sets)
        il_text_add(
            c->t,
            "<p>No pictures kept: these tests were made before pictures were. "
            "<code>inpaintlab run --examples GRID.yaml</code> keeps them now, from the weights, without training or testing"
            " again.</p>\n");
    else if (lacking)
        il_text_add(
            c->t,
            "<p class=\"note\">No pictures kept of %zu more cell%s; <code>inpaintlab run --examples GRID.yaml</code>"
            " keeps them.</p>\n",
            lacking, lacking == 1 ? "" : "s");
    else if (!sets)
        il_text_add(c->t, "<p class=\"soft\">No pictures kept: no picture's IoU is measured and defined.</p>\n");
}

int il_page_pictures(il_chapter *c, il_err *e)
{
    size_t sets = 0, lacking = 0;
    int rc = IL_OK;
    il_page_heading(c, "pictures", "Best, median and worst pictures");
    il_text_add(
        c->t,
        "<p>By each picture's IoU. Truth is the mask after the mask policy; in the overlay, pixels with a score above 0.5"
        " are tinted.</p>\n<div class=\"sets\">\n");
    for (size_t i = 0; i < c->m.count && !rc; i++) {
        il_example examples[IL_RANKS] = { 0 };
        size_t count = 0;
        if (!c->m.cells[i].done)
            continue;
        rc = il_store_examples(examples, &count, c->s, c->m.cells[i].test, e);
        if (!rc && count)
            rc = put_set(c, &c->m.cells[i], examples, count, sets < OPEN_SETS, e);
        sets += count > 0;
        lacking += count == 0 && c->pictures[i].defined > 0;
        il_store_examples_free(examples, count);
    }
    il_text_add(c->t, "</div>\n");
    put_lack(c, lacking, sets);
    return rc;
}
