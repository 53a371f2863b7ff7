/* cmd_check_plugin.c - inpaintlab check-plugin: does a plugin do what it must? */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "check_child.h"
#include "cli.h"
#include "words.h"

static const char help[] =
    "usage: inpaintlab check-plugin FILE.so [options]\n"
    "Tries a plugin, one line for each check: its descriptor and settings, then by kind. Models: shapes, finite logits, equal\n"
    "results outside training, a gradient for each tensor, gradients beside finite differences, the weights file, one batch\n"
    "learnt, memory. Losses: extreme logits, gradient, direction. Mask policies: 256 labels. Data sets: what is listed and\n"
    "read, by several threads. Maskers and generators: shapes, and chance by seed alone. On the CPU, in a process of its own.\n"
    "\n"
    "  --set SETTING=VALUE  give a setting a value; may be repeated\n"
    "  --images KIND        data sets: an image kind beside realfake, fakefake, inpainted, original\n"
    "  --timeout SECONDS    that one check may take (default 300)\n"
    "  --threads N          threads inside one operation; 0: libtorch's choice (default)\n"
    "  -h, --help           this text\n"
    "Exit status: 0 all good, 1 a check failed, 2 wrong usage.\n";

enum { MOST_SETTINGS = 64 };

struct options {
    const char *path, *images;
    const char *set[MOST_SETTINGS + 1];
    int nset, timeout, threads;
    bool help;
};

static const struct option longs[] = {
    { "set", required_argument, NULL, 's' },
    { "images", required_argument, NULL, 'i' },
    { "timeout", required_argument, NULL, 't' },
    { "threads", required_argument, NULL, 'n' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static int read_options(struct options *o, int argc, char **argv, il_err *e)
{
    int c, rc = IL_OK;
    optind = 1;
    opterr = 0;
    while (rc == IL_OK && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
        switch (c) {
        case 's':
            if (o->nset == MOST_SETTINGS)
                return il_fail(e, IL_EUSAGE, "check-plugin: --set: at most %d of them", MOST_SETTINGS);
            o->set[o->nset++] = optarg;
            break;
        case 'i': o->images = optarg; break;
        case 't': rc = il_cli_whole(&o->timeout, "--timeout", optarg, 1, 86400, e); break;
        case 'n': rc = il_cli_whole(&o->threads, "--threads", optarg, 0, 256, e); break;
        case 'h': o->help = true; return IL_OK;
        case ':': return il_fail(e, IL_EUSAGE, "check-plugin: %s: a value is missing", argv[optind - 1]);
        default:
            return il_fail(e, IL_EUSAGE, "check-plugin: unknown option '%s'; see 'inpaintlab check-plugin --help'",
                           argv[optind - 1]);
        }
    }
    if (rc == IL_OK && optind + 1 != argc)
        return il_fail(e, IL_EUSAGE, "check-plugin: expected one file, as in inpaintlab check-plugin ./mine.so");
    o->path = argv[optind];
    return rc;
}

static void say_begin(void *context, const char *check)
{
    (void)context, (void)check;
}

static void say_end(void *context, const char *check, il_verdict verdict, const char *text)
{
    static const char *const words[] = { [IL_TRIAL_GOOD] = "ok", [IL_TRIAL_BAD] = "FAIL", [IL_TRIAL_SKIPPED] = "skip" };
    int *checks = context;
    ++*checks;
    printf("%-4s  %-12s  %s\n", words[verdict], check, text);
    fflush(stdout);
}

static int check(const struct options *o, il_err *e)
{
    il_text path = { 0 };
    /* without a '/' the loader would look in the system's folders */
    il_words_add(&path, "%s%s", strchr(o->path, '/') ? "" : "./", o->path);
    if (path.failed)
        return il_fail_oom(e);
    int failed = 0, checks = 0;
    bool whole = true;
    il_trial_job job = { .path = path.data, .set = o->set, .images = o->images };
    int rc = il_check_child_run(&failed, &whole, &job, o->timeout, o->threads, &(il_trial_watch){ &checks, say_begin, say_end },
                                e);
    if (rc == IL_OK && failed)
        rc = il_fail(e, IL_EPLUGIN, "%s: %d of %d checks failed%s", o->path, failed, checks,
                     whole ? "" : "; those behind the last one were not made");
    else if (rc == IL_OK)
        printf("%s: %d checks, all good\n", o->path, checks);
    il_words_free(&path);
    return rc;
}

int il_cmd_check_plugin(int argc, char **argv)
{
    struct options o = { .timeout = 300 };
    il_err e = { 0 };
    int rc = read_options(&o, argc, argv, &e);
    if (rc == IL_OK && o.help) {
        fputs(help, stdout);
        return 0;
    }
    if (rc == IL_OK)
        rc = check(&o, &e);
    return rc == IL_OK ? 0 : il_cli_fail(&e);
}
