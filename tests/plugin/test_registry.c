/* test_registry.c - which files become plugins, and what is said of the others. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/text.h"
#include "plugin/descriptor.h"
#include "plugin/registry.h"

#define BROKEN BUILD_DIR "/tests/broken"
#define STUBS BUILD_DIR "/tests/stubs"

static il_registry *open_with(const char *path)
{
    setenv("INPAINTLAB_PLUGIN_PATH", path, 1);
    unsetenv("BROKEN_PLUGIN_RAN");
    il_registry *r = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_open(&r, &e), IL_OK, "%s", e.message);
    return r;
}

static const char *why_refused(const il_registry *r, const char *name)
{
    const il_refused *list = NULL;
    size_t count = il_registry_refused(r, &list);
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(list[i].path, '/');
        if (slash && strcmp(slash + 1, name) == 0)
            return list[i].why;
    }
    return "not refused";
}

static const struct {
    const char *file, *why;
} broken[] = {
    { "wrong_abi.so", "was built for plugin ABI 5, but this program has ABI 4; rebuild it" },
    { "no_symbol.so", "is not a plugin: it does not export il_plugin_entry" },
    { "undefined_symbol.so", "cannot load the plugin: undefined symbol: il_no_such_function" },
    { "missing_callback.so", "model 'missing_callback' lacks the callback model.forward" },
    { "missing_close.so", "mask policy 'missing_close' lacks the callback close" },
    { "wrong_kind.so", "has the unknown kind 9" },
    { "other_kind.so", "loss 'other_kind' lacks the callback loss.forward" },
    { "two_kinds.so", "mask policy 'two_kinds' has callbacks of another kind" },
    { "empty_name.so", "its name is ''; expected lower-case letters, digits and '_'" },
    { "odd_name.so", "its name is 'Odd Name'; expected lower-case letters, digits and '_'" },
    { "no_revision.so", "its revision is 0; expected 1 or more" },
    { "bad_default.so", "default: level: 300 is out of range; expected 0 to 255" },
    { "reserved_setting.so", "setting 'label' has a name that grids reserve" },
    { "repeated_setting.so", "setting 'level' is declared twice" },
    { "failing_open.so", "not refused" }, /* only opening it fails, and the registry opens nothing */
};

Test(registry, broken_plugins_are_refused_with_a_reason)
{
    il_registry *r = open_with(BROKEN);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const char *why = why_refused(r, broken[i].file);
        cr_expect_eq(strncmp(why, broken[i].why, strlen(broken[i].why)), 0, "%s: '%s', expected '%s'", broken[i].file,
                     why, broken[i].why);
    }
    cr_assert_null(getenv("BROKEN_PLUGIN_RAN"), "code of a refused plugin ran: %s", getenv("BROKEN_PLUGIN_RAN"));
    il_registry_free(r);
}

Test(registry, every_broken_plugin_is_in_the_table)
{
    DIR *folder = opendir(BROKEN);
    cr_assert_not_null(folder);
    size_t files = 0;
    for (struct dirent *d; (d = readdir(folder)) != NULL;)
        files += strstr(d->d_name, ".so") != NULL;
    closedir(folder);
    cr_assert_eq(files, sizeof broken / sizeof *broken);
}

Test(registry, refused_plugins_are_told_when_asked_for)
{
    il_registry *r = open_with(BROKEN);
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MASK_POLICY, "wrong_abi", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, "cannot use mask policy 'wrong_abi': " BROKEN "/wrong_abi.so: was built for plugin ABI "
                                "5, but this program has ABI 4; rebuild it");
    cr_assert_eq(il_registry_find_typed(&p, r, IL_KIND_MASK_POLICY, BROKEN "/wrong_abi.so", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, BROKEN "/wrong_abi.so: was built for plugin ABI 5, but this program has ABI 4; rebuild "
                                       "it");
    cr_assert_null(p);
    cr_assert_null(getenv("BROKEN_PLUGIN_RAN"));
    il_registry_free(r);
}

/* The version is that of the build, as pkg-config tells it. */
Test(registry, host)
{
    char line[200], version[40] = "";
    FILE *f = fopen(BUILD_DIR "/inpaintlab.pc", "r");
    cr_assert_not_null(f);
    while (fgets(line, sizeof line, f))
        sscanf(line, "Version: %39s", version);
    fclose(f);
    const il_host *h = il_host_get();
    cr_assert_eq(h, il_host_get());
    cr_assert_geq(h->size, sizeof *h);
    cr_assert_str_eq(h->name, "inpaintlab");
    cr_assert_str_eq(h->version, version);
    cr_assert_gt(strlen(h->vendor), 0);
    cr_assert_eq(h->abi, IL_ABI);
}

