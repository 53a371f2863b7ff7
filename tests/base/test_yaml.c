/* test_yaml.c - the tree, its places, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/text.h"
#include "base/yaml.h"

static il_yaml *parse(const char *text)
{
    il_yaml *y = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_yaml_parse(&y, "grid.yaml", text, strlen(text), &e), IL_OK, "%s", e.message);
    return y;
}

/* Writes a node as one line: maps {k=v}, lists [a b], quoted text in quotes, each with LINE:COLUMN. */
static void show(il_text *t, const il_node *n)
{
    il_text_add(t, "%d:%d", n->line, n->column);
    if (n->kind == IL_NODE_SCALAR) {
        il_text_add(t, n->quoted ? "\"%s\"" : "'%s'", n->text);
        return;
    }
    il_text_add(t, n->kind == IL_NODE_LIST ? "[" : "{");
    for (size_t i = 0; i < n->count; i++) {
        il_text_add(t, i ? " " : "");
        if (n->kind == IL_NODE_MAP) {
            show(t, n->keys[i]);
            il_text_add(t, "=");
        }
        show(t, n->items[i]);
    }
    il_text_add(t, n->kind == IL_NODE_LIST ? "]" : "}");
}

static const struct {
    const char *yaml, *tree;
} trees[] = {
    { "a: 1\nb: [x, 'y']\n", "1:1{1:1'a'=1:4'1' 2:1'b'=2:4[2:5'x' 2:8\"y\"]}" },
    { "- {model: nix, size: 40}\n- 2", "1:1[1:3{1:4'model'=1:11'nix' 1:16'size'=1:22'40'} 2:3'2']" },
    { "a: |\n  two\n  lines\n", "1:1{1:1'a'=1:4\"two\nlines\n\"}" },
    { "a:\nb: ~\n", "1:1{1:1'a'=1:3'' 2:1'b'=2:4'~'}" },
    { "a: &x {k: v}\nb: *x\n", "1:1{1:1'a'=1:4{1:8'k'=1:11'v'} 2:1'b'=1:4{1:8'k'=1:11'v'}}" },
    { "a: &x k\n*x : [*x, &y {*x : !!str 1}, *y]\n",
      "1:1{1:1'a'=1:4'k' 1:4'k'=2:6[1:4'k' 2:11{1:4'k'=2:20'1'} 2:11{1:4'k'=2:20'1'}]}" },
    { "# a comment\n\n\xC3\xA4: \"\xC3\xB6\" # another\n", "3:1{3:1'\xC3\xA4'=3:4\"\xC3\xB6\"}" },
    { "a: 1\r\nb: 2\r\n", "1:1{1:1'a'=1:4'1' 2:1'b'=2:4'2'}" },
    { "--- \na: []\n...\n", "2:1{2:1'a'=2:4[]}" },
    { "40", "1:1'40'" },
};

Test(yaml, trees)
{
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        il_yaml *y = parse(trees[i].yaml);
        il_text t = { 0 };
        show(&t, il_yaml_root(y));
        cr_assert_str_eq(t.data, trees[i].tree);
        cr_assert_str_eq(il_yaml_text(y), trees[i].yaml);
        cr_assert_str_eq(il_yaml_name(y), "grid.yaml");
        il_text_free(&t);
        il_yaml_free(y);
    }
}

