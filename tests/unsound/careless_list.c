/* careless_list.c - data set that lists the same two pictures, for every split and kind; their masks have
 * another size. params: root, the folder with picture.png and mask.png. */
#include <stdio.h>
#include <string.h>
#include "unsound.h"

static const il_param_spec params[] = {
    { .name = "root", .type = IL_PARAM_PATH, .help = "folder" },
    { .name = "twice", .type = IL_PARAM_BOOL, .fallback = "false", .help = "whether both have the same id" },
    { .name = NULL },
};

struct list {
    char root[200];
    bool twice;
};

static int list_open(void **out, const il_params *p, il_err *e)
{
    struct list *l = calloc(1, sizeof *l);
    if (!l)
        return il_fail_oom(e);
    snprintf(l->root, sizeof l->root, "%s", il_params_text(p, "root"));
    l->twice = il_params_bool(p, "twice");
    *out = l;
    return IL_OK;
}

static int scan(void *self, il_scan what, il_items *out, il_err *e)
{
    const struct list *l = self;
    char image[256], mask[256];
    (void)what;
    snprintf(image, sizeof image, "%s/picture.png", l->root);
    snprintf(mask, sizeof mask, "%s/mask.png", l->root);
    int rc = il_items_add(out, "a", image, mask, e);
    return rc ? rc : il_items_add(out, l->twice ? "a" : "b", image, mask, e);
}

static const il_dataset_ops ops = { .scan = scan };

IL_PLUGIN = { .abi = IL_ABI,
              .kind = IL_KIND_DATASET,
              .name = "careless_list",
              .revision = 1,
              .params = params,
              .open = list_open,
              .close = free,
              .dataset = &ops };