Test(registry, failing_open_says_why)
{
    il_registry *r = open_with(BROKEN);
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MASK_POLICY, "failing_open", &e), IL_OK, "%s", e.message);
    void *self = NULL;
    cr_assert_eq(p->open(&self, NULL, &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, "this plugin never opens");
    cr_assert_null(self);
    il_registry_free(r);
}

Test(registry, finds_by_kind_and_name)
{
    il_registry *r = open_with(STUBS);
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MODEL, "net", &e), IL_OK, "%s", e.message);
    cr_assert_str_eq(p->name, "net");
    cr_assert_eq(p->kind, IL_KIND_MODEL);
    cr_assert_str_eq(il_registry_path(r, p), STUBS "/net.so");
    cr_assert_null(il_registry_path(r, NULL));

    bool seen = false;
    for (size_t i = 0; i < il_registry_count(r); i++)
        seen = seen || il_registry_at(r, i) == p;
    cr_assert(seen);

    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MODEL, "ent", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, "unknown model 'ent'; did you mean 'net'?");
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_LOSS, "net", &e), IL_EPLUGIN);
    cr_assert_eq(strncmp(e.message, "unknown loss 'net'; expected one of ", 35), 0, "%s", e.message);
    cr_assert(strstr(e.message, "focal"), "%s", e.message);
    il_registry_free(r);
}

Test(registry, finds_by_path)
{
    il_registry *r = open_with("");
    size_t before = il_registry_count(r);
    const il_plugin *p = NULL, *again = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find_typed(&p, r, IL_KIND_MASK_POLICY, STUBS "/picky.so", &e), IL_OK, "%s", e.message);
    cr_assert_str_eq(p->name, "picky");
    cr_assert_eq(il_registry_find_typed(&again, r, IL_KIND_MASK_POLICY, STUBS "/picky.so", &e), IL_OK);
    cr_assert_eq(again, p);
    cr_assert_eq(il_registry_count(r), before + 1);

    again = NULL;
    cr_assert_eq(il_registry_find_file(&again, r, STUBS "/picky.so", &e), IL_OK, "%s",
                 e.message); /* of whatever kind */
    cr_assert_eq(again, p);
    cr_assert_eq(il_registry_find_file(&again, r, "/nowhere/x.so", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, "/nowhere/x.so: cannot open the file: No such file or directory");

    cr_assert_eq(il_registry_find_typed(&p, r, IL_KIND_LOSS, STUBS "/picky.so", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, STUBS "/picky.so: is a mask policy; expected a loss");
    cr_assert_eq(il_registry_find_typed(&p, r, IL_KIND_LOSS, "/nowhere/x.so", &e), IL_EPLUGIN);
    cr_assert_str_eq(e.message, "/nowhere/x.so: cannot open the file: No such file or directory");
    il_registry_free(r);
}

/* Only the user may name a plugin by path, until a command or --trust says otherwise. */
Test(registry, a_file_names_plugins_by_name_only)
{
    il_registry *r = open_with("");
    size_t before = il_registry_count(r);
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MASK_POLICY, STUBS "/picky.so", &e), IL_ETRUST);
    cr_assert_str_eq(e.message, "mask policy '" STUBS "/picky.so' is named by path; its code runs only with --trust");
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MASK_POLICY, "../full", &e), IL_ETRUST);
    cr_assert_null(p);
    cr_assert_eq(il_registry_count(r), before);
    cr_assert_not(il_registry_trusts());

    il_registry_trust();
    cr_assert(il_registry_trusts());
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MASK_POLICY, STUBS "/picky.so", &e), IL_OK, "%s", e.message);
    cr_assert_str_eq(p->name, "picky");
    il_registry_free(r);
}

/* A folder of files that are no plugins, or only pieces of one. */
static void fill_with_junk(const char *folder)
{
    static char bytes[1 << 20];
    FILE *in = fopen(STUBS "/net.so", "rb");
    cr_assert_not_null(in);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    cr_assert_lt(size, sizeof bytes);

    for (size_t part = 0; part < 16; part++) {
        char path[200];
        snprintf(path, sizeof path, "%s/cut%02zu.so", folder, part);
        FILE *out = fopen(path, "wb");
        fwrite(bytes, 1, size * part / 16, out);
        fclose(out);
    }
    char path[200];
    snprintf(path, sizeof path, "%s/text.so", folder);
    FILE *out = fopen(path, "w");
    fputs("not a shared object at all, but long enough to hold a header of sixty-four bytes\n", out);
    fclose(out);
    snprintf(path, sizeof path, "%s/dangling.so", folder);
    cr_assert_eq(symlink("/nowhere/plugin.so", path), 0);
    snprintf(path, sizeof path, "%s/folder.so", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/models", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/models/tiny.so", folder);
    cr_assert_eq(symlink(STUBS "/tiny.so", path), 0);
}

