/* study.c - a file that lists grids. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/suggest.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "plan/study.h"

enum { MOST_GRIDS = 100 };

static int check_keys(const il_yaml *file, il_err *e)
{
    static const char *const known[] = { "title", "grids", NULL };
    const il_node *root = il_yaml_root(file), *title = il_yaml_get(root, "title");
    for (size_t i = 0; i < root->count; i++)
        if (strcmp(root->keys[i]->text, known[0]) != 0 && strcmp(root->keys[i]->text, known[1]) != 0)
            return il_yaml_fail(file, root->keys[i], e, IL_EPARAM,
                                "%s (a file that lists grids has 'title' and 'grids')",
                                il_suggest_key(root->keys[i]->text, known).text);
    if (title && (title->kind != IL_NODE_SCALAR || !il_utf8_is_line(title->text)))
        return il_yaml_fail(file, title, e, IL_EPARAM, "'title' must be one line of text");
    return IL_OK;
}

static int add(il_study *s, const il_yaml *file, const il_node *grid, const char *folder, il_err *e)
{
    if (grid->kind != IL_NODE_SCALAR || !*grid->text)
        return il_yaml_fail(file, grid, e, IL_EPARAM, "an entry of 'grids' must be the path of a grid file");
    char *path = folder && *grid->text != '/' ? il_text_path(folder, grid->text) : il_text_copy(grid->text);
    if (!path)
        return il_fail_oom(e);
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->grids[i], path) == 0) {
            free(path);
            return il_yaml_fail(file, grid, e, IL_EPARAM, "'%s' is listed twice", grid->text);
        }
    s->grids[s->count++] = path;
    return IL_OK;
}

static int add_all(il_study *s, const il_yaml *file, const char *path, il_err *e)
{
    const il_node *grids = il_yaml_get(il_yaml_root(file), "grids");
    const char *slash = strrchr(path, '/');
    if (grids->kind != IL_NODE_LIST || grids->count == 0 || grids->count > MOST_GRIDS)
        return il_yaml_fail(file, grids, e, IL_EPARAM, "'grids' must be a list of 1 to %d grid files", MOST_GRIDS);
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
    s->grids = calloc(grids->count, sizeof *s->grids);
    int rc = (folder || !slash) && s->grids ? check_keys(file, e) : il_fail_oom(e);
    for (size_t i = 0; i < grids->count && !rc; i++)
        rc = add(s, file, grids->items[i], folder, e);
    free(folder);
    return rc;
}

static int add_itself(il_study *s, const char *path, il_err *e)
{
    s->grids = calloc(1, sizeof *s->grids);
    if (!s->grids || !(s->grids[0] = il_text_copy(path)))
        return il_fail_oom(e);
    s->count = 1;
    return IL_OK;
}

int il_study_read(il_study *out, const char *path, il_err *e)
{
    il_yaml *file = NULL;
    il_study s = { 0 };
    struct stat st;
    bool once = stat(path, &st) == 0 && !S_ISREG(st.st_mode); /* a pipe is left to who reads the grid */
    int rc = once ? IL_OK : il_yaml_read(&file, path, e);
    if (!rc)
        rc = file && il_yaml_get(il_yaml_root(file), "grids") ? add_all(&s, file, path, e) : add_itself(&s, path, e);
    il_yaml_free(file);
    if (rc)
        il_study_free(&s);
    else
        *out = s;
    return rc;
}

void il_study_free(il_study *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->grids[i]);
    free(s->grids);
    *s = (il_study){ 0 };
}
