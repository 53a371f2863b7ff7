/* scaffold.c - the files of a new plugin, made from the working plugins in plugins/templates by replacing the name
 * my_plugin. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/atomic_folder.h"
#include "base/text.h"
#include "cli/scaffold.h"

extern const char il_embedded_template_model[], il_embedded_template_model_yaml[];
extern const char il_embedded_template_dataset[], il_embedded_template_dataset_yaml[];
extern const char il_embedded_template_loss[], il_embedded_template_loss_yaml[];
extern const char il_embedded_template_mask_policy[], il_embedded_template_mask_policy_yaml[];
extern const char il_embedded_template_masker[], il_embedded_template_masker_yaml[];
extern const char il_embedded_template_generator[], il_embedded_template_generator_yaml[];
extern const char il_embedded_template_makefile[], il_embedded_template_readme[];

static const char run[] = "inpaintlab run my_plugin.yaml", build[] = "inpaintlab dataset build my_plugin.yaml -o data";
static const char data[] = "a data set in the layout of Dataset 2 in `data`", photos[] = "photos in `photos`";

static const struct kind {
    const char *word, *title, *code, *grid;
    const char *settings, *try, *needs; /* for the README */
} kinds[] = {
    { "model", "model", il_embedded_template_model, il_embedded_template_model_yaml, "", run, data },
    { "dataset", "data set", il_embedded_template_dataset, il_embedded_template_dataset_yaml, " --set root=data", run,
      "images in `data/<split>/fakefake` and their masks in `data/<split>/mask`" },
    { "loss", "loss", il_embedded_template_loss, il_embedded_template_loss_yaml, "", run, data },
    { "mask-policy", "mask policy", il_embedded_template_mask_policy, il_embedded_template_mask_policy_yaml, "", run,
      data },
    { "masker", "masker", il_embedded_template_masker, il_embedded_template_masker_yaml, "", build,
      "photos in `photos` and the weights of a small generator" },
    { "generator", "generator", il_embedded_template_generator, il_embedded_template_generator_yaml, "", build,
      photos },
};

enum { LONGEST_NAME = 40 };

const char *il_scaffold_objection(const char *name)
{
    static const char *const keywords[] = { "auto",     "break",    "case",     "char",   "const",   "continue",
                                            "default",  "do",       "double",   "else",   "enum",    "extern",
                                            "float",    "for",      "goto",     "if",     "inline",  "int",
                                            "long",     "register", "restrict", "return", "short",   "signed",
                                            "sizeof",   "static",   "struct",   "switch", "typedef", "union",
                                            "unsigned", "void",     "volatile", "while" };
    if (name[0] < 'a' || name[0] > 'z' || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        return "expected a lower-case letter, then lower-case letters, digits and '_'";
    if (strlen(name) > LONGEST_NAME)
        return "expected at most 40 characters";
    if (strncmp(name, "il_", 3) == 0)
        return "names that begin with il_ are reserved for the library";
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcmp(name, keywords[i]) == 0)
            return "it is a C keyword";
    return NULL;
}

struct substitute {
    const char *mark, *text;
};

/* text with every mark replaced; *out is the caller's. Marks in inserted text are replaced by later entries. */
static int substitute(char **out, const char *text, const struct substitute *list, il_err *e)
{
    char *now = il_text_copy(text);
    for (; now && list->mark; list++) {
        il_text next = { 0 };
        const char *at = now, *hit;
        for (; (hit = strstr(at, list->mark)) != NULL; at = hit + strlen(list->mark))
            il_text_add(&next, "%.*s%s", (int)(hit - at), at, list->text);
        il_text_add(&next, "%s", at);
        free(now);
        now = next.failed ? NULL : next.data;
        if (next.failed)
            il_text_free(&next);
    }
    if (!now)
        return il_fail_oom(e);
    *out = now;
    return IL_OK;
}

static int write_file(const char *folder, const char *file, const char *text, const struct substitute *list, il_err *e)
{
    char *path = NULL, *content = NULL, *name = NULL;
    int rc = substitute(&content, text, list, e);
    if (!rc)
        rc = substitute(&name, file, list, e);
    if (!rc) {
        path = il_text_path(folder, name);
        rc = path ? IL_OK : il_fail_oom(e);
    }
    if (!rc) {
        FILE *f = fopen(path, "w");
        bool good = f && fputs(content, f) >= 0;
        if (f && fclose(f) != 0)
            good = false;
        if (!good)
            rc = il_fail(e, IL_EIO, "cannot write %s: %s", path, strerror(errno));
    }
    free(path);
    free(name);
    free(content);
    return rc;
}

int il_scaffold_write(const char *folder, const char *kind, const char *name, il_err *e)
{
    const struct kind *k = kinds;
    while (strcmp(k->word, kind) != 0)
        k++;
    const struct {
        const char *name, *text;
    } files[] = { { "my_plugin.c", k->code },
                  { "my_plugin.yaml", k->grid },
                  { "Makefile", il_embedded_template_makefile },
                  { "README.md", il_embedded_template_readme } };
    const struct substitute list[] = { { "MY_KIND", k->title },  { "MY_SETTINGS", k->settings }, { "MY_TRY", k->try },
                                       { "MY_NEEDS", k->needs }, { "my_plugin", name },          { NULL, NULL } };
    il_atomic_folder out = { 0 };
    int rc = il_atomic_folder_begin(&out, folder, e);
    for (size_t i = 0; i < sizeof files / sizeof *files && !rc; i++)
        rc = write_file(out.draft, files[i].name, files[i].text, list, e);
    return il_atomic_folder_end(&out, rc, e);
}
