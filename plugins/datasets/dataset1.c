/* dataset1.c - data set: Dataset 1's layout, ROOT/<split>/<id>.<kind>.webp (or .png, .jpg) with <id>.mask.*.
 * params: root, the folder that holds the splits. */
#include <stdlib.h>
#include <string.h>
#include <inpaintlab/folder.h>

struct dataset1 {
    char *root;
};

static void dataset1_close(void *self)
{
    struct dataset1 *d = self;
    if (d)
        free(d->root);
    free(d);
}

static int dataset1_open(void **out, const il_params *p, il_err *e)
{
    struct dataset1 *d = calloc(1, sizeof *d);
    if (d)
        d->root = strdup(il_params_text(p, "root"));
    if (!d || !d->root) {
        dataset1_close(d);
        return il_fail_oom(e);
    }
    *out = d;
    return IL_OK;
}

static int dataset1_scan(void *self, il_scan what, il_items *out, il_err *e)
{
    const struct dataset1 *d = self;
    return il_folder_scan(out, (il_folder){ .root = d->root }, what, e);
}

static const il_param_spec params[] = {
    { .name = "root", .type = IL_PARAM_PATH, .help = "folder that holds train, validation and test" },
    { .name = NULL },
};

static const il_dataset_ops ops = { .scan = dataset1_scan };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "dataset1",
    .revision = 1,
    .summary = "realfake and fakefake pictures with their masks, paired by id in one folder per split",
    .params = params,
    .open = dataset1_open,
    .close = dataset1_close,
    .dataset = &ops,
};
