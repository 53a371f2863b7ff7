/* photos.c - stub data set with a folder and a choice of words. */
#include "stub.h"

static const il_param_spec params[] = {
    { "root", IL_PARAM_PATH, NULL, 0, 0, NULL, "folder" },
    { "subset", IL_PARAM_TEXT, "all", 0, 0, "all|inpainted", "which pictures" },
    { 0 },
};
static const il_dataset_ops ops = { .scan = stub_scan };

IL_PLUGIN = {
    .abi = IL_ABI,
    .kind = IL_KIND_DATASET,
    .name = "photos",
    .revision = 3,
    .params = params,
    .open = stub_open,
    .close = stub_close,
    .dataset = &ops,
};