Test(registry, junk_and_missing_folders)
{
    char folder[] = "/tmp/test_registry_XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    fill_with_junk(folder);
    char path[300];
    snprintf(path, sizeof path, "/nowhere/plugins:%s", folder);
    il_registry *r = open_with(path);

    cr_assert_str_eq(why_refused(r, "plugins"), "is not a folder, but INPAINTLAB_PLUGIN_PATH lists it");
    cr_assert_str_eq(why_refused(r, "text.so"), "is not a shared object for this machine");
    cr_assert_str_eq(why_refused(r, "cut00.so"), "is not a shared object for this machine");
    cr_assert_str_eq(why_refused(r, "cut08.so"), "is not a plugin: it does not export il_plugin_entry");
    cr_assert_str_eq(why_refused(r, "dangling.so"), "cannot open the file: No such file or directory");
    cr_assert_str_eq(why_refused(r, "folder.so"), "is not a shared object for this machine");
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MODEL, "tiny", &e), IL_OK, "sub-folders are searched: %s", e.message);
    il_registry_free(r);

    snprintf(path, sizeof path, "rm -r %s", folder);
    cr_assert_eq(system(path), 0);
}

Test(registry, first_of_a_name_wins)
{
    char folder[] = "/tmp/test_registry_XXXXXX", path[200], command[400];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(command, sizeof command, "cp %s/net.so %s/net.so", STUBS, folder);
    cr_assert_eq(system(command), 0);
    snprintf(path, sizeof path, "%s:%s", folder, STUBS);
    il_registry *r = open_with(path);
    const il_plugin *p = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_registry_find(&p, r, IL_KIND_MODEL, "net", &e), IL_OK, "%s", e.message);
    char expected[200], why[400];
    snprintf(expected, sizeof expected, "%s/net.so", folder);
    cr_assert_str_eq(il_registry_path(r, p), expected);
    snprintf(why, sizeof why, "model 'net' was already loaded from %s", expected);
    cr_assert_str_eq(why_refused(r, "net.so"), why);
    il_registry_free(r);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

/* A file of the user's with the kind and name of a built-in plugin: by the folder's list, and by its path. */
Test(registry, what_hides_a_built_in_plugin)
{
    char folder[] = "/tmp/test_registry_XXXXXX", path[300], command[1200], other[200];
    cr_assert_not_null(mkdtemp(folder));
    il_err e = { 0 };
    const il_plugin *mine = NULL, *byway = NULL, *theirs = NULL;
    il_plugin_file file = { 0 }, again = { 0 };
    il_registry *r = open_with(folder);
    cr_assert_eq(il_registry_find(&theirs, r, IL_KIND_MASK_POLICY, "full", &e), IL_OK, "%s", e.message);
    cr_assert_eq(il_registry_file(&file, r, theirs, &e), IL_OK, "%s", e.message);
    cr_expect(file.installed && strlen(file.sha256) == 64);
    cr_expect_null(il_registry_hidden(r, theirs));
    snprintf(other, sizeof other, "%s/other", folder);
    snprintf(command, sizeof command, "mkdir %s && cp %s %s/full.so && cp %s %s/full.so", other, file.path, other,
             file.path, folder);
    cr_assert_eq(system(command), 0);
    snprintf(path, sizeof path, "%s/full.so", other);
    cr_assert_eq(il_registry_find_typed(&byway, r, IL_KIND_MASK_POLICY, path, &e), IL_OK, "%s", e.message);
    cr_assert_not_null(il_registry_hidden(r, byway));
    cr_expect_str_eq(il_registry_hidden(r, byway), file.path);
    cr_assert_eq(il_registry_file(&again, r, byway, &e), IL_OK, "%s", e.message);
    cr_expect(!again.installed && strcmp(again.sha256, file.sha256) == 0, "the same bytes elsewhere");
    il_registry_free(r);

    r = open_with(folder);
    cr_assert_eq(il_registry_find(&mine, r, IL_KIND_MASK_POLICY, "full", &e), IL_OK, "%s", e.message);
    cr_assert_not_null(il_registry_hidden(r, mine));
    cr_expect_str_eq(why_refused(r, "full.so"), "not refused");
    il_registry_free(r);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

Test(registry, kinds)
{
    cr_assert_str_eq(il_descriptor_kind(IL_KIND_DATASET), "dataset");
    cr_assert_str_eq(il_descriptor_kind(IL_KIND_MODEL), "model");
    cr_assert_str_eq(il_descriptor_kind(IL_KIND_LOSS), "loss");
    cr_assert_str_eq(il_descriptor_kind(IL_KIND_MASK_POLICY), "mask policy");
    il_registry_free(NULL);
}
