/* report.c - reports in every format, comparisons and exports of a database with all that a report may meet. */
#include "base/atomic_folder.h"
#include "memory/failing.h"
#include "report/compare_print.h"
#include "report/export.h"
#include "report/report.h"
#include "support/filled.h"

static void prepare(const char *path)
{
    GOOD(il_store_open(&store, failing_path(path, "r.sqlite"), &e));
    add_table4();
    add_policies();
    add_awkward();
    GOOD(il_store_split(store, "dataset2", "realfake", "train", 20878, 0, "d", &e));
    il_store_close(store);
}

/* As the command does: into memory, and only what is whole is printed. */
static int print(FILE *out, const char *path, int (*write)(FILE *to, il_store *s, int which, il_err *e), int which,
                 il_err *e)
{
    il_store *s = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    int rc = il_store_open_readonly(&s, failing_path(path, "r.sqlite"), e);
    if (!rc)
        rc = write(memory, s, which, e);
    if (fclose(memory) != 0 && !rc)
        rc = il_fail_oom(e);
    if (!rc)
        fprintf(out, "%s", text);
    free(text);
    il_store_close(s);
    return rc;
}

static int write_tables(FILE *to, il_store *s, int format, il_err *e)
{
    int rc = il_report_tables(to, s, NULL, "table4", (il_format)format, e);
    if (!rc)
        rc = il_report_tables(to, s, "text", NULL, (il_format)format, e);
    return rc ? rc : il_report_robustness(to, s, NULL, (il_format)format, e);
}

static int write_page(FILE *to, il_store *s, int which, il_err *e)
{
    (void)which;
    return il_report_html(to, s, "table4", e);
}

static int write_comparison(FILE *to, il_store *s, int format, il_err *e)
{
    static const char *const names[] = { "train.on=realfake/*", "mask_policy=soft*" };
    il_comparison c = { 0 };
    int rc = il_compare_cells(&c, s, names, 2, IL_METRIC_IOU, e);
    if (!rc)
        rc = il_compare_print(to, &c, (il_format)format, e);
    il_compare_free(&c);
    return rc;
}

#define FORMAT(name, number)                                                                                           \
    static int tables_##name(const char *path, FILE *out, il_err *e)                                                   \
    {                                                                                                                  \
        return print(out, path, write_tables, number, e);                                                              \
    }                                                                                                                  \
    static int compare_##name(const char *path, FILE *out, il_err *e)                                                  \
    {                                                                                                                  \
        return print(out, path, write_comparison, number, e);                                                          \
    }
FORMAT(text, IL_FORMAT_TEXT)
FORMAT(md, IL_FORMAT_MD)
FORMAT(csv, IL_FORMAT_CSV)
FORMAT(latex, IL_FORMAT_LATEX)
FORMAT(json, IL_FORMAT_JSON)

static int page(const char *path, FILE *out, il_err *e)
{
    return print(out, path, write_page, 0, e);
}

/* As the command does, and what is then in the folder. */
static int export(const char *path, FILE *out, il_export_format format, il_err *e)
{
    il_store *s = NULL;
    il_atomic_folder draft = { 0 };
    char target[300], command[700], line[4000];
    snprintf(target, sizeof target, "%s/out%d", path, (int)format);
    snprintf(command, sizeof command, "rm -rf '%s'", target);
    if (access(target, F_OK) == 0 && system(command) != 0)
        return il_fail(e, IL_EIO, "%s", command);
    int rc = il_store_open_readonly(&s, failing_path(path, "r.sqlite"), e);
    if (!rc)
        rc = il_atomic_folder_begin(&draft, target, e);
    if (!rc)
        rc = il_export_database(draft.draft, s, NULL, format, e);
    rc = il_atomic_folder_end(&draft, rc, e);
    il_store_close(s);
    snprintf(command, sizeof command, "cd '%s' && find . -type f | sort | sed -n '1,200p' | xargs wc -c", target);
    FILE *list = rc ? NULL : popen(command, "r");
    while (list && fgets(line, sizeof line, list))
        fputs(line, out);
    if (list)
        pclose(list);
    return rc;
}

static int export_csv(const char *path, FILE *out, il_err *e)
{
    return export(path, out, IL_EXPORT_CSV, e);
}

static int export_json(const char *path, FILE *out, il_err *e)
{
    return export(path, out, IL_EXPORT_JSON, e);
}

static int export_tensorboard(const char *path, FILE *out, il_err *e)
{
    return export(path, out, IL_EXPORT_TENSORBOARD, e);
}

int main(int count, char **words)
{
    static const struct scenario list[] = {
        { .name = "tables as text", .run = tables_text, .prepare = prepare },
        { .name = "tables as md", .run = tables_md, .prepare = prepare },
        { .name = "tables as csv", .run = tables_csv, .prepare = prepare },
        { .name = "tables as latex", .run = tables_latex, .prepare = prepare },
        { .name = "tables as json", .run = tables_json, .prepare = prepare },
        { .name = "page", .run = page, .prepare = prepare },
        { .name = "compare as text", .run = compare_text, .prepare = prepare },
        { .name = "compare as md", .run = compare_md, .prepare = prepare },
        { .name = "compare as csv", .run = compare_csv, .prepare = prepare },
        { .name = "compare as latex", .run = compare_latex, .prepare = prepare },
        { .name = "compare as json", .run = compare_json, .prepare = prepare },
        { .name = "export as csv", .run = export_csv, .prepare = prepare },
        { .name = "export as json", .run = export_json, .prepare = prepare },
        { .name = "export as tensorboard", .run = export_tensorboard, .prepare = prepare },
    };
    return failing_run(list, sizeof list / sizeof *list, count > 1 ? words[1] : NULL);
}
