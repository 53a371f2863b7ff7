#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "imports.h"

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s", path);
}

static void make_folder(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(mkdir(path, 0700), 0, "%s", path);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/il-imports-XXXXXX");
    cr_assert(mkdtemp(folder));
    make_folder("pack");
    make_folder("pack/deep");
    write_file("pack/__init__.py", "from . import near\n");
    write_file("pack/near.py", "from .deep.low import x\nfrom .. import a\n");
    write_file("pack/deep/low.py", "");
    write_file("a.py", "import b\n");
    write_file("b.py", "import a, net\n");
    write_file("c.py", "");
    write_file("d.py", "");
}

static void tear_down(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(imports, .init = set_up, .fini = tear_down);

/* What net.py with that text imports, as "a.py pack/near.py". */
static void expect(const char *text, const char *wanted)
{
    char path[200], found[2000] = "";
    imports all = { 0 };
    il_err e = { 0 };
    write_file("net.py", text);
    snprintf(path, sizeof path, "%s/net.py", folder);
    cr_assert_eq(imports_find(&all, path, &e), IL_OK, "%s", e.message);
    cr_assert_str_eq(all.paths[0], path);
    for (size_t i = 1; i < all.count; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i > 1 ? " " : "",
                 all.paths[i] + strlen(folder) + 1);
    cr_expect_str_eq(found, wanted, "%s gives %s", text, found);
    imports_free(&all);
}

Test(imports, statements)
{
    expect("", "");
    expect("import torch\nimport c\n", "c.py");
    expect("import torch, c as x, d # a\n", "c.py d.py");
    expect("x = 1; import c; import d", "c.py d.py");
    expect("def f():\n\tif x:\n\t\tfrom c import *\n", "c.py");
    expect("from .c import x\r\nfrom.d import y\r\n", "c.py d.py");
    expect("from . import c, d\n", "c.py d.py");
    expect("from . import (c as x, # the first\n    d,\n)\n", "c.py d.py");
    expect("from \\\n  c import x\n", "c.py");
    expect("important = 1\nfrom_c = 2\n# import c\nreimport c\nimport\nfrom\nfrom .\nfrom . import\nimport ,\n", "");
    expect("import nowhere.c\n", "");
}

Test(imports, what_is_imported_imports)
{
    expect("import a\n", "a.py b.py");
    expect("import pack.near\n", "pack/__init__.py pack/near.py pack/deep/low.py a.py b.py");
}

Test(imports, of_packages)
{
    expect("from pack.deep import low\n", "pack/__init__.py pack/deep/low.py pack/near.py a.py b.py");
    write_file("a.py", "from .pack import near\n");
    expect("import a\n", "a.py pack/__init__.py pack/near.py pack/deep/low.py");
}

Test(imports, what_is_no_file)
{
    imports all = { 0 };
    il_err e = { 0 };
    cr_assert_eq(imports_find(&all, "/nowhere/net.py", &e), IL_OK);
    cr_expect_eq(all.count, 0);
    imports_free(&all);
    make_folder("e.py");
    expect("import e, pack\n", "pack/__init__.py pack/near.py pack/deep/low.py a.py b.py");
}
