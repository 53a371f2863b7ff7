/* cmd_check_plugin.c - inpaintlab check-plugin: tests a plugin. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "cli/check_child.h"
#include "cli/cli.h"

struct options {
    const char *images;
    il_texts set;
    int timeout, threads;
};

static void say_begin(void *context, const char *check)
{
    (void)context, (void)check;
}

static void say_end(void *context, const char *check, il_plugin_check_verdict verdict, const char *text)
{
    static const char *const words[] = {
        [IL_PLUGIN_CHECK_GOOD] = "ok", [IL_PLUGIN_CHECK_BAD] = "FAIL", [IL_PLUGIN_CHECK_SKIPPED] = "skip"
    };
    int *checks = context;
    ++*checks;
    printf("%-4s  %-12s  %s\n", words[verdict], check, text);
    fflush(stdout);
}

static int check(void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    const char *file = words[0];
    il_text path = { 0 };
    /* without a '/' the dynamic loader would search the system's folders */
    il_text_add(&path, "%s%s", strchr(file, '/') ? "" : "./", file);
    if (path.failed)
        return il_fail_oom(e);
    int failed = 0, checks = 0;
    bool whole = true;
    il_plugin_check_job job = { .path = path.data, .set = o->set.list, .images = o->images };
    int rc = il_check_child_run(&failed, &whole, &job, o->timeout, o->threads,
                                &(il_plugin_check_observer){ &checks, say_begin, say_end }, e);
    if (!rc && failed)
        rc = il_fail(e, IL_EPLUGIN, "%s: %d of %d checks failed%s", file, failed, checks,
                     whole ? "" : "; the remaining ones were not run");
    else if (!rc)
        printf("%s: %d checks, all good\n", file, checks);
    il_text_free(&path);
    return rc;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "--set SETTING=VALUE", "set one of the plugin's settings; may be repeated", INTO(set) },
    { "--images KIND", "data sets: an image kind besides those of the published layout, such as realfake",
      INTO(images) },
    { "--timeout SECONDS", "time limit of one check (default 300)", INTO(timeout), .least = 1, .most = 86400 },
    { "--threads N", "threads within one operation; 0: libtorch's choice (default)", INTO(threads), .most = 256 },
    { 0 },
};

const il_command il_cmd_check_plugin = {
    .name = "check-plugin",
    .summary = "test a plugin: settings, shapes, gradients, leaks",
    .usage = "FILE.so [options]",
    .about =
        "Tests a plugin and prints one line per check: its descriptor and settings, then checks of its kind. Models:\n"
        "shapes, finite logits, equal results outside training, a gradient for each tensor, gradients against finite\n"
        "differences, the weights file, overfitting one batch, memory. Losses: extreme logits, gradient, direction,\n"
        "pixels that do not count. Mask policies: 256 labels. Data sets: listing and reading, by several threads.\n"
        "Maskers and generators: shapes, and randomness from the seed alone.\n"
        "The checks run on the CPU, in a process of their own.\n",
    .options = table,
    .notes = "Exit status: 0 all checks passed, 1 a check failed, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .timeout = 300 },
    .least = 1,
    .most = 1,
    .expected = "one file, as in inpaintlab check-plugin ./mine.so",
    .run = check,
};
