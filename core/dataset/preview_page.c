/* preview_page.c - the preview's HTML. Everything is embedded: style, histogram, images. No script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/html.h"
#include "dataset/preview.h"
#include "image/codec.h"

static const char style[] =
    ":root{color-scheme:light dark;--ground:#fbfbfa;--card:#fff;--line:#d9d9d6;--text:#1c1c1a;--soft:#5f5f5a;--bar:#2f6fb5}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#161618;--card:#1f1f22;--line:#3a3a3e;--text:#ececea;--soft:#a5a5a0;"
    "--bar:#6ea8e6}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:1500px;padding:1rem;background:var(--ground);color:var(--text);"
    "font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.5rem;line-height:1.2;margin:.5rem 0}\n"
    "h2{font-size:1.05rem;margin:0 0 .6rem}\n"
    "p{margin:.3rem 0 1rem;color:var(--soft)}\n"
    ".summary{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;align-items:flex-start;margin-bottom:1.2rem}\n"
    ".scroll{overflow-x:auto;max-width:100%}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
    "th,td{padding:.15rem .7rem;border-bottom:1px solid var(--line);text-align:right;font-weight:400}\n"
    "th:first-child{text-align:left;padding-left:0}\n"
    "thead th,tbody th{color:var(--soft)}\n"
    ".areas{margin:0;flex:1 1 18rem;max-width:30rem}\n"
    ".areas figcaption{color:var(--soft);font-size:.85rem}\n"
    "svg{display:block;width:100%;height:auto}\n"
    "svg rect{fill:var(--bar)}\n"
    "svg line{stroke:var(--line)}\n"
    "svg text{fill:var(--soft);font:11px system-ui,sans-serif}\n"
    "article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.9rem;margin-bottom:1rem;"
    "break-inside:avoid}\n"
    "article h2 span{color:var(--soft);font-weight:400}\n"
    ".row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(9.5rem,46%),1fr));gap:.6rem;"
    "max-width:calc(var(--count)*(320px + .6rem))}\n"
    ".row figure{margin:0;max-width:320px}\n"
    ".row img{display:block;width:100%;height:auto;background:var(--line)}\n"
    ".row img.small{image-rendering:pixelated}\n"
    ".row figcaption{color:var(--soft);font-size:.85rem;padding-top:.15rem}\n"
    ".broken{border:1px dashed var(--line);padding:.6rem;font-size:.85rem;min-height:6rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:.7rem 0 0;font-size:.9rem}\n"
    "dt{color:var(--soft)}\n"
    "dd{margin:0}\n"
    "code{font-size:.92em}\n"
    "@media(max-width:34rem){body{padding:.6rem}"
    "dl{grid-template-columns:fit-content(6.5rem) 1fr}}\n"
    "@media print{:root{--ground:#fff;--card:#fff;--line:#bbb;--text:#000;--soft:#444}body{font-size:11px;padding:0}"
    ".row{grid-template-columns:repeat(6,1fr)}article{padding:.5rem}}\n";

const char *il_preview_label(const il_preview *p, int kind)
{
    bool splits = p->listing.layout == IL_LAYOUT_SPLITS;
    return splits || (kind != IL_ORIGINAL && kind != IL_REALFAKE) ? il_picture_kinds[kind]
           : kind == IL_ORIGINAL                                  ? "authentic"
                                                                  : "tampered";
}

/* ---- texts ---- */

static void add_fact(il_text *t, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    il_text_add(t, "<dt>%s</dt><dd>", name);
    il_html_text(t, text);
    il_text_add(t, "</dd>\n");
}

/* Both texts with `between` as separator, or the one that is there. */
static void add_two(il_text *t, const char *name, const char *first, const char *between, const char *second)
{
    il_text both = { 0 };
    il_text_add(&both, "%s%s%s", first ? first : "", first && second ? between : "", second ? second : "");
    add_fact(t, name, both.data);
    t->failed = t->failed || both.failed;
    il_text_free(&both);
}

static void add_photo(il_text *t, const il_sample *line)
{
    char tile[32];
    snprintf(tile, sizeof tile, "tile %d", line->tile);
    add_two(t, "photo", line->photo, ", ", line->tile >= 0 ? tile : NULL);
}

