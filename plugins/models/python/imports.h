/* imports.h - which files a file of Python imports from beside itself, as far as its text tells. Nothing is run. */
#ifndef PYTHON_IMPORTS_H
#define PYTHON_IMPORTS_H

#include <stddef.h>
#include <inpaintlab/error.h>

/* Real paths, each once: first the file itself, then what it imports, and what these import. */
typedef struct imports {
    char **paths;
    size_t count;
} imports;

/* By `import a.b, c` and `from ..a import (b, c)` at the start of a line, however indented, that lead to files in the folder of the
 * first file, or below or beside the one that imports. What cannot be read imports nothing. */
int imports_find(imports *out, const char *file, il_err *e);
void imports_free(imports *all);

#endif
