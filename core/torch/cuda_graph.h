/* cuda_graph.h - work that is recorded once and replayed: a CUDA graph, which spares the launches of thousands of kernels. */
#ifndef IL_TORCH_CUDA_GRAPH_H
#define IL_TORCH_CUDA_GRAPH_H

#include <inpaintlab/state.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct il_cuda_graph il_cuda_graph;

enum { IL_GRAPH_MOST = 4 }; /* tensors in, and out */

/* The same course whatever the values, on one device, from in to out; nothing is copied to the host. What it gives belongs
 * to s. */
typedef int (*il_cuda_graph_body)(void *context, il_scope *s, il_tensor *const in[], il_tensor *out[], il_err *e);

typedef struct il_cuda_graph_work {
    il_cuda_graph_body body;
    void *context;
    il_tensor *const *in;
    il_tensor **out; /* of the scope given to il_cuda_graph_run */
    int ins, outs;
    uint64_t seed;         /* the body's scopes must be opened with it */
    const il_state *state; /* whose tensors the body changes */
} il_cuda_graph_work;

/* For a CUDA device; on the CPU a replay computes anew. IL_EDEVICE: this build or this libtorch has no graphs. */
int il_cuda_graph_new(il_cuda_graph **out, il_device device, il_err *e);
void il_cuda_graph_free(il_cuda_graph *g); /* NULL is allowed */

/* Computes the first times, so that libraries choose their algorithms, then records, then replays. Inputs of other shapes
 * than the recorded ones, and a body that cannot be recorded, are computed every time: what comes out is the same. */
int il_cuda_graph_run(il_cuda_graph *g, il_scope *s, const il_cuda_graph_work *w, il_err *e);

/* How often it was replayed. */
size_t il_cuda_graph_replays(const il_cuda_graph *g);

/* From now on everything is computed. why: copied. */
void il_cuda_graph_give_up(il_cuda_graph *g, const char *why);

/* Why the body cannot be recorded; NULL: it can, or was not tried yet. Lent by g. */
const char *il_cuda_graph_refusal(const il_cuda_graph *g);

#ifdef __cplusplus
}
#endif

#endif
