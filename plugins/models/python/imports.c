/* imports.c - finds import statements in the text of Python files. */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "imports.h"

enum { MOST_FILES = 4096, MOST_BYTES = 4 << 20 };

void imports_free(imports *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->paths[i]);
    free(all->paths);
    *all = (imports){ 0 };
}

static bool is_regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MOST_BYTES;
}

/* By its real path, which is one only, whatever dots lead to it. */
static int add(imports *all, const char *name, il_err *e)
{
    char path[PATH_MAX];
    if (!realpath(name, path))
        return IL_OK;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->paths[i], path) == 0)
            return IL_OK;
    if (all->count == MOST_FILES)
        return il_fail(e, IL_EPARAM, "%s: imports more than %d files", all->paths[0], MOST_FILES);
    char **more = realloc(all->paths, (all->count + 1) * sizeof *more);
    if (!more)
        return il_fail_oom(e);
    all->paths = more;
    more[all->count] = strdup(path);
    if (!more[all->count])
        return il_fail_oom(e);
    all->count++;
    return IL_OK;
}

/* ---- words ---- */

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* Past spaces, comments and continued lines; inside parentheses past line breaks too. */
static const char *skip(const char *s, bool inside)
{
    for (;; s++) {
        if (*s == '#')
            s += strcspn(s, "\n");
        if (*s == '\\' && s[1] == '\n')
            s++;
        else if (!*s || !strchr(inside ? " \t\f\r\n" : " \t\f\r", *s))
            return s;
        if (!*s)
            return s;
    }
}

/* The keyword, with something after it that ends it. */
static bool takes(const char **s, const char *keyword)
{
    size_t n = strlen(keyword);
    if (strncmp(*s, keyword, n) != 0 || in_name((*s)[n]))
        return false;
    *s = skip(*s + n, false);
    return true;
}

/* "a.b.c" as "a/b/c" to the end of path; false: there is no name, or no room for it. */
static bool take_dotted(const char **s, char path[PATH_MAX])
{
    size_t size = strlen(path), before = size;
    while (in_name(**s) || (**s == '.' && size > before)) {
        if (size + 2 >= PATH_MAX - sizeof "/__init__.py") {
            path[before] = '\0';
            return false;
        }
        if (size == before)
            path[size++] = '/';
        path[size++] = **s == '.' ? '/' : **s;
        ++*s;
    }
    path[size] = '\0';
    return size > before;
}

/* ---- statements ---- */

/* The modules on the way from the folder of `start` characters to path: a/b/c is a, a.b and a.b.c. */
static int add_modules(imports *all, const char *path, size_t start, il_err *e)
{
    static const char *const endings[] = { ".py", "/__init__.py" };
    char file[PATH_MAX + sizeof "/__init__.py"];
    int rc = IL_OK;
    for (size_t n = start + 1; path[start] && !rc; n++) {
        n += strcspn(path + n, "/");
        for (int i = 0; i < 2 && !rc; i++) {
            snprintf(file, sizeof file, "%.*s%s", (int)n, path, endings[i]);
            if (is_regular(file))
                rc = add(all, file, e);
        }
        if (!path[n])
            break;
    }
    return rc;
}

/* "import a.b as x, c": */
static int read_import(imports *all, const char *s, const char *root, il_err *e)
{
    int rc = IL_OK;
    do {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s", root);
        s = skip(s, false);
        if (!take_dotted(&s, path))
            break;
        rc = add_modules(all, path, strlen(root), e);
        s = skip(s, false);
        if (takes(&s, "as"))
            while (in_name(*s))
                s++;
        s = skip(s, false);
    } while (!rc && *s++ == ',');
    return rc;
}

/* "from ..a.b import (c as x, d)": the names may be modules of a.b. `folder`: of the file that says so. */
static int read_from(imports *all, const char *s, const char *root, const char *folder, il_err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", *s == '.' ? folder : root);
    for (int dots = 0; *s == '.'; s = skip(s + 1, false))
        if (dots++)
            snprintf(path + strlen(path), sizeof path - strlen(path), "/..");
    size_t start = strlen(path);
    const char *next = s;
    if (!takes(&next, "import")) /* `from . import a` names no module */
        take_dotted(&s, path);
    int rc = add_modules(all, path, start, e);
    s = skip(s, false);
    if (rc || !takes(&s, "import"))
        return rc;
    bool inside = *s == '(';
    size_t module = strlen(path);
    s = skip(s + inside, inside);
    while (!rc && take_dotted(&s, path)) {
        rc = add_modules(all, path, module, e);
        path[module] = '\0';
        s = skip(s, inside);
        if (takes(&s, "as")) {
            s = skip(s, inside);
            while (in_name(*s))
                s++;
            s = skip(s, inside);
        }
        s = skip(s + (*s == ','), inside);
    }
    return rc;
}

static int read_text(imports *all, const char *text, const char *root, const char *folder, il_err *e)
{
    int rc = IL_OK;
    for (const char *line = text; *line && !rc; line += strcspn(line, "\n;"), line += *line != '\0') {
        const char *s = skip(line, false);
        if (takes(&s, "import"))
            rc = read_import(all, s, root, e);
        else if (takes(&s, "from"))
            rc = read_from(all, s, root, folder, e);
    }
    return rc;
}

/* ---- files ---- */

/* "" for what cannot be read; NULL: out of memory. */
static char *read_file(const char *path)
{
    FILE *f = is_regular(path) ? fopen(path, "rb") : NULL;
    char *text = calloc(1, MOST_BYTES + 1);
    if (f && text)
        text[fread(text, 1, MOST_BYTES, f)] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void folder_of(char out[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 0, path);
}

int imports_find(imports *out, const char *file, il_err *e)
{
    imports all = { 0 };
    char root[PATH_MAX] = "", folder[PATH_MAX];
    int rc = add(&all, file, e);
    if (all.count)
        folder_of(root, all.paths[0]);
    for (size_t i = 0; i < all.count && !rc; i++) {
        char *text = read_file(all.paths[i]);
        folder_of(folder, all.paths[i]);
        rc = text ? read_text(&all, text, root, folder, e) : il_fail_oom(e);
        free(text);
    }
    if (rc)
        imports_free(&all);
    else
        *out = all;
    return rc;
}
