/* pairs.c - data set: the layouts of IMDL-BenCo, a folder with Tp and Gt, or a JSON list of picture and mask.
 * params: root, the folder or the JSON file; split (test), which split these samples are; all: each of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <inpaintlab/folder.h>

struct pairs {
    char *root, *split;
};

static void pairs_close(void *self)
{
    struct pairs *d = self;
    if (d) {
        free(d->root);
        free(d->split);
    }
    free(d);
}

static int pairs_open(void **out, const il_params *p, il_err *e)
{
    struct pairs *d = calloc(1, sizeof *d);
    if (d) {
        d->root = strdup(il_params_text(p, "root"));
        d->split = strdup(il_params_text(p, "split"));
    }
    if (!d || !d->root || !d->split) {
        pairs_close(d);
        return il_fail_oom(e);
    }
    *out = d;
    return IL_OK;
}

static int pairs_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    const struct pairs *d = self;
    struct stat st;
    if (strcmp(d->split, "all") != 0 && strcmp(d->split, what.split) != 0)
        return il_fail(e, IL_EDATA, "%s: has no %s split; its samples belong to the %s split (setting split)", d->root,
                       what.split, d->split);
    if (stat(d->root, &st) == 0 && !S_ISDIR(st.st_mode))
        return il_folder_list(out, d->root, what.images, e);
    return il_folder_pairs(out, d->root, what.images, e);
}

static const il_param_spec params[] = {
    { .name = "root",
      .type = IL_PARAM_PATH,
      .help = "folder with Tp (tampered pictures) and Gt (masks), or a JSON list of pairs" },
    { .name = "split",
      .type = IL_PARAM_TEXT,
      .fallback = "test",
      .choices = "train|validation|test|all",
      .help = "which split the samples are; all: the same samples whatever split is asked" },
    { .name = "mask_channel",
      .type = IL_PARAM_TEXT,
      .fallback = "auto",
      .choices = "auto|red|green|blue|alpha",
      .help = "which channel of the masks is above 0 where a picture is inpainted; auto: the only one" },
    { .name = NULL },
};

static const il_dataset_ops ops = { .scan = pairs_scan };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "pairs",
    .revision = 1,
    .summary = "IMDL-BenCo's layouts: a folder with Tp and Gt, or a JSON list; images: tampered, original or all",
    .params = params,
    .open = pairs_open,
    .close = pairs_close,
    .dataset = &ops,
};
