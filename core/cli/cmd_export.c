/* cmd_export.c - inpaintlab export: writes the results as files. */
#include "base/atomic_folder.h"
#include "cli/cli.h"
#include "report/export.h"

struct options {
    const char *database, *experiment, *folder;
    il_export_format format;
};

static int export(void *options, const char *const *words, il_err *e)
{
    (void)words;
    const struct options *o = options;
    il_store *store = NULL;
    il_atomic_folder out = { 0 };
    int rc = il_store_open_readonly(&store, o->database, e);
    if (!rc)
        rc = il_atomic_folder_begin(&out, o->folder, e);
    if (!rc)
        rc = il_export_database(out.draft, store, o->experiment, o->format, e);
    rc = o->format == IL_EXPORT_TENSORBOARD ? il_atomic_folder_join(&out, ".inpaintlab", rc, e)
                                            : il_atomic_folder_end(&out, rc, e);
    il_store_close(store);
    return rc;
}

static const il_option table[] = {
    { "-o, --output DIR",
      "output folder, which must be empty or not exist; it is written completely or not at all. With tensorboard it may "
      "hold an earlier export, whose runs are brought up to date, and other files, which stay",
      IL_INTO(struct options, folder), .needed = true },
    { "--format FORMAT", "csv, json (one object per line) or tensorboard (default csv)",
      IL_INTO(struct options, format), .choices = "csv|json|tensorboard" },
    { "--experiment NAME", "only the cells of that experiment", IL_INTO(struct options, experiment) },
    IL_CLI_DB(struct options, database),
    { 0 },
};

const il_command il_cmd_export = {
    .name = "export",
    .summary = "write the results as CSV, JSON lines or TensorBoard files",
    .usage = "[options] -o DIR",
    .about =
        "Writes the results as files for other programs: experiments, runs, epochs, tests, cells, metrics,\n"
        "robustness, published_cells, deviations, splits, images and scores (decoded, one row per bin that is not\n"
        "empty), or the TensorBoard files of each run. For a single query use 'inpaintlab sql'.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the results cannot be read or the files cannot be written, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .defaults = &(const struct options){ .database = IL_CLI_DATABASE },
    .expected = "-o DIR and no other arguments; see 'inpaintlab export --help'",
    .run = export,
};