/* "NAME, files 0123456789ab…" */
static void add_maker(il_text *t, const char *name, const char *maker, const char *sha256)
{
    if (!maker && !sha256)
        return;
    il_text_add(t, "<dt>%s</dt><dd>", name);
    il_html_text(t, maker ? maker : "unnamed");
    if (sha256)
        il_text_add(t, ", files <code title=\"%s\">%.12s\xe2\x80\xa6</code>", sha256, sha256); /* hex digits only */
    il_text_add(t, "</dd>\n");
}

/* ---- the head ---- */

/* Kinds that the layout knows; of those after the paper's, only such as there are files of. */
static bool is_told(const il_preview *p, int kind)
{
    bool any = kind < IL_PUBLISHED_KINDS;
    for (int s = 0; s < IL_LISTING_GROUPS; s++)
        any = any || p->files[s][kind];
    return any && (p->listing.layout == IL_LAYOUT_SPLITS || (kind != IL_INPAINTED && kind != IL_FAKEFAKE));
}

/* Splits side by side: the table stays narrow enough for a phone. */
static void add_counts(il_text *t, const il_preview *p)
{
    il_text_add(t, "<div class=\"scroll\"><table>\n<thead><tr><td></td>");
    for (int s = 0; s < IL_LISTING_GROUPS; s++)
        if (p->samples[s])
            il_text_add(t, "<th scope=\"col\">%s</th>", il_listing_groups[s]);
    il_text_add(t, "</tr></thead>\n<tbody>\n");
    for (int k = -1; k < IL_PICTURE_KINDS; k++) {
        if (k >= 0 && !is_told(p, k))
            continue;
        il_text_add(t, "<tr><th scope=\"row\">%s</th>", k < 0 ? "samples" : il_preview_label(p, k));
        for (int s = 0; s < IL_LISTING_GROUPS; s++)
            if (p->samples[s])
                il_text_add(t, "<td>%zu</td>", k < 0 ? p->samples[s] : p->files[s][k]);
        il_text_add(t, "</tr>\n");
    }
    il_text_add(t, "</tbody></table></div>\n");
}

