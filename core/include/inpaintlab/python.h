/* python.h - PyTorch models as they stand in a Python file. Python is started when the first is opened, and never before. */
#ifndef IL_PYTHON_H
#define IL_PYTHON_H

#include <inpaintlab/error.h>
#include <inpaintlab/scope.h>
#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_python il_python;

/* Runs the file, which is code, and then `call`, an expression in its names that gives a torch.nn.Module. The module goes to the
 * device of st, which outlives it, and st shares its parameters and buffers by state-dict name; its random initial values are a
 * function of st's seed. Python's exceptions become one line with file and line. */
int il_python_open(il_python **out, const char *file, const char *call, il_state *st, il_err *e);
void il_python_free(il_python *m);
/* module(x), after train() or eval() as the scope's, and of its result the tensor that `output` names, as il_script_output says. */
il_tensor *il_python_output(il_scope *s, il_python *m, il_tensor *x, const char *output);
/* The files beside the model's own, and below that folder, that Python has imported so far, leaving out installed packages; in
 * the order of their names. Lent until the next call. */
int il_python_imported(const char *const **out, size_t *count, il_python *m, il_err *e);

#ifdef __cplusplus
}
#endif
#endif