static const struct {
    const char *yaml, *message;
} refused[] = {
    { "", "grid.yaml: the document is empty" },
    { "# only a comment\n", "grid.yaml: the document is empty" },
    { "a: 1\nb: 2\na: 3\n", "grid.yaml:3:1: key 'a' is repeated; first given at line 1" },
    { "a: {x: 1, 'x': 2}\n", "grid.yaml:1:11: key 'x' is repeated; first given at line 1" },
    { "a: 1\n[x, y]: 2\n", "grid.yaml:2:1: a key must be plain text" },
    { "a: 1\n---\nb: 2\n", "grid.yaml:3:1: a second document begins here; expected only one per file" },
    { "a: &x\n  b: [1, *x]\n", "grid.yaml:1:4: an anchor contains itself" },
    { "a: [1, 2\n", "grid.yaml:2:1: invalid YAML: did not find expected ',' or ']' (while parsing a flow sequence at "
                    "line 1)" },
    { "a: 1\n  b: 2\n", "grid.yaml:2:4: invalid YAML: mapping values are not allowed in this context" },
    { "a:\n\t- 1\n", "grid.yaml:2:1: invalid YAML: found character that cannot start any token (while scanning for the "
                     "next token at line 2)" },
    { "a: *nobody\n", "grid.yaml:1:4: invalid YAML: found undefined alias" },
    { "a: ok\nb: \xFF\n", "grid.yaml:2:4: invalid UTF-8: invalid leading UTF-8 octet" },
    { "a: \"x\\0y\"\n", "grid.yaml:1:4: the text contains a NUL character" },
    { "a: !python/object x\n", "grid.yaml:1:4: tags are not supported" },
    { "%TAG !t! tag:t\n---\na: 1\n", "grid.yaml:1:1: tags are not supported" },
    { "a: &x 1\nb: &x 2\n", "grid.yaml:2:4: anchor 'x' is repeated; first given at line 1" },
    { "a: &x [1]\n*x : 2\n", "grid.yaml:1:4: a key must be plain text" },
    { "b: 1\na: 1\nc: 1\na: 2\nb: 2\n", "grid.yaml:4:1: key 'a' is repeated; first given at line 2" },
    { "a: 1\n...\n%bad\n", NULL }, /* refused; libyaml's words differ between versions */
};

Test(yaml, refused)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        il_yaml *y = NULL;
        il_err e = { 0 };
        int rc = il_yaml_parse(&y, "grid.yaml", refused[i].yaml, strlen(refused[i].yaml), &e);
        cr_assert_eq(rc, IL_EFORMAT, "taken: %s", refused[i].yaml);
        cr_assert_null(y);
        cr_assert_eq(strncmp(e.message, "grid.yaml:", 10), 0);
        if (refused[i].message)
            cr_assert_str_eq(e.message, refused[i].message);
    }
}

static int parse_nested(int depth, il_err *e)
{
    il_text t = { 0 };
    for (int i = 0; i < depth; i++)
        il_text_add(&t, "[");
    for (int i = 0; i < depth; i++)
        il_text_add(&t, "]");
    il_yaml *y = NULL;
    int rc = il_yaml_parse(&y, "deep.yaml", t.data, t.size, e);
    il_yaml_free(y);
    il_text_free(&t);
    return rc;
}

Test(yaml, depth)
{
    il_err e = { 0 };
    cr_assert_eq(parse_nested(64, &e), IL_OK, "%s", e.message);
    cr_assert_eq(parse_nested(65, &e), IL_EFORMAT);
    cr_assert_str_eq(e.message, "deep.yaml:1:65: nested more than 64 levels deep");
    cr_assert_eq(parse_nested(100000, &e), IL_EFORMAT);
}

/* Each line holds the one before ten times: 10^9 values in ten lines. */
Test(yaml, multiplying_aliases)
{
    il_text t = { 0 };
    il_text_add(&t, "a0: &a0 x\n");
    for (int i = 1; i < 10; i++) {
        il_text_add(&t, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            il_text_add(&t, "%s*a%d", k ? ", " : "", i - 1);
        il_text_add(&t, "]\n");
    }
    il_yaml *y = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_yaml_parse(&y, "bomb.yaml", t.data, t.size, &e), IL_EFORMAT);
    cr_assert(strstr(e.message, "too many values"), "%s", e.message);
    il_text_free(&t);
}

