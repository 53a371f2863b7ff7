/* cmd_prune.c - inpaintlab prune: removes runs that no experiment asks for any more. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"
#include "store/prune.h"
#include "store/run_files.h"
#include "train/job.h"

struct options {
    const char *database;
    bool yes;
};

struct totals {
    size_t runs;
    uint64_t bytes;
};

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

/* Names come from the database. */
static int print_run(const il_pruned *r, const char *state, il_err *e)
{
    il_text name = { 0 };
    il_text_show(&name, r->name);
    int rc = name.failed ? il_fail_oom(e) : IL_OK;
    if (!rc)
        printf("%10.1f MiB  %s  [%.12s]  %s, %lld test%s%s\n", mib(r->bytes), name.data ? name.data : "", r->hash,
               state, (long long)r->tests, r->tests == 1 ? "" : "s",
               r->shared ? "; its files stay, since another database here has the run too" : "");
    il_text_free(&name);
    return rc;
}

/* What is being run stays. */
static int prune_one(struct totals *sum, il_store *s, const il_pruned *r, const char *folder, bool yes, il_err *e)
{
    bool busy = il_job_is_locked(r->hash, folder), removed = !yes && !busy;
    int rc = yes && !busy ? il_prune_remove(&removed, s, r, e) : IL_OK;
    if (!rc)
        rc = print_run(r, busy ? "is being run, and stays" : r->status, e);
    if (!rc && removed) {
        sum->runs++;
        sum->bytes += r->shared ? 0 : r->bytes;
    }
    return rc;
}

static int prune(void *options, const char *const *words, il_err *e)
{
    (void)words;
    const struct options *o = options;
    il_store *s = NULL;
    il_prune_list found = { 0 };
    il_run_path folder;
    struct totals sum = { 0 };
    int rc = il_run_files_folder(&folder, o->database, e);
    if (!rc)
        rc = o->yes ? il_store_open(&s, o->database, e) : il_store_open_readonly(&s, o->database, e);
    if (!rc)
        rc = il_prune_find(&found, s, e);
    for (size_t i = 0; i < found.count && !rc; i++)
        rc = prune_one(&sum, s, &found.list[i], folder.text, o->yes, e);
    if (!rc)
        printf("%zu run%s with %.1f MiB of files %s%s\n", sum.runs, sum.runs == 1 ? "" : "s", mib(sum.bytes),
               o->yes ? "removed" : "would be removed", o->yes || !sum.runs ? "" : "; --yes removes them");
    il_prune_free(&found);
    il_store_close(s);
    return rc;
}

static const il_option table[] = {
    IL_CLI_DB(struct options, database),
    { "--yes", "remove them; else they are only listed", IL_INTO(struct options, yes) },
    { 0 },
};

const il_command il_cmd_prune = {
    .name = "prune",
    .summary = "remove runs that no experiment asks for any more",
    .usage = "[options]",
    .about =
        "Lists the runs that no cell of an experiment refers to and that are not the latest of their name, as a changed\n"
        "grid leaves them behind, with the size of their weights and checkpoints, the largest first. With --yes it\n"
        "removes their rows and files.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the database or a file cannot be read or removed, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .database = IL_CLI_DATABASE },
    .expected = "no arguments; see 'inpaintlab prune --help'",
    .run = prune,
};
