/* dataset2.c - data set: Dataset 2's layout (that of Dataset 1), its inpainted subset, and its union with Dataset 1.
 * params: root, the folder that holds the splits; subset (all), `inpainted` keeps the ids that have an inpainted picture;
 * with (""), the root of a Dataset 1 whose samples are added. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/folder.h>

struct dataset2 {
    char *root, *with;
    const char *having; /* il_folder's */
};

static void dataset2_close(void *self)
{
    struct dataset2 *d = self;
    if (d) {
        free(d->root);
        free(d->with);
    }
    free(d);
}

static int dataset2_open(void **out, const il_params *p, il_err *e)
{
    struct dataset2 *d = calloc(1, sizeof *d);
    if (d) {
        d->root = strdup(il_params_text(p, "root"));
        d->with = strdup(il_params_text(p, "with"));
        d->having = strcmp(il_params_text(p, "subset"), "inpainted") == 0 ? "inpainted" : NULL;
    }
    if (!d || !d->root || !d->with) {
        dataset2_close(d);
        return il_fail_oom(e);
    }
    *out = d;
    return IL_OK;
}

/* Dataset 1 has neither original nor inpainted pictures, so its part of the union may be empty. */
static int dataset2_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    const struct dataset2 *d = self;
    int rc = il_folder_scan(out, (il_folder){ .root = d->root, .having = d->having }, what, e);
    if (!rc && *d->with)
        rc = il_folder_scan(out, (il_folder){ .root = d->with, .having = d->having, .optional = true }, what, e);
    return rc;
}

static const il_param_spec params[] = {
    { .name = "root", .type = IL_PARAM_PATH, .help = "folder that holds train, validation and test" },
    { .name = "subset",
      .type = IL_PARAM_TEXT,
      .fallback = "all",
      .choices = "all|inpainted",
      .help = "inpainted: only ids that have an inpainted picture, whatever kind is asked" },
    { .name = "with", .type = IL_PARAM_PATH, .fallback = "", .help = "root of a Dataset 1 to unite with; empty: none" },
    { .name = NULL },
};

static const il_dataset_ops ops = { .scan = dataset2_scan };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "dataset2",
    .revision = 1,
    .summary = "like dataset1, with the inpainted subset and the union with a Dataset 1",
    .params = params,
    .open = dataset2_open,
    .close = dataset2_close,
    .dataset = &ops,
};