/* 400 x 130; bars stand on y = 100. */
static void add_histogram(il_text *t, const il_preview *p)
{
    size_t most = 1;
    for (int b = 0; b < IL_PREVIEW_BINS; b++)
        most = p->bins[b] > most ? p->bins[b] : most;
    il_text_add(
        t, "<figure class=\"areas\"><svg viewBox=\"0 0 400 130\" role=\"img\" aria-label=\"Histogram of mask areas: ");
    for (int b = 0; b < IL_PREVIEW_BINS; b++)
        if (p->bins[b])
            il_text_add(t, "%d to %d %%: %zu; ", b * 100 / IL_PREVIEW_BINS, (b + 1) * 100 / IL_PREVIEW_BINS,
                        p->bins[b]);
    il_text_add(t, "\">\n<text x=\"0\" y=\"10\">%zu</text>\n", most);
    for (int b = 0; b < IL_PREVIEW_BINS; b++) {
        int height = (int)((p->bins[b] * 84 + most - 1) / most); /* so that a single mask is visible */
        if (height)
            il_text_add(t,
                        "<rect x=\"%d\" y=\"%d\" width=\"18\" height=\"%d\"><title>%d to %d %%: %zu</title></rect>\n",
                        b * 20 + 1, 100 - height, height, b * 100 / IL_PREVIEW_BINS, (b + 1) * 100 / IL_PREVIEW_BINS,
                        p->bins[b]);
    }
    il_text_add(t, "<line x1=\"0\" y1=\"100.5\" x2=\"400\" y2=\"100.5\"/>\n");
    for (int tick = 0; tick <= 4; tick++)
        il_text_add(t, "<text x=\"%d\" y=\"116\" text-anchor=\"%s\">%d %%</text>\n", tick * 100,
                    tick == 0   ? "start"
                    : tick == 4 ? "end"
                                : "middle",
                    tick * 25);
    il_text_add(t, "</svg><figcaption>Area of the masks (grey above 0), %zu %s</figcaption></figure>\n", p->areas,
                p->from_manifest ? "of the manifest"
                : p->areas == 1  ? "mask"
                                 : "masks");
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

void il_preview_begin(il_text *t, const il_preview *p)
{
    static const char *const layouts[] = { "the paper's layout", "a folder pair", "a JSON list" };
    il_text_add(t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    il_html_text(t, last_part(p->opts.path));
    il_text_add(t, ": samples</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>", style);
    il_html_text(t, last_part(p->opts.path));
    il_text_add(t, "</h1>\n<p>%zu of %zu samples, drawn with seed %llu%s%s; %s%s</p>\n", p->chosen_count,
                p->listing.count, (unsigned long long)p->opts.seed, p->opts.split ? " from " : "",
                p->opts.split ? p->opts.split : "", layouts[p->listing.layout],
                p->has_manifest ? " with a manifest" : "");
    il_text_add(t, "<div class=\"summary\">\n");
    add_counts(t, p);
    if (p->areas)
        add_histogram(t, p);
    il_text_add(t, "</div>\n</header>\n<main>\n");
}

void il_preview_end(il_text *t, const il_preview *p)
{
    (void)p;
    il_text_add(t, "</main>\n</body>\n</html>\n");
}

/* ---- samples ---- */

static int add_image(il_text *t, const char *id, const il_preview_picture *p, il_err *e)
{
    uint8_t *data = NULL;
    size_t size = 0;
    int rc = il_image_webp_encode(&data, &size, &p->image, p->label, e);
    if (rc)
        return rc;
    bool small = p->image.width < 160 && p->image.height < 160;
    il_text_add(t, "<img%s width=\"%d\" height=\"%d\" alt=\"", small ? " class=\"small\"" : "", p->image.width,
                p->image.height);
    il_html_text(t, id);
    il_text_add(t, ", %s: %s\" src=\"", p->label, p->what);
    il_html_data(t, "image/webp", data, size);
    il_text_add(t, "\">");
    free(data);
    return IL_OK;
}

static int add_figure(il_text *t, const char *id, const il_preview_picture *p, il_err *e)
{
    int rc = IL_OK;
    il_text_add(t, "<figure>");
    if (p->image.pixels) {
        rc = add_image(t, id, p, e);
    } else {
        il_text_add(t, "<div class=\"broken\">cannot be read: ");
        il_html_text(t, p->why);
        il_text_add(t, "</div>");
    }
    il_text_add(t, "<figcaption>%s</figcaption></figure>\n", p->label);
    return rc;
}

static void add_facts(il_text *t, const il_preview_facts *f)
{
    il_text_add(t, "<dl>\n");
    if (f->area >= 0)
        il_text_add(t, "<dt>mask</dt><dd>%.1f %% of the pixels touched, %.1f %% painted</dd>\n", 100 * f->area,
                    100 * f->core);
    const il_sample *line = f->line;
    if (line) {
        add_two(t, "rule", line->masker, ": ", line->rule);
        add_photo(t, line);
        add_fact(t, "prompt", line->prompt);
        add_maker(t, "inpainted by", line->inpainted_by, line->inpainted_sha256);
        add_maker(t, "reconstructed by", line->reconstructed_by, line->reconstructed_sha256);
        il_text_add(t, "<dt>seed</dt><dd>%llu</dd>\n", (unsigned long long)line->seed);
    }
    il_text_add(t, "</dl>\n");
}

int il_preview_sample(il_text *t, const il_preview_facts *facts, const il_preview_picture *pictures, size_t count,
                      il_err *e)
{
    int rc = IL_OK;
    il_text_add(t, "<article>\n<h2>");
    il_html_text(t, facts->id);
    il_text_add(t, " <span>%s</span></h2>\n<div class=\"row\" style=\"--count:%zu\">\n", facts->split, count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = add_figure(t, facts->id, &pictures[i], e);
    il_text_add(t, "</div>\n");
    add_facts(t, facts);
    il_text_add(t, "</article>\n");
    return rc;
}
