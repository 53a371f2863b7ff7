/* weights.c - which files a generator reads, by kind and layout, and the options that come without a file. */
#include <inpaintlab/diffusion.h>
#include "base/dependencies.h"
#include "diffusion/scheduler.h"
#include "memory/failing.h"

#define FOLDER TEST_DATA "/diffusion/"

static int list(FILE *out, int (*files)(il_uses *, const char *, const char *, il_err *), const char *path, il_err *e)
{
    il_uses u = { 0 };
    int rc = files(&u, path, "", e);
    for (size_t i = 0; !rc && i < u.count; i++)
        fprintf(out, "%s\n", u.paths[i]);
    il_uses_clear(&u);
    return rc;
}

static int autoencoders(const char *folder, FILE *out, il_err *e)
{
    static const char *const paths[] = { FOLDER "sd15-small/vae", FOLDER "vaes", FOLDER "vaes/taesd_decoder.pth",
                                         FOLDER "vaes/figures.safetensors" };
    int rc = IL_OK;
    (void)folder;
    for (size_t i = 0; !rc && i < sizeof paths / sizeof *paths; i++)
        rc = list(out, il_files_vae, paths[i], e);
    return rc;
}

static int pipelines(const char *folder, FILE *out, il_err *e)
{
    (void)folder;
    int rc = list(out, il_files_pipeline, FOLDER "sd15-small", e);
    return rc ? rc : list(out, il_files_pipeline, FOLDER "vaes/figures.safetensors", e);
}

static int scheduler(const char *folder, FILE *out, il_err *e)
{
    const int64_t *steps = NULL;
    size_t count = 0;
    il_scheduler *d = NULL;
    (void)folder;
    int rc = il_scheduler_open_usual(&d, true, "", e);
    if (!rc)
        rc = il_scheduler_start(d, 5, &steps, &count, e);
    for (size_t i = 0; !rc && i < count; i++)
        fprintf(out, "%lld\n", (long long)steps[i]);
    il_scheduler_free(d);
    return rc;
}

int main(int count, char **words)
{
    static const struct scenario all[] = {
        { .name = "files of autoencoders", .run = autoencoders },
        { .name = "files of pipelines", .run = pipelines },
        { .name = "usual scheduler", .run = scheduler },
    };
    return failing_run(all, sizeof all / sizeof *all, count > 1 ? words[1] : NULL);
}
