/* cmd_new.c - inpaintlab new: starts a plugin outside the source tree. */
#include "cli/cli.h"
#include "cli/scaffold.h"

struct options {
    const char *folder;
};

static int new (void *options, const char *const *words, il_err *e)
{
    const struct options *o = options;
    const char *kind = words[0], *name = words[1], *folder = o->folder ? o->folder : name;
    unsigned place;
    int rc = il_option_choose(&place, "new", IL_SCAFFOLD_KINDS, kind, e);
    if (rc)
        return rc;
    const char *objection = il_scaffold_objection(name);
    if (objection)
        return il_fail(e, IL_EUSAGE, "new: '%s' cannot be a plugin's name: %s", name, objection);
    if (!*folder)
        return il_fail(e, IL_EUSAGE, "new: -o: expected a folder");
    rc = il_scaffold_write(folder, kind, name, e);
    if (!rc)
        printf("%s: created a %s plugin, %s; read its README.md next\n", folder, kind, name);
    return rc;
}

static const il_option table[] = {
    { "-o, --output DIR", "output folder, which must be empty or not exist (default NAME)",
      IL_INTO(struct options, folder) },
    { 0 },
};

const il_command il_cmd_new = {
    .name = "new",
    .summary = "start a plugin of your own",
    .usage = "KIND NAME [-o DIR]",
    .about = "Starts a plugin of your own: a folder with a small working plugin, a Makefile, and a grid or recipe\n"
             "to try it with.\n"
             "KIND is model, dataset, loss, mask-policy, masker or generator.\n",
    .options = table,
    .notes = "Exit status: 0 success, 1 the folder exists or cannot be created, 2 wrong usage.\n",
    .size = sizeof(struct options),
    .least = 2,
    .most = 2,
    .expected = "a kind and a name, as in inpaintlab new model mine",
    .run = new,
};