/* Seconds of the processor that a document of n items takes; the least of three tries. */
static double seconds(size_t n, const char *before, const char *item, const char *after)
{
    il_text t = { 0 };
    double least = 0;
    il_text_add(&t, "%s", before);
    for (size_t i = 0; i < n; i++)
        il_text_add(&t, item, i);
    for (size_t i = 0; i < n && after; i++)
        il_text_add(&t, after, i);
    for (int tries = 0; tries < 3; tries++) {
        il_yaml *y = NULL;
        il_err e = { 0 };
        clock_t start = clock();
        cr_assert_eq(il_yaml_parse(&y, "long.yaml", t.data, t.size, &e), IL_OK, "%s", e.message);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        least = tries == 0 || took < least ? took : least;
        il_yaml_free(y);
    }
    il_text_free(&t);
    return least;
}

/* Eight times as many keys or anchors take about eight times as long; it was 64 times. */
Test(yaml, time_grows_with_the_size)
{
    static const struct {
        const char *before, *item, *after;
    } documents[] = { { "", "k%zu: 1\n", NULL },
                      { "", "- &a%zu 1\n", "- *a%zu\n" },
                      { "a:\n", "  - {x%zu: 1}\n", NULL } };
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        double few = seconds(5000, documents[i].before, documents[i].item, documents[i].after);
        double many = seconds(40000, documents[i].before, documents[i].item, documents[i].after);
        cr_expect_lt(many, 24 * few, "%s%g s, then %g s", documents[i].item, few, many);
    }
}

Test(yaml, files)
{
    char path[] = "/tmp/test_yaml_XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, "a: 1\n", 5), 5);

    il_yaml *y = NULL;
    il_err e = { 0 };
    cr_assert_eq(il_yaml_read(&y, path, &e), IL_OK, "%s", e.message);
    cr_assert_str_eq(il_yaml_text(y), "a: 1\n");
    il_yaml_free(y);
    y = NULL;

    cr_assert_eq(ftruncate(file, (4 << 20) + 1), 0);
    cr_assert_eq(il_yaml_read(&y, path, &e), IL_EFORMAT);
    cr_assert(strstr(e.message, ": has 4.1 MiB; expected at most 4 MiB"), "%s", e.message);
    close(file);
    unlink(path);

    cr_assert_eq(il_yaml_read(&y, "/nowhere/grid.yaml", &e), IL_EIO);
    cr_assert_str_eq(e.message, "cannot open /nowhere/grid.yaml: No such file or directory");
    cr_assert_eq(il_yaml_read(&y, "/tmp", &e), IL_EIO);
    cr_assert_str_eq(e.message, "/tmp: is a folder; expected a regular file");
    cr_assert_null(y);
    il_yaml_free(NULL);
}

Test(yaml, get)
{
    il_yaml *y = parse("a: 1\nb: {c: 2}\n");
    const il_node *root = il_yaml_root(y);
    cr_assert_str_eq(il_yaml_get(root, "a")->text, "1");
    cr_assert_str_eq(il_yaml_get(il_yaml_get(root, "b"), "c")->text, "2");
    cr_assert_null(il_yaml_get(root, "c"));
    cr_assert_null(il_yaml_get(il_yaml_get(root, "a"), "x"));
    cr_assert_null(il_yaml_get(NULL, "x"));
    il_yaml_free(y);
}

Test(yaml, fail)
{
    il_yaml *y = parse("a: 1\n");
    il_err e = { 0 };
    int rc = il_yaml_fail(y, il_yaml_get(il_yaml_root(y), "a"), &e, IL_EPARAM, "%d is %s", 1, "wrong");
    cr_assert_eq(rc, IL_EPARAM);
    cr_assert_str_eq(e.message, "grid.yaml:1:4: 1 is wrong");
    il_yaml_fail(y, NULL, &e, IL_EPARAM, "no place");
    cr_assert_str_eq(e.message, "grid.yaml: no place");
    il_yaml_free(y);
}
